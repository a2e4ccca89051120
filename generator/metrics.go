package generator

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/previewset/previewset/internal/preview"
)

type metrics struct {
	refreshes    *prometheus.CounterVec
	duration     prometheus.Histogram
	requests     *prometheus.CounterVec
	answers      *prometheus.HistogramVec
	argocd       *prometheus.CounterVec
	webhooks     *prometheus.CounterVec
	deferred     prometheus.Gauge
	pollInterval prometheus.Gauge
	statuses     *prometheus.CounterVec
	saves        *prometheus.CounterVec
	saved        prometheus.Gauge
	measurements *prometheus.CounterVec
	wakes        *prometheus.CounterVec
	waking       prometheus.Histogram
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
		answers: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "previewset_http_request_duration_seconds", Help: "How long answers take, by route.",
			Buckets: prometheus.ExponentialBuckets(0.001, 3, 9),
		}, []string{"route"}),
	}
	m.argocd = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "previewset_applicationset_refreshes_total", Help: "ApplicationSets told to ask again, by outcome.",
	}, []string{"outcome"})
	m.webhooks = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "previewset_webhooks_total", Help: "Webhooks received, by event and what became of them: accepted, repeated, ignored or refused.",
	}, []string{"event", "outcome"})
	m.deferred = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "previewset_webhooks_deferred", Help: "Repositories that a webhook was about and that wait for GitHub's quota to be read.",
	})
	m.pollInterval = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "previewset_poll_interval_seconds", Help: "How long polling waits at present; longer than configured where GitHub's quota is short.",
	})
	m.statuses = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "previewset_commit_statuses_total", Help: "Commit statuses set on GitHub, by outcome.",
	}, []string{"outcome"})
	m.saves = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "previewset_memory_saves_total", Help: "Times that memory was kept, by outcome.",
	}, []string{"outcome"})
	m.saved = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "previewset_memory_bytes", Help: "Size of the memory that was kept last, compressed.",
	})
	m.measurements = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "previewset_activity_measurements_total", Help: "Times that it was measured how environments are used, by outcome.",
	}, []string{"outcome"})
	m.wakes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "previewset_wakes_total", Help: "Environments woken, by what: a visit, a request, a push, or a link of another environment.",
	}, []string{"by"})
	m.waking = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "previewset_wake_seconds", Help: "How long environments take to wake, until all in them is healthy.",
		Buckets: prometheus.ExponentialBuckets(2, 2, 10),
	})
	for _, by := range []string{"visit", "request", "push", "link"} {
		m.wakes.WithLabelValues(by)
	}
	m.pollInterval.Set(g.opts.Interval.Seconds())
	for _, counter := range []*prometheus.CounterVec{m.refreshes, m.argocd, m.statuses, m.saves, m.measurements} {
		// There from the start: the first failure is an increase only of something.
		counter.WithLabelValues(outcome(true))
		counter.WithLabelValues(outcome(false))
	}
	r.MustRegister(m.refreshes, m.duration, m.requests, m.answers, m.argocd, m.webhooks, m.deferred, m.pollInterval, m.statuses, m.saves, m.saved,
		m.measurements, m.wakes, m.waking, &snapshotCollector{g: g},
		collectors.NewBuildInfoCollector(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// outcome is the label of what went well or didn't.
func outcome(ok bool) string {
	if ok {
		return "success"
	}
	return "failure"
}

func (m *metrics) refreshed(ok bool, took time.Duration) {
	m.refreshes.WithLabelValues(outcome(ok)).Inc()
	m.duration.Observe(took.Seconds())
}

// environmentLabels are those of metrics of single environments. Their values are slugs.
var environmentLabels = []string{"environment", "owner", "repository", "profile"}

var (
	environmentsDesc = prometheus.NewDesc("previewset_environments", "Environments in the answer, by state.", []string{"state"}, nil)
	decisionsDesc    = prometheus.NewDesc("previewset_decisions", "Pull requests and environment files, by outcome and rule.", []string{"outcome", "rule"}, nil)
	withheldDesc     = prometheus.NewDesc("previewset_environments_withheld", "Environments that go as soon as somebody confirms it.", nil, nil)
	problemsDesc     = prometheus.NewDesc("previewset_config_problems", "Mistakes in configuration that is in force in spite of them.", nil, nil)
	clusterDesc      = prometheus.NewDesc("previewset_cluster_readable", "1 while the last read of the cluster was good; absent without a cluster.", nil, nil)
	unreadableDesc   = prometheus.NewDesc("previewset_repositories_unreadable", "Repositories whose last read failed.", nil, nil)
	ageDesc          = prometheus.NewDesc("previewset_facts_oldest_timestamp_seconds", "When the repository with the oldest facts was read.", nil, nil)
	configDesc       = prometheus.NewDesc("previewset_config_valid", "1 while the config branch can be read and is valid.", nil, nil)
	knownDesc        = prometheus.NewDesc("previewset_activity_known", "1 while the last measurement of how environments are used was good; absent where none is configured.", nil, nil)
	measuredDesc     = prometheus.NewDesc("previewset_activity_measured_timestamp_seconds", "When it was last measured how environments are used.", nil, nil)
	stateDesc        = prometheus.NewDesc("previewset_environment_state", "1 for the state that an environment is in.", append(environmentLabels, "state"), nil)
	requestsDesc     = prometheus.NewDesc("previewset_environment_requests", "Cores and bytes that an environment requests while it is awake; remembered while it is asleep.", append(environmentLabels, "resource"), nil)
	readyDesc        = prometheus.NewDesc("previewset_ready", "1 once a whole snapshot has been computed.", nil, nil)
)

// snapshotCollector reads its figures from what is served when it is asked.
type snapshotCollector struct{ g *Generator }

// Describe implements prometheus.Collector.
func (c *snapshotCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		environmentsDesc, withheldDesc, decisionsDesc, unreadableDesc, ageDesc, configDesc, problemsDesc, clusterDesc, readyDesc,
		knownDesc, measuredDesc, stateDesc, requestsDesc,
	} {
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
	environments, decisions := map[string]int{preview.Awake: 0, preview.Waking: 0, preview.Asleep: 0}, map[[2]string]int{}
	for _, r := range s.snapshot.Rows {
		environments[r.State]++
	}
	if c.g.opts.EnvironmentMetrics {
		c.single(s, gauge)
	}
	withheld := 0
	for i := range s.snapshot.Decisions {
		d := &s.snapshot.Decisions[i]
		decisions[[2]string{d.Outcome, d.Rule}]++
		if d.Withheld {
			withheld++
		}
	}
	gauge(withheldDesc, float64(withheld))
	gauge(problemsDesc, float64(len(s.snapshot.Problems)))
	for state, n := range environments {
		gauge(environmentsDesc, float64(n), state)
	}
	for by, n := range decisions {
		gauge(decisionsDesc, float64(n), by[0], by[1])
	}
}

// single are the figures of each environment.
func (c *snapshotCollector) single(s *served, gauge func(*prometheus.Desc, float64, ...string)) {
	for i := range s.snapshot.Rows {
		r := &s.snapshot.Rows[i]
		gauge(stateDesc, 1, r.Name, r.OwnerSlug, r.RepositorySlug, r.Profile, r.State)
		if is, ok := c.g.requested.of(r.Name); ok {
			gauge(requestsDesc, is.CPU, r.Name, r.OwnerSlug, r.RepositorySlug, r.Profile, "cpu")
			gauge(requestsDesc, is.Memory, r.Name, r.OwnerSlug, r.RepositorySlug, r.Profile, "memory")
		}
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
	if s.Measures {
		gauge(knownDesc, truth(s.ActivityError == ""))
	}
	if !s.Measured.IsZero() {
		gauge(measuredDesc, float64(s.Measured.Unix()))
	}
	if s.Cluster {
		gauge(clusterDesc, truth(s.ClusterError == ""))
	}
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
