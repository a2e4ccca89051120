package config

import (
	"net/url"
	"path"
	"slices"
)

// Activity names the source of activity.
type Activity struct {
	// Prometheus is the Prometheus server that measures activity.
	Prometheus *PrometheusActivity `yaml:"prometheus"`
}

// IsMeasured reports whether there is a source of activity. Without one, every environment counts as used.
func (a Activity) IsMeasured() bool { return a.Prometheus != nil }

// PrometheusActivity is a Prometheus server and exactly one of a preset, several presets or a query.
type PrometheusActivity struct {
	// URL is the server's address, without user and password.
	URL string `yaml:"url" jsonschema:"format=uri,example=http://prometheus.monitoring:9090"`
	// Preset is the ingress controller, mesh or database exporter that knows about use.
	Preset string `yaml:"preset" enum:"ingress-nginx,traefik,istio,envoy-gateway,nginx-gateway-fabric,postgresql,redis"`
	// Presets are several of them. A use by one of them counts; an environment is idle if all of them report that.
	Presets []string `yaml:"presets" enum:"ingress-nginx,traefik,istio,envoy-gateway,nginx-gateway-fabric,postgresql,redis"`
	// Query is PromQL that returns one number for each label `namespace`: above 0 is used, 0 is unused, none is unknown.
	Query string `yaml:"query"`
}

// AllPresets returns the presets, none with a query.
func (p *PrometheusActivity) AllPresets() []string {
	if p.Preset != "" {
		return []string{p.Preset}
	}
	return p.Presets
}

// Equal reports whether two sources are the same.
func (a Activity) Equal(b Activity) bool {
	x, y := a.Prometheus, b.Prometheus
	if x == nil || y == nil {
		return x == y
	}
	return x.URL == y.URL && x.Query == y.Query && slices.Equal(x.AllPresets(), y.AllPresets())
}

// storePresets are the presets that ask the exporters of data stores.
func storePresets() []string { return []string{"postgresql", "redis"} }

// IsStorePreset reports whether a preset asks the exporters of data stores. The other presets ask an ingress controller,
// which knows all environments.
func IsStorePreset(preset string) bool { return slices.Contains(storePresets(), preset) }

// StorePresets returns the presets that ask the exporters of data stores.
func StorePresets(p *Policy) []string {
	if p.Activity.Prometheus == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.Activity.Prometheus.AllPresets()), func(preset string) bool {
		return !IsStorePreset(preset)
	})
}

// OnlyStorePresets reports whether all activity is measured by the exporters of data stores.
func OnlyStorePresets(p *Policy) bool {
	stores := StorePresets(p)
	return len(stores) > 0 && len(stores) == len(p.Activity.Prometheus.AllPresets())
}

// Exporters returns the presets for which a data store has an exporter: kustomize-base/data/<store>/exporters/<preset>.
func Exporters(c *Config, store string) []string {
	return slices.DeleteFunc(StorePresets(c.Policy), func(preset string) bool {
		return !c.catalog.exporters[store+"/"+preset]
	})
}

// ExporterOf returns the preset of an exporter's component in a row, or "".
func ExporterOf(component string) string {
	preset := path.Base(component)
	if ok, err := path.Match(componentPath("data", "*", "exporters", "*"), component); err != nil || !ok {
		return ""
	}
	return preset
}

// HasExporter reports whether any data store has an exporter for a preset.
func HasExporter(c *Config, preset string) bool {
	for store := range c.catalog.exporters {
		if path.Base(store) == preset {
			return true
		}
	}
	return false
}

// WithExporters returns the configuration with the presets of all exporters, or nil if there are none.
func WithExporters(c *Config) *Config {
	var presets []string
	for _, preset := range storePresets() {
		if HasExporter(c, preset) {
			presets = append(presets, preset)
		}
	}
	if presets == nil {
		return nil
	}
	other, policy := *c, *c.Policy
	policy.Activity = Activity{Prometheus: &PrometheusActivity{Presets: presets}}
	other.Policy = &policy
	return &other
}

func (v *validator) validateActivity() {
	p := v.cfg.Policy.Activity.Prometheus
	if p == nil {
		return
	}
	u, err := url.Parse(p.URL)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		v.mistake("activity.prometheus.url", "is not an address", "write http://host:port, without user and password")
	}
	sources := 0
	for _, has := range []bool{p.Preset != "", len(p.Presets) > 0, p.Query != ""} {
		if has {
			sources++
		}
	}
	if sources != 1 {
		v.mistake(
			"activity.prometheus",
			"must have exactly one of preset, presets and query",
			"write preset: ingress-nginx, or presets: [ingress-nginx, postgresql], or query: and PromQL",
		)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(p.Presets)))) < len(p.Presets) {
		v.mistake("activity.prometheus.presets", "has a preset twice", "write each preset once")
	}
}
