package reference

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// metricPrefix begins the names of our metrics. The registry also has the standard metrics of the Go runtime and the
// process.
const metricPrefix = "previewset_"

// metric is one metric of a registry.
type metric struct {
	name, kind, help string
	labels           []string
}

// MetricsPage returns a page with one table row for each of our metrics. The registry must have a value of each metric,
// because only a value tells the metric's type.
func MetricsPage(r *prometheus.Registry) (Page, error) {
	metrics, err := metricsOf(r)
	if err != nil {
		return Page{}, err
	}
	var b strings.Builder
	b.WriteString(notice + metricsIntro)
	for _, m := range metrics {
		writeRow(&b, "`"+m.name+"`", m.kind, codeList(m.labels), unitOf(m), m.help)
	}
	return Page{"metrics.md", []byte(b.String())}, nil
}

const metricsIntro = `# Metrics

` + "`/metrics`" + ` on the private port (4355) serves these metrics, and the standard metrics
of the Go runtime and the process (` + "`go_*`, `process_*`" + `).

Alerts and a dashboard: [appsets/monitoring](../../appsets/monitoring/README.md).

A metric with the label ` + "`environment`" + ` exists only if the generator runs with ` + "`--environment-metrics`" + `.

| metric | type | labels | unit | meaning |
| --- | --- | --- | --- | --- |
`

// metricsOf returns our metrics, sorted by name.
func metricsOf(r *prometheus.Registry) ([]metric, error) {
	kinds, err := kindsOf(r)
	if err != nil {
		return nil, err
	}
	descs := make(chan *prometheus.Desc)
	go func() { defer close(descs); r.Describe(descs) }()
	var metrics []metric
	var missing []string
	for d := range descs {
		m, err := parseDesc(d)
		if !strings.HasPrefix(m.name, metricPrefix) {
			continue
		}
		if m.kind = kinds[m.name]; m.kind == "" {
			missing = append(missing, m.name)
		}
		if err != nil {
			return nil, err
		}
		metrics = append(metrics, m)
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, fmt.Errorf("the registry has no value of %s", strings.Join(missing, ", "))
	}
	slices.SortFunc(metrics, func(a, b metric) int { return strings.Compare(a.name, b.name) })
	return metrics, nil
}

// kindsOf returns the type of each metric that has a value.
func kindsOf(r prometheus.Gatherer) (map[string]string, error) {
	families, err := r.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather metrics: %w", err)
	}
	kinds := map[string]string{}
	for _, f := range families {
		kinds[f.GetName()] = strings.ToLower(dto.MetricType_name[int32(f.GetType())])
	}
	return kinds, nil
}

// descPattern matches the only text that a Desc gives of itself.
var descPattern = regexp.MustCompile(
	`^Desc\{fqName: "([^"]*)", help: "(.*)", unit: "[^"]*", constLabels: \{.*\}, variableLabels: \{(.*)\}\}$`)

func parseDesc(d *prometheus.Desc) (metric, error) {
	parts := descPattern.FindStringSubmatch(d.String())
	if parts == nil {
		return metric{}, fmt.Errorf("parse the description of a metric: %s", d)
	}
	m := metric{name: parts[1], help: parts[2]}
	if parts[3] != "" {
		m.labels = strings.Split(parts[3], ",")
	}
	return m, nil
}

// unitOf returns the unit that the name ends with.
func unitOf(m metric) string {
	name := strings.TrimSuffix(m.name, "_total")
	switch {
	case strings.HasSuffix(name, "_timestamp_seconds"):
		return "Unix time in seconds"
	case strings.HasSuffix(name, "_seconds"):
		return "seconds"
	case strings.HasSuffix(name, "_bytes"):
		return "bytes"
	case slices.Contains(m.labels, "resource"):
		return "cores, bytes"
	}
	return ""
}

// writeRow writes one row of a Markdown table.
func writeRow(b *strings.Builder, cells ...string) {
	for _, c := range cells {
		b.WriteString("| ")
		if c = cell(c); c != "" {
			b.WriteString(c + " ")
		}
	}
	b.WriteString("|\n")
}

func codeList(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "`" + w + "`"
	}
	return strings.Join(quoted, ", ")
}
