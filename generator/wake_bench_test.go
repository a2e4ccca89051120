package generator_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// countingCluster is a cluster that counts refreshes of ApplicationSets.
type countingCluster struct {
	testworld.Cluster
	refreshed chan time.Time
}

func (c countingCluster) Refresh(context.Context, string) error {
	c.refreshed <- time.Now()
	return nil
}

// BenchmarkWake wakes one of 1,000 sleeping environments, and measures until its new row is saved, served and announced
// to Argo CD. Goal (issue 5): less than a second together with Argo CD's part.
func BenchmarkWake(b *testing.B) {
	const environments = 1000
	w := testworld.NewLarge(environments, environments)
	w.Plugins = testworld.Plugins(map[string]map[string]any{"previews": {}})
	_, keep := testworld.NewStore(b)
	c := countingCluster{testworld.Cluster{World: w}, make(chan time.Time, 1)}
	s := testworld.NewService(
		b, w, testworld.WithoutLog, keep, testworld.WithClock, testworld.WithRealTime,
		testworld.WithApplications(&testworld.Applications{}),
		func(o *generator.Options) { o.Cluster, o.Interval = c, time.Hour },
	)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	<-c.refreshed
	var took []time.Duration
	change := func(i int, action string) time.Duration {
		began := time.Now()
		if a := s.Request(b, fmt.Sprintf("shop-pr-%d", i%environments+1), action, ""); a.Code != http.StatusAccepted {
			b.Fatalf("%d %s", a.Code, a.Body)
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
	if got := s.States(b)[fmt.Sprintf("shop-pr-%d", (i-1)%environments+1)]; got != preview.Waking {
		b.Errorf("the last state is %s", got)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*9/10].Microseconds())/1000, "p90-ms")
}

// BenchmarkMeasure measures 1,000 environments and computes the answer. Goal (issue 5): below 20 ms.
func BenchmarkMeasure(b *testing.B) {
	const environments = 1000
	w := testworld.NewLarge(environments, environments)
	w.Tree = testworld.Tree(
		1,
		testworld.PolicyWithActivity+"lifetime: {deleteAfterIdle: 168h, sleep: {idleAfter: 1h, maxAwake: 24h, "+
			"workingHours: {days: [mon, tue, wed, thu, fri], from: \"08:00\", to: \"19:00\", timezone: Europe/Berlin, "+
			"idleAfter: 2h, asleepOutside: true}}}\n"+
			"limits: {environments: 5000, perOwner: 5000, awake: 900, whenFull: sleep-idlest}\n",
	)
	m := &testworld.Activity{Used: map[string]bool{}}
	for i := range environments {
		m.Used[fmt.Sprintf("preview-shop-pr-%d", i+1)] = i%2 == 0
	}
	s := testworld.Ready(b, w, testworld.WithoutLog, testworld.WithClock, func(o *generator.Options) { o.Activity = m })
	before := processorTime(b)
	for b.Loop() {
		w.AdvanceClock(time.Second)
		s.MeasureAndPublish(b.Context())
	}
	b.ReportMetric((processorTime(b)-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
	if n := m.Count(); n < b.N {
		b.Errorf("%d measurements", n)
	}
}
