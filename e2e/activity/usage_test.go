package activity

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/process"
	server "github.com/previewset/previewset/e2e/prometheus"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/prometheus"
)

const (
	life     = `environment="shop-pr-7",owner="alice",repository="acme-shop",profile="full"`
	requests = "previewset_environment_requests{" + life + `,resource=`
)

func stateOf(labels, state string) string {
	return fmt.Sprintf("previewset_environment_state{%s,state=%q}", labels, state)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	// An old and a new Pod report the same data, and a preview imitates them.
	w := begin(t, config.PrometheusActivity{Query: "unused"}, server.Job{Name: "preview-generator", Targets: []server.Target{
		{Path: first, Labels: map[string]string{"namespace": "argocd", "pod": "a"}},
		{Path: second, Labels: map[string]string{"namespace": "argocd", "pod": "b"}},
		{Path: evil, Labels: map[string]string{"namespace": "preview-evil"}},
	}})
	w.client = prometheus.New(prometheus.Options{Window: 5 * time.Second})
	other := `environment="jakub",owner="alice",repository="",profile="full"`
	w.pages.set(evil, requests+`"cpu"}`, "1000")
	w.pages.set(evil, stateOf(`environment="evil",owner="alice",repository="",profile="full"`, "awake"), "1")
	both := func(series, number string) {
		w.pages.set(first, series, number)
		w.pages.set(second, series, number)
	}
	both(requests+`"cpu"}`, "0.5")
	both(requests+`"memory"}`, fmt.Sprint(2<<30))
	both(stateOf(life, "awake"), "1")
	both(stateOf(other, "awake"), "1")
	row := w.until(t, "environment", "shop-pr-7", func(r preview.UsageRow) error { return atLeast("awake", r.AwakeHours, 1) })
	start := time.Now().Add(-hours(row.AwakeHours))
	// If data were counted twice, the value would be reached in half of the time.
	row = w.until(t, "environment", "shop-pr-7", func(r preview.UsageRow) error { return atLeast("awake", r.AwakeHours, 7) })
	holds(t, start, row)

	// The generator is down for some time.
	old := w.pages.replace(second, nil)
	w.pages.replace(first, nil)
	away := row.AwakeHours*3600 + 2
	w.until(t, "environment", "shop-pr-7", func(r preview.UsageRow) error { return atLeast("awake", r.AwakeHours, away) })
	w.pages.replace(first, old)

	w.pages.set(first, stateOf(life, "awake"), "")
	w.pages.set(first, stateOf(life, "asleep"), "1")
	row = w.until(t, "environment", "shop-pr-7", func(r preview.UsageRow) error { return atLeast("asleep", r.AsleepHours, 3) })
	holds(t, start, row)
	if math.Abs(row.SavedCPUCoreHours-row.AsleepHours*0.5) > 1e-9 || math.Abs(row.SavedMemoryGiBHours-row.AsleepHours*2) > 1e-9 {
		t.Errorf("saved %+v", row)
	}
	for by, name := range map[string]string{"owner": "alice", "profile": "full", "repository": "acme-shop"} {
		r := w.until(t, by, name, func(preview.UsageRow) error { return nil })
		if by == "repository" && (r.AwakeHours < row.AwakeHours || r.AwakeHours > row.AwakeHours+seconds(2)) {
			t.Errorf("the repository was awake for %g s, its one environment for %g s", r.AwakeHours*3600, row.AwakeHours*3600)
		}
		if by != "repository" && r.AwakeHours < row.AwakeHours+row.AsleepHours {
			t.Errorf("by %s two environments were awake for %g s", by, r.AwakeHours*3600)
		}
	}
}

func seconds(n float64) float64 { return n / 3600 }

func hours(n float64) time.Duration { return time.Duration(n * float64(time.Hour)) }

func atLeast(what string, hours, atLeast float64) error {
	if hours < seconds(atLeast) {
		return fmt.Errorf("%s for %g s", what, hours*3600)
	}
	return nil
}

// holds checks that no time is counted twice and that requests are multiplied by time.
func holds(t *testing.T, start time.Time, r preview.UsageRow) {
	t.Helper()
	if most := time.Since(start).Hours() + seconds(2); r.AwakeHours+r.AsleepHours > most {
		t.Errorf("%g s awake and %g s asleep in %g s", r.AwakeHours*3600, r.AsleepHours*3600, most*3600)
	}
	if math.Abs(r.CPUCoreHours-r.AwakeHours*0.5) > 1e-9 || math.Abs(r.MemoryGiBHours-r.AwakeHours*2) > 1e-9 {
		t.Errorf("requested %+v", r)
	}
}

// until queries usage until a row meets the condition.
func (w *world) until(t *testing.T, by, name string, so func(preview.UsageRow) error) (row preview.UsageRow) {
	t.Helper()
	err := process.Poll(t.Context(), patience, func(ctx context.Context) error {
		u, err := w.client.Usage(ctx, w.policy, by, time.Minute)
		if err != nil {
			return err
		}
		for _, r := range u.Rows {
			if r.Name == "evil" {
				return process.Final(errors.New("a preview's word is taken"))
			}
			if r.Name == name {
				row = r
				return so(r)
			}
		}
		return fmt.Errorf("%s isn't among %+v", name, u.Rows)
	})
	if err != nil {
		t.Fatal(err)
	}
	return row
}
