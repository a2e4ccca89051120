package prometheus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Measure asks which namespaces with the policy's prefix were used. A namespace is missing from the result of a query if
// it has no sample, or an invalid one and no evidence of use. If one of several queries fails, nothing is measured.
func (c *Client) Measure(ctx context.Context, p *config.Policy) (preview.Measurement, error) {
	source := p.Activity.Prometheus
	if source == nil {
		return preview.Measurement{}, errors.New("activity.prometheus isn't configured")
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	m := preview.Measurement{At: time.Now(), Window: c.window}
	if source.Query != "" {
		used, err := c.measureBy(ctx, p, question{query: source.Query, namespacesOf: byLabel})
		if err != nil {
			return preview.Measurement{}, err
		}
		m.Used = used
		return m, nil
	}
	var others []map[string]bool // of ingress controllers
	for _, preset := range source.AllPresets() {
		build, ok := presets[preset]
		if !ok {
			return preview.Measurement{}, fmt.Errorf("activity.prometheus.preset: unknown preset %s; use %s", short(preset), presetNames())
		}
		q := question{preset: preset}
		q.query, q.namespacesOf = build(scope{prefix: p.NamespacePrefix, window: c.window, services: publicServices(p)})
		// With other presets, no environment may have this store.
		q.mayBeEmpty = config.IsStorePreset(preset) && len(source.AllPresets()) > 1
		used, err := c.measureBy(ctx, p, q)
		if err != nil {
			return preview.Measurement{}, err
		}
		if !config.IsStorePreset(preset) {
			others = append(others, used)
			continue
		}
		if m.Stores == nil {
			m.Stores = map[string]map[string]bool{}
		}
		m.Stores[preset] = used
	}
	m.Used = combine(others)
	return m, nil
}

// combine returns the namespaces that any result has as used, and as idle those that all results have so.
func combine(results []map[string]bool) map[string]bool {
	if len(results) == 0 {
		return nil
	}
	combined := maps.Clone(results[0])
	for _, result := range results[1:] {
		maps.DeleteFunc(combined, func(namespace string, isUsed bool) bool {
			_, isKnown := result[namespace]
			return !isUsed && !isKnown
		})
		for namespace, isUsed := range result {
			if isUsed {
				combined[namespace] = true
			}
		}
	}
	return combined
}

// question is one query, of a preset or of the configuration.
type question struct {
	preset, query string
	namespacesOf  naming // finds the namespaces of a sample
	mayBeEmpty    bool
}

// measureBy returns the measured namespaces of one query.
func (c *Client) measureBy(ctx context.Context, p *config.Policy, q question) (map[string]bool, error) {
	server := p.Activity.Prometheus.URL
	samples, err := c.query(ctx, server, q.query)
	if err != nil {
		return nil, err
	}
	if len(samples) == 0 && !q.mayBeEmpty {
		return nil, queryError(server, fmt.Errorf("no samples of namespaces %s*; %s", p.NamespacePrefix, q.remedy()))
	}
	used, err := usedNamespaces(samples, p.NamespacePrefix, q.namespacesOf)
	if err != nil {
		return nil, queryError(server, err)
	}
	return used, nil
}

func (q question) remedy() string {
	if q.preset == "" {
		return "run activity.prometheus.query on the server to check it"
	}
	return "check that Prometheus scrapes the metrics of preset " + q.preset
}

func publicServices(p *config.Policy) (names []string) {
	for _, s := range p.Services {
		if s.Public {
			names = append(names, s.Name)
		}
	}
	return names
}

// naming returns the possible namespaces of a sample. A sample with several of them is evidence that each was used,
// but it isn't evidence that one was idle.
type naming func(labels map[string]string) ([]string, error)

func byLabel(labels map[string]string) ([]string, error) {
	if labels["namespace"] == "" {
		return nil, errors.New("a sample has no label namespace; write a query that groups by (namespace)")
	}
	return []string{labels["namespace"]}, nil
}

// usedNamespaces reports for each measured namespace with the prefix whether it was used. Evidence of use is stronger
// than an invalid sample, and an invalid sample is stronger than 0.
func usedNamespaces(samples []sample, prefix string, namespacesOf naming) (map[string]bool, error) {
	used, idle, invalid := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, s := range samples {
		names, err := namespacesOf(s.labels)
		if err != nil {
			return nil, err
		}
		evidence := idle
		switch {
		case !s.isNumber || s.value < 0:
			evidence = invalid
		case s.value > 0:
			evidence = used
		case len(names) > 1:
			continue
		}
		for _, name := range names {
			evidence[name] = true
		}
	}
	measured := map[string]bool{}
	for name := range idle {
		if !invalid[name] {
			measured[name] = false
		}
	}
	maps.Copy(measured, used)
	maps.DeleteFunc(measured, func(name string, _ bool) bool { return !strings.HasPrefix(name, prefix) })
	return measured, nil
}
