// Package githubmetrics counts requests to GitHub and shows the rest of its quota. It is a separate package, because
// the generator doesn't know GitHub, and the adapter doesn't know metrics.
package githubmetrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/previewset/previewset/internal/github"
)

// Metrics is a collector of the metrics about GitHub.
type Metrics struct {
	requests *prometheus.CounterVec
	duration prometheus.Histogram
	source   Source
}

// Source knows the last answers of GitHub about its quota and clock.
type Source interface {
	Rate() github.Rate
	// Skew is how far GitHub's clock is ahead of ours; ok is false if that is unknown.
	Skew() (skew time.Duration, ok bool)
}

// New returns Metrics without a source, because the source is built with Observe.
func New() *Metrics {
	return &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "previewset_github_requests_total",
			Help: "Requests to GitHub by kind and outcome: " +
				"charged to the quota, unchanged (free), limited, failed or unanswered.",
		}, []string{"kind", "outcome"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "previewset_github_request_duration_seconds", Help: "Time until GitHub begins its response.",
			Buckets: prometheus.ExponentialBuckets(0.02, 2.5, 8),
		}),
	}
}

// SetSource sets the source. It must be called before the first Collect.
func (m *Metrics) SetSource(s Source) { m.source = s }

// Observe is github.Options.Observe.
func (m *Metrics) Observe(_ context.Context, kind string, status int, fromCache bool, took time.Duration) {
	m.requests.WithLabelValues(kind, requestOutcome(status, fromCache)).Inc()
	m.duration.Observe(took.Seconds())
}

func requestOutcome(status int, fromCache bool) string {
	switch {
	case status == 0:
		return "unanswered"
	case fromCache:
		return "unchanged"
	case status == 403 || status == 429: // GitHub sends both for a used-up quota
		return "limited"
	case status >= 400:
		return "failed"
	}
	return "charged"
}

var (
	rateLimitDesc = prometheus.NewDesc("previewset_github_rate_limit",
		"GitHub's quota in requests per hour.", nil, nil)
	rateRemainingDesc = prometheus.NewDesc("previewset_github_rate_remaining",
		"Rest of GitHub's quota in requests.", nil, nil)
	rateResetDesc = prometheus.NewDesc("previewset_github_rate_reset_timestamp_seconds",
		"Time at which GitHub's quota is renewed.", nil, nil)
	skewDesc = prometheus.NewDesc("previewset_clock_skew_seconds",
		"How far GitHub's clock is ahead of the generator's.", nil, nil)
)

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	m.requests.Describe(ch)
	m.duration.Describe(ch)
	for _, d := range []*prometheus.Desc{rateLimitDesc, rateRemainingDesc, rateResetDesc, skewDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. Values that GitHub hasn't sent yet are left out.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) {
	m.requests.Collect(ch)
	m.duration.Collect(ch)
	gauge := func(d *prometheus.Desc, v float64) { ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	if rate := m.source.Rate(); rate.Limit > 0 {
		gauge(rateLimitDesc, float64(rate.Limit))
		gauge(rateRemainingDesc, float64(rate.Remaining))
		gauge(rateResetDesc, float64(rate.Reset.Unix()))
	}
	if skew, ok := m.source.Skew(); ok {
		gauge(skewDesc, skew.Seconds())
	}
}
