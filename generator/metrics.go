package generator

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

type metrics struct {
	refreshes *prometheus.CounterVec
	duration  prometheus.Histogram
	requests  *prometheus.CounterVec
	argocd    *prometheus.CounterVec
}

func newMetrics(r *prometheus.Registry, g *Generator) *metrics {
	m := &metrics{
		refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "previewset_refreshes_total", Help: "Reads of everything, by whether an answer came of it.",
		}, []string{"outcome"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "previewset_refresh_duration_seconds", Help: "How long a read of everything takes.",
			Buckets: prometheus.ExponentialBuckets(0.01, 3, 9),
		}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "previewset_http_requests_total", Help: "Requests answered, by route and status code.",
		}, []string{"route", "code"}),
	}
	m.argocd = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "previewset_applicationset_refreshes_total", Help: "ApplicationSets told to ask again, by outcome.",
	}, []string{"outcome"})
	r.MustRegister(m.refreshes, m.duration, m.requests, m.argocd, &snapshotCollector{g: g},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) refreshed(ok bool, took time.Duration) {
	outcome := "success"
	if !ok {
		outcome = "failure"
	}
	m.refreshes.WithLabelValues(outcome).Inc()
	m.duration.Observe(took.Seconds())
}

var (
	environmentsDesc = prometheus.NewDesc("previewset_environments", "Environments in the answer, by state.", []string{"state"}, nil)
	decisionsDesc    = prometheus.NewDesc("previewset_decisions", "Pull requests and environment files, by outcome and rule.", []string{"outcome", "rule"}, nil)
	unreadableDesc   = prometheus.NewDesc("previewset_repositories_unreadable", "Repositories whose last read failed.", nil, nil)
	ageDesc          = prometheus.NewDesc("previewset_facts_oldest_timestamp_seconds", "When the repository with the oldest facts was read.", nil, nil)
	configDesc       = prometheus.NewDesc("previewset_config_valid", "1 while the config branch can be read and is valid.", nil, nil)
	readyDesc        = prometheus.NewDesc("previewset_ready", "1 once a whole snapshot has been computed.", nil, nil)
)

// snapshotCollector reads its figures from what is served when it is asked.
type snapshotCollector struct{ g *Generator }

// Describe implements prometheus.Collector.
func (c *snapshotCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{environmentsDesc, decisionsDesc, unreadableDesc, ageDesc, configDesc, readyDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *snapshotCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	s := c.g.served.Load()
	gauge(readyDesc, truth(s != nil))
	if s != nil {
		c.snapshot(s, gauge)
	}
	c.status(c.g.status.Load(), gauge)
}

func (c *snapshotCollector) snapshot(s *served, gauge func(*prometheus.Desc, float64, ...string)) {
	environments, decisions := map[string]int{"awake": 0}, map[[2]string]int{}
	for _, r := range s.snapshot.Rows {
		environments[r.State]++
	}
	for _, d := range s.snapshot.Decisions {
		decisions[[2]string{d.Outcome, d.Rule}]++
	}
	for state, n := range environments {
		gauge(environmentsDesc, float64(n), state)
	}
	for by, n := range decisions {
		gauge(decisionsDesc, float64(n), by[0], by[1])
	}
}

func (c *snapshotCollector) status(s *status, gauge func(*prometheus.Desc, float64, ...string)) {
	failed, oldest := 0, time.Time{} // what was never read has no age
	for _, r := range s.Repositories {
		if r.Error != "" {
			failed++
		}
		if !r.Read.IsZero() && (oldest.IsZero() || r.Read.Before(oldest)) {
			oldest = r.Read
		}
	}
	gauge(unreadableDesc, float64(failed))
	gauge(configDesc, truth(s.ConfigError == "" && s.Revision != ""))
	if !oldest.IsZero() {
		gauge(ageDesc, float64(oldest.Unix()))
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
