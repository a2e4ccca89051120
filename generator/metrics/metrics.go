// Package metrics has the generator's Prometheus metrics. Events are counted when they happen; figures about the snapshot
// are read from it when Prometheus asks.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/previewset/previewset/generator/progress"
)

// Metrics counts events.
type Metrics struct {
	// Webhooks counts webhooks by event and outcome.
	Webhooks *prometheus.CounterVec

	refreshes       *prometheus.CounterVec
	refreshDuration prometheus.Histogram
	applicationSets *prometheus.CounterVec
	deferred        prometheus.Gauge
	pollInterval    prometheus.Gauge
	statuses        *prometheus.CounterVec
	reports         *prometheus.CounterVec
	saves           *prometheus.CounterVec
	savedBytes      prometheus.Gauge
	droppedParts    prometheus.Gauge
	otherWriters    prometheus.Counter
	measurements    *prometheus.CounterVec
	wakes           *prometheus.CounterVec
	wakeDuration    prometheus.Histogram
	deployDuration  prometheus.Histogram
	stageDuration   *prometheus.HistogramVec
	usableDuration  prometheus.Histogram
}

// The reasons for which an environment wakes.
const (
	WokenByVisit   = "visit"
	WokenByRequest = "request"
	WokenByPush    = "push"
	WokenByLink    = "link"
)

// New registers the metrics. Interval is the configured time between two polls.
func New(r prometheus.Registerer, interval time.Duration) *Metrics {
	m := &Metrics{
		Webhooks: counter("previewset_webhooks_total",
			"Webhooks by event and outcome: accepted, repeated, ignored or refused.", "event", "outcome"),
		refreshes: counter("previewset_refreshes_total", "Refresh cycles by outcome.", "outcome"),
		refreshDuration: histogram("previewset_refresh_duration_seconds", "Duration of refresh cycles.",
			prometheus.ExponentialBuckets(0.01, 3, 9)),
		applicationSets: counter("previewset_applicationset_refreshes_total",
			"Refreshes of ApplicationSets by outcome.", "outcome"),
		deferred: gauge("previewset_webhooks_deferred",
			"Repositories with webhooks that wait for GitHub quota before they are read."),
		pollInterval: gauge("previewset_poll_interval_seconds",
			"Current time between two polls; longer than configured while GitHub quota is short."),
		statuses: counter("previewset_commit_statuses_total", "Commit statuses set on GitHub by outcome.", "outcome"),
		reports: counter(
			"previewset_report_writes_total", "Writes to GitHub and Jira by report (status, check, deployment, comment, jira) and outcome.",
			"report", "outcome",
		),
		saves: counter("previewset_memory_saves_total", "Saves of the state by outcome.", "outcome"),
		savedBytes: gauge("previewset_saved_state_bytes",
			"Size of the last saved state in bytes, compressed."),
		droppedParts: gauge("previewset_saved_state_dropped_parts",
			"Kinds of data that the last saved state lacks, because it would be too large."),
		otherWriters: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "previewset_saved_state_conflicts_total",
			Help: "Saves that were refused because another service had written the state.",
		}),
		measurements: counter("previewset_activity_measurements_total", "Measurements of activity by outcome.", "outcome"),
		wakes: counter("previewset_wakes_total",
			"Wakes of environments by cause: visit, request, push, or link from another environment.", "by"),
		wakeDuration: histogram("previewset_wake_seconds",
			"Time from a wake until the whole environment is healthy.", prometheus.ExponentialBuckets(2, 2, 10)),
		deployDuration: histogram("previewset_deploy_seconds",
			"Time from a new row of an environment until Argo CD has synced it and all is healthy.",
			prometheus.ExponentialBuckets(5, 2, 10)),
		stageDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "previewset_stage_seconds",
			Help: "Time of each stage of a new environment: row (the generator has seen the label, until it serves the " +
				"environment), synced (until Argo CD has synced it), ready (until all is healthy).",
			Buckets: stageBuckets,
		}, []string{"stage"}),
		usableDuration: histogram("previewset_usable_seconds",
			"Time from the first sight of the label until a new environment is ready.", stageBuckets),
	}
	m.initialize(interval)
	r.MustRegister(m.refreshes, m.refreshDuration, m.applicationSets, m.Webhooks, m.deferred, m.pollInterval,
		m.statuses, m.reports, m.saves, m.savedBytes, m.droppedParts, m.otherWriters, m.measurements, m.wakes,
		m.wakeDuration, m.deployDuration, m.stageDuration, m.usableDuration, collectors.NewBuildInfoCollector(), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// initialize sets the first values. Counters exist from the start, because Prometheus sees no increase in a counter
// that appears with its first event.
func (m *Metrics) initialize(interval time.Duration) {
	m.pollInterval.Set(interval.Seconds())
	for _, by := range []string{WokenByVisit, WokenByRequest, WokenByPush, WokenByLink} {
		m.wakes.WithLabelValues(by)
	}
	for _, c := range []*prometheus.CounterVec{m.refreshes, m.applicationSets, m.statuses, m.saves, m.measurements} {
		c.WithLabelValues(outcome(true))
		c.WithLabelValues(outcome(false))
	}
	for _, stage := range progress.Stages {
		m.stageDuration.WithLabelValues(string(stage))
	}
	for _, kind := range []string{"status", "check", "deployment", "comment", "jira"} {
		m.reports.WithLabelValues(kind, outcome(true))
		m.reports.WithLabelValues(kind, outcome(false))
	}
}

// stageBuckets end above an hour, in which Argo CD gives up usually.
var stageBuckets = prometheus.ExponentialBuckets(1, 2, 13)

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}

func histogram(name, help string, buckets []float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
}

func outcome(ok bool) string {
	if ok {
		return "success"
	}
	return "failure"
}

// Refreshed counts a refresh cycle.
func (m *Metrics) Refreshed(ok bool, took time.Duration) {
	m.refreshes.WithLabelValues(outcome(ok)).Inc()
	m.refreshDuration.Observe(took.Seconds())
}

// ApplicationSetRefreshed counts a refresh of an ApplicationSet.
func (m *Metrics) ApplicationSetRefreshed(ok bool) {
	m.applicationSets.WithLabelValues(outcome(ok)).Inc()
}

// ReportWritten counts a write: a commit status, a check run, a deployment, a comment or a link in Jira.
func (m *Metrics) ReportWritten(kind string, ok bool) {
	m.reports.WithLabelValues(kind, outcome(ok)).Inc()
	if kind == "status" {
		m.statuses.WithLabelValues(outcome(ok)).Inc()
	}
}

// Saved counts a save of so many bytes.
func (m *Metrics) Saved(ok bool, bytes int) {
	m.saves.WithLabelValues(outcome(ok)).Inc()
	if ok {
		m.savedBytes.Set(float64(bytes))
	}
}

// SetDropped sets the number of parts that the saved state lacks.
func (m *Metrics) SetDropped(n int) { m.droppedParts.Set(float64(n)) }

// OtherWriterSeen counts a save that another service made impossible.
func (m *Metrics) OtherWriterSeen() { m.otherWriters.Inc() }

// Measured counts a measurement of activity.
func (m *Metrics) Measured(ok bool) { m.measurements.WithLabelValues(outcome(ok)).Inc() }

// Woken counts a wake.
func (m *Metrics) Woken(by string) { m.wakes.WithLabelValues(by).Inc() }

// WakeTook observes the duration of a wake.
func (m *Metrics) WakeTook(d time.Duration) { m.wakeDuration.Observe(d.Seconds()) }

// DeployTook observes the duration of a deployment.
func (m *Metrics) DeployTook(environment string, d time.Duration) {
	observe(m.deployDuration, environment, d)
}

// StageTook observes a stage of a new environment.
func (m *Metrics) StageTook(s progress.Stage, environment string, d time.Duration) {
	observe(m.stageDuration.WithLabelValues(string(s)), environment, d)
}

// UsableTook observes all stages of a new environment together.
func (m *Metrics) UsableTook(environment string, d time.Duration) {
	observe(m.usableDuration, environment, d)
}

// observe observes a duration with the environment as exemplar, so that a dashboard leads from a bucket to it.
func observe(h prometheus.Observer, environment string, d time.Duration) {
	e, ok := h.(prometheus.ExemplarObserver)
	if !ok { // all histograms are
		h.Observe(d.Seconds())
		return
	}
	e.ObserveWithExemplar(max(d, 0).Seconds(), prometheus.Labels{"environment": environment})
}

// SetDeferred sets the number of repositories that wait for quota.
func (m *Metrics) SetDeferred(n int) { m.deferred.Set(float64(n)) }

// SetPollInterval sets the current time between two polls.
func (m *Metrics) SetPollInterval(d time.Duration) { m.pollInterval.Set(d.Seconds()) }
