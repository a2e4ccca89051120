package generator_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

// workloads are what runs, by namespace.
type workloads map[string][]preview.Workload

func (w workloads) Workloads(_ context.Context, namespace string) ([]preview.Workload, error) {
	if w == nil {
		return nil, errors.New("forbidden")
	}
	prefix, many := strings.CutSuffix(namespace, "*")
	if !many {
		return w[namespace], nil
	}
	var all []preview.Workload
	for in, some := range w {
		for _, one := range some {
			if one.Namespace = in; strings.HasPrefix(in, prefix) {
				all = append(all, one)
			}
		}
	}
	return all, nil
}

func TestAnEnvironmentShowsItsWorkloads(t *testing.T) {
	t.Parallel()
	running := []preview.Workload{{Kind: "Deployment", Name: "orders", Replicas: 2, Ready: 1, CPU: 100, Memory: 5}}
	s := ready(t, newWorld(), func(o *generator.Options) { o.Workloads = workloads{"preview-shop-pr-7": running} })
	if diff := cmp.Diff(running, s.environment(t, "shop-pr-7").Workloads); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s = ready(t, newWorld(), func(o *generator.Options) { o.Workloads = workloads(nil) })
	if got := s.environment(t, "shop-pr-7"); got.Workloads != nil || got.Name != "shop-pr-7" {
		t.Errorf("where they can't be read: %+v", got)
	}
}

const requests = "previewset_environment_requests{environment=shop-pr-7,owner=alice,profile=changed,repository=acme-shop,resource="

func TestRequestsAreRememberedWhileNothingRuns(t *testing.T) {
	t.Parallel()
	running := workloads{"preview-shop-pr-7": {{Replicas: 2, CPU: 250, Memory: 10}, {Replicas: 1, CPU: 500, Memory: 5}}, "staging": {{Replicas: 9, CPU: 9}}}
	w := newWorld()
	s := ready(t, w, func(o *generator.Options) { o.Workloads, o.EnvironmentMetrics = running, true })
	check := func(when string, cpu, memory float64) {
		t.Helper()
		w.set(func() { w.now = w.now.Add(5 * time.Minute) })
		s.Refresh(t.Context())
		got := s.gathered(t)
		if got[requests+"cpu}"] != cpu || got[requests+"memory}"] != memory {
			t.Errorf("%s: %v cores, %v bytes", when, got[requests+"cpu}"], got[requests+"memory}"])
		}
	}
	check("awake", 1, 25)
	running["preview-shop-pr-7"] = []preview.Workload{{CPU: 250, Memory: 10}, {CPU: 500, Memory: 5}}
	check("at zero replicas", 1, 25)
	running["preview-shop-pr-7"] = []preview.Workload{{Replicas: 1, CPU: 250, Memory: 10}}
	check("with less", 0.25, 10)
	w.set(func() { w.repos["acme/shop"] = repository("acme/shop") })
	check("gone", 0, 0)
	s = ready(t, newWorld(), func(o *generator.Options) { o.Workloads = running })
	s.Refresh(t.Context())
	for name := range s.gathered(t) {
		if strings.HasPrefix(name, "previewset_environment_") {
			t.Errorf("%s is there though it is off", name)
		}
	}
}

// What sleeping saves is known only from before.
func TestRequestsOfWhatIsAsleepOutliveARestart(t *testing.T) {
	t.Parallel()
	running := workloads{"preview-shop-pr-7": {{Replicas: 2, CPU: 250, Memory: 10}}}
	_, keep := remembering(t)
	w := newWorld()
	settings := func(o *generator.Options) { o.Workloads, o.EnvironmentMetrics = running, true }
	s := ready(t, w, keep, settings, inTime)
	s.Refresh(t.Context()) // a first answer says whose they are
	if a := s.asks(t, "shop-pr-7", preview.ActionSleep, ""); a.code != http.StatusAccepted {
		t.Fatal(a.body)
	}
	s.ApplyWork(t.Context())
	running["preview-shop-pr-7"] = []preview.Workload{{CPU: 250, Memory: 10}}
	s = ready(t, w, keep, settings, inTime)
	s.Refresh(t.Context())
	if got := s.gathered(t); got[requests+"cpu}"] != 0.5 || got[requests+"memory}"] != 20 {
		t.Errorf("%v cores, %v bytes", got[requests+"cpu}"], got[requests+"memory}"])
	}
}
