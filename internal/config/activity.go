package config

import (
	"path"
	"slices"
)

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
