package metrics_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

func TestRequestedResourcesAreKeptWhileAsleep(t *testing.T) {
	t.Parallel()
	running := testworld.Workloads{
		"preview-shop-pr-7": {{Replicas: 2, CPU: 250, Memory: 10}, {Replicas: 1, CPU: 500, Memory: 5}},
		"staging":           {{Replicas: 9, CPU: 9}},
	}
	w := testworld.New()
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Workloads, o.EnvironmentMetrics = running, true })
	check := func(when string, cpu, memory float64) {
		t.Helper()
		w.AdvanceClock(5 * time.Minute)
		s.Refresh(t.Context())
		got := s.Metrics(t)
		if got[testworld.ShopRequests+"cpu}"] != cpu || got[testworld.ShopRequests+"memory}"] != memory {
			t.Errorf("%s: %v cores, %v bytes", when, got[testworld.ShopRequests+"cpu}"], got[testworld.ShopRequests+"memory}"])
		}
	}
	check("awake", 1, 25)
	running["preview-shop-pr-7"] = []preview.Workload{{CPU: 250, Memory: 10}, {CPU: 500, Memory: 5}}
	check("at zero replicas", 1, 25)
	running["preview-shop-pr-7"] = []preview.Workload{{Replicas: 1, CPU: 250, Memory: 10}}
	check("with less", 0.25, 10)
	w.Change(func() { w.Repositories["acme/shop"] = testworld.Repository("acme/shop") })
	check("gone", 0, 0)
	s = testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.Workloads = running })
	s.Refresh(t.Context())
	for name := range s.Metrics(t) {
		if strings.HasPrefix(name, "previewset_environment_") {
			t.Errorf("%s exists without EnvironmentMetrics", name)
		}
	}
}

// The saving of a sleeping environment is known only from before.
func TestRequestedResourcesSurviveRestart(t *testing.T) {
	t.Parallel()
	running := testworld.Workloads{"preview-shop-pr-7": {{Replicas: 2, CPU: 250, Memory: 10}}}
	_, keep := testworld.NewStore(t)
	w := testworld.New()
	settings := func(o *generator.Options) { o.Workloads, o.EnvironmentMetrics = running, true }
	s := testworld.Ready(t, w, keep, settings, testworld.WithClock)
	s.Refresh(t.Context()) // the first snapshot assigns workloads to environments
	if a := s.Request(t, "shop-pr-7", preview.ActionSleep, ""); a.Code != http.StatusAccepted {
		t.Fatal(a.Body)
	}
	s.Refresh(t.Context())
	running["preview-shop-pr-7"] = []preview.Workload{{CPU: 250, Memory: 10}}
	s = testworld.Ready(t, w, keep, settings, testworld.WithClock)
	s.Refresh(t.Context())
	if got := s.Metrics(t); got[testworld.ShopRequests+"cpu}"] != 0.5 || got[testworld.ShopRequests+"memory}"] != 20 {
		t.Errorf("%v cores, %v bytes", got[testworld.ShopRequests+"cpu}"], got[testworld.ShopRequests+"memory}"])
	}
}
