package generator_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

// told is a cluster that says when an ApplicationSet is told to ask again.
type told struct {
	cluster
	refreshed chan time.Time
}

func (c told) Refresh(context.Context, string) error {
	c.refreshed <- time.Now()
	return nil
}

// BenchmarkWake wakes one of 1,000 environments that sleep, and measures until its row has changed, its memory is saved, the
// answer is served and Argo CD is told of it. The claim (issue 5): with what Argo CD does then, less than a second.
func BenchmarkWake(b *testing.B) {
	const environments = 1000
	w := worldOf(environments, environments)
	w.plugins = plugins(map[string]map[string]any{"previews": {}})
	_, keep := remembering(b)
	c := told{cluster{w}, make(chan time.Time, 1)}
	s := newService(b, w, quietly, keep, inTime, realTime, with(&argoStatuses{}), func(o *generator.Options) { o.Cluster, o.Interval = c, time.Hour })
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	<-c.refreshed
	var took []time.Duration
	change := func(i int, action string) time.Duration {
		began := time.Now()
		if a := s.asks(b, fmt.Sprintf("shop-pr-%d", i%environments+1), action, ""); a.code != http.StatusAccepted {
			b.Fatalf("%d %s", a.code, a.body)
		}
		return (<-c.refreshed).Sub(began)
	}
	i, before := 0, processorTime(b)
	for b.Loop() {
		change(i, "sleep")
		took = append(took, change(i, "wake"))
		i++
	}
	b.ReportMetric((processorTime(b)-before).Seconds()*1000/float64(2*i), "cpu-ms/change")
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
	if got := s.states(b)[fmt.Sprintf("shop-pr-%d", (i-1)%environments+1)]; got != preview.Waking {
		b.Errorf("the last one is %s", got)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*9/10].Microseconds())/1000, "p90-ms")
}

// BenchmarkMeasure takes in a measurement of 1,000 environments and makes the answer that follows from it, once a minute. The
// claim (issue 5): below 20 ms.
func BenchmarkMeasure(b *testing.B) {
	const environments = 1000
	w := worldOf(environments, environments)
	w.tree = treeOf(1, measuring+"lifetime: {deleteAfterIdle: 168h, sleep: {idleAfter: 1h, maxAwake: 24h, workingHours: {days: [mon, tue, wed, thu, fri], from: \"08:00\", to: \"19:00\", timezone: Europe/Berlin, idleAfter: 2h, asleepOutside: true}}}\nlimits: {environments: 5000, perOwner: 5000, awake: 900, whenFull: sleep-idlest}\n")
	m := &measured{used: map[string]bool{}}
	for i := range environments {
		m.used[fmt.Sprintf("preview-shop-pr-%d", i+1)] = i%2 == 0
	}
	s := ready(b, w, quietly, inTime, func(o *generator.Options) { o.Activity = m })
	before := processorTime(b)
	for b.Loop() {
		w.set(func() { w.now = w.now.Add(time.Second) })
		s.MeasureAndPublish(b.Context())
	}
	b.ReportMetric((processorTime(b)-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
	if n := m.times(); n < b.N {
		b.Errorf("measured %d times", n)
	}
}
