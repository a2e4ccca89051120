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

// Measure asks which namespaces with the policy's prefix were used. A namespace is missing from Used if it has no
// sample, or an invalid one and no evidence of use.
func (c *Client) Measure(ctx context.Context, p *config.Policy) (preview.Measurement, error) {
	if p.Activity.Prometheus == nil {
		return preview.Measurement{}, errors.New("activity.prometheus isn't configured")
	}
	query, namespacesOf, err := c.activityQuery(p)
	if err != nil {
		return preview.Measurement{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	m := preview.Measurement{At: time.Now(), Window: c.window}
	samples, err := c.query(ctx, p.Activity.Prometheus.URL, query)
	if err != nil {
		return preview.Measurement{}, err
	}
	if len(samples) == 0 {
		return preview.Measurement{}, queryError(p.Activity.Prometheus.URL, fmt.Errorf("no samples of namespaces %s*; %s",
			p.NamespacePrefix, remedy(p.Activity.Prometheus)))
	}
	m.Used, err = usedNamespaces(samples, p.NamespacePrefix, namespacesOf)
	if err != nil {
		return preview.Measurement{}, queryError(p.Activity.Prometheus.URL, err)
	}
	return m, nil
}

// activityQuery returns the query, and the function that finds the namespaces of a sample.
func (c *Client) activityQuery(p *config.Policy) (query string, namespacesOf naming, err error) {
	a := p.Activity.Prometheus
	if a.Query != "" {
		return a.Query, byLabel, nil
	}
	build, ok := presets[a.Preset]
	if !ok {
		return "", nil, fmt.Errorf("activity.prometheus.preset: unknown preset %s; use %s", short(a.Preset), presetNames())
	}
	query, namespacesOf = build(scope{prefix: p.NamespacePrefix, window: c.window, services: publicServices(p)})
	return query, namespacesOf, nil
}

func remedy(a *config.PrometheusActivity) string {
	if a.Query != "" {
		return "run activity.prometheus.query on the server to check it"
	}
	return fmt.Sprintf("check that Prometheus scrapes the metrics of preset %s", a.Preset)
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
