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

// Measure asks once for all namespaces of the policy's prefix whether they were used. A namespace that isn't in Used
// wasn't measured: there is no sample of it, or one that is no number or negative.
func (c *Client) Measure(ctx context.Context, p *config.Policy) (preview.Measurement, error) {
	if p.Activity.Prometheus == nil {
		return preview.Measurement{}, errors.New("activity.prometheus is not configured")
	}
	query, namespaces, err := c.question(p)
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
		return preview.Measurement{}, fmt.Errorf("ask Prometheus at %s: it knows nothing of any namespace %s*: %s",
			p.Activity.Prometheus.URL, p.NamespacePrefix, remedy(p.Activity.Prometheus))
	}
	m.Used, err = used(samples, p.NamespacePrefix, namespaces)
	if err != nil {
		return preview.Measurement{}, fmt.Errorf("ask Prometheus at %s: %w", p.Activity.Prometheus.URL, err)
	}
	return m, nil
}

// question is what to ask, and how a sample tells whose it is.
func (c *Client) question(p *config.Policy) (query string, namespaces naming, err error) {
	a := p.Activity.Prometheus
	if a.Query != "" {
		return a.Query, byLabel, nil
	}
	ask, ok := presets[a.Preset]
	if !ok {
		return "", nil, fmt.Errorf("activity.prometheus.preset: %s is none of %s", short(a.Preset), presetNames())
	}
	query, namespaces = ask(scope{prefix: p.NamespacePrefix, window: c.window, services: publicServices(p)})
	return query, namespaces, nil
}

func remedy(a *config.PrometheusActivity) string {
	if a.Query != "" {
		return "try activity.prometheus.query there by hand"
	}
	return fmt.Sprintf("is what preset %s needs scraped?", a.Preset)
}

func publicServices(p *config.Policy) (names []string) {
	for _, s := range p.Services {
		if s.Public {
			names = append(names, s.Name)
		}
	}
	return names
}

// naming returns the namespaces that a sample may be of. One that may be of several is evidence of use for each of
// them, and of idleness for none.
type naming func(labels map[string]string) ([]string, error)

func byLabel(labels map[string]string) ([]string, error) {
	if labels["namespace"] == "" {
		return nil, errors.New("a sample has no label namespace: write a query that groups by (namespace)")
	}
	return []string{labels["namespace"]}, nil
}

func used(samples []sample, prefix string, namespaces naming) (map[string]bool, error) {
	use, idle, unknown := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, s := range samples {
		names, err := namespaces(s.labels)
		if err != nil {
			return nil, err
		}
		into := idle
		switch {
		case !s.number || s.value < 0:
			into = unknown
		case s.value > 0:
			into = use
		case len(names) > 1:
			continue
		}
		for _, name := range names {
			into[name] = true
		}
	}
	all := map[string]bool{}
	for name := range idle {
		if !unknown[name] {
			all[name] = false
		}
	}
	maps.Copy(all, use)
	maps.DeleteFunc(all, func(name string, _ bool) bool { return !strings.HasPrefix(name, prefix) })
	return all, nil
}
