package replica

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are those of one replica.
type metrics struct {
	forwarded, answers *prometheus.CounterVec
}

func newMetrics(r *Replica) *metrics {
	m := &metrics{
		forwarded: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "previewset_forwarded_requests_total",
			Help: "Requests that this replica forwarded to the leader by outcome: answered or failed.",
		}, []string{"outcome"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "previewset_saved_state_answers_total",
			Help: "Requests of Argo CD that this replica answered with the saved state by its role: leader or follower.",
		}, []string{"role"}),
	}
	leader := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "previewset_leader", Help: "1 if this replica leads, 0 if it follows.",
	}, func() float64 {
		if r.leads.Load() {
			return 1
		}
		return 0
	})
	age := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "previewset_leader_seen_seconds",
		Help: "Time since this replica saw a renewal of the leader's lease; 0 before the first one.",
	}, func() float64 {
		at := r.Lease.Holder().RenewedAt
		if at.IsZero() {
			return 0
		}
		return time.Since(at).Seconds()
	})
	r.Registry.MustRegister(m.forwarded, m.answers, leader, age)
	for _, outcome := range []string{"answered", "failed"} {
		m.forwarded.WithLabelValues(outcome)
	}
	for _, role := range []string{"leader", "follower"} {
		m.answers.WithLabelValues(role)
	}
	return m
}

// WhileLeading returns a collector that has metrics only while this replica leads. A follower reads no sources, so its
// figures would look like those of a broken service.
func (r *Replica) WhileLeading(c prometheus.Collector) prometheus.Collector { return leading{c, r} }

type leading struct {
	prometheus.Collector
	replica *Replica
}

// Collect implements prometheus.Collector.
func (l leading) Collect(to chan<- prometheus.Metric) {
	if l.replica.leads.Load() {
		l.Collector.Collect(to)
	}
}
