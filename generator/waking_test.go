package generator_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

func TestRequestsTakeEffectAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		w.Plugins = testworld.Plugins(map[string]map[string]any{"previews": {}})
		argo := &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
		s := testworld.NewService(
			t, w, testworld.WithApplications(argo), testworld.WithRealTime, testworld.WithClock,
			func(o *generator.Options) { o.Cluster, o.Interval = testworld.Cluster{World: w}, time.Hour },
		)
		s.Start(t)
		ask := func(action string, want preview.State) {
			t.Helper()
			s.GetParams(t, testworld.ParamsBody)
			w.TakeRefreshed()
			if a := s.Request(t, "shop-pr-7", action, `{"caller":"alice\u001b[31m"}`); a.Code != http.StatusAccepted ||
				!strings.HasPrefix(a.Message(t), "shop-pr-7 ") {
				t.Errorf("%s: %d %s", action, a.Code, a.Body)
			}
			synctest.Wait()
			if got := s.States(t); got["shop-pr-7"] != want || got["gateway-pr-1"] != preview.Awake {
				t.Errorf("%s: %v", action, got)
			}
			if got := w.TakeRefreshed(); len(got) != 1 {
				t.Errorf("%s: Argo CD was refreshed %d times", action, len(got))
			}
		}
		testworld.Advance(time.Minute)
		ask("sleep", preview.Asleep)
		testworld.Advance(time.Minute)
		ask("wake", preview.Waking)
		if want := `"msg":"request received","env":"shop-pr-7","action":"wake","for":"0s","caller":"alice[31m","address":"`; !strings.Contains(
			s.Log.String(), want,
		) {
			t.Errorf("no %s in\n%s", want, s.Log)
		}
		testworld.Advance(30 * time.Second)
		if got := s.States(t)["shop-pr-7"]; got != preview.Waking {
			t.Errorf("state %s before its Application is healthy", got)
		}
		argo.Heal(s.Environment(t, "shop-pr-7").Row)
		testworld.Advance(2 * time.Second)
		if got := s.States(t)["shop-pr-7"]; got != preview.Awake {
			t.Errorf("state %s after its Application became healthy", got)
		}
		metrics := s.Metrics(t)
		if metrics["previewset_wakes_total{by=request}"] != 1 || metrics["previewset_wake_seconds"] != 1 ||
			strings.Count(s.Log.String(), `"msg":"state changed"`) != 3 {
			t.Errorf("metrics %v, log\n%s", metrics, s.Log)
		}
	})
}

// A finished wake doesn't finish the next one.
func TestEachWakeWaitsForArgoCD(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, argo := testworld.New(), &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
		s := testworld.NewService(t, w, testworld.WithApplications(argo), testworld.WithRealTime, testworld.WithClock)
		s.Start(t)
		for range 2 {
			testworld.Advance(10 * time.Second)
			s.Request(t, "shop-pr-7", "sleep", "")
			testworld.Advance(10 * time.Second)
			argo.Heal(s.Environment(t, "shop-pr-7").Row)
			s.Request(t, "shop-pr-7", "wake", "")
			testworld.Advance(10 * time.Second)
			if got := s.States(t)["shop-pr-7"]; got != preview.Waking {
				t.Fatalf("state %s", got)
			}
			argo.Heal(s.Environment(t, "shop-pr-7").Row)
			testworld.Advance(3 * time.Second)
			if got := s.States(t)["shop-pr-7"]; got != preview.Awake {
				t.Fatalf("state %s", got)
			}
		}
	})
}

func TestWithoutClusterEnvironmentsWakeAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := testworld.NewService(t, testworld.New(), testworld.WithRealTime, testworld.WithClock)
		s.Start(t)
		testworld.Advance(time.Second)
		for _, ask := range [][2]string{{"sleep", string(preview.Asleep)}, {"wake", string(preview.Awake)}} {
			s.Request(t, "shop-pr-7", ask[0], "")
			testworld.Advance(time.Second)
			if got := s.States(t)["shop-pr-7"]; string(got) != ask[1] {
				t.Errorf("after %s: state %s", ask[0], got)
			}
		}
	})
}

// Each state is saved before it is served.
func TestRestartDuringOutageKeepsStates(t *testing.T) {
	t.Parallel()
	for _, gone := range []string{"GitHub", "config branch", "everything"} {
		t.Run(gone, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, argo := testworld.New(), &testworld.Applications{}
				_, keep := testworld.NewStore(t)
				s := testworld.NewService(t, w, keep, testworld.WithRealTime, testworld.WithClock, testworld.WithApplications(argo))
				s.Start(t)
				for i, name := range []string{"shop-pr-7", "gateway-pr-1"} {
					testworld.Advance(time.Second)
					s.Request(t, name, "sleep", "")
					testworld.Advance(time.Second)
					if i == 0 {
						s.Request(t, name, "wake", "")
					}
				}
				testworld.Advance(time.Second)
				want := map[string]preview.State{"shop-pr-7": preview.Waking, "gateway-pr-1": preview.Asleep, "gateway-pr-2": preview.Awake}
				if diff := cmp.Diff(want, s.States(t)); diff != "" {
					t.Fatal(diff)
				}
				w.Change(func() {
					if gone != "GitHub" {
						w.ConfigErr = errors.New("outage")
					}
					if gone != "config branch" {
						w.RepositoryErrs["acme/shop"], w.RepositoryErrs["acme/gateway"] = errors.New("outage"), errors.New("outage")
					}
				})
				again := testworld.Ready(t, w, keep, testworld.WithRealTime, testworld.WithApplications(argo))
				if diff := cmp.Diff(want, again.States(t)); diff != "" {
					t.Error(diff)
				}
				if before, after := s.GetParams(t, testworld.ParamsBody).Body, again.GetParams(t, testworld.ParamsBody).Body; before != after {
					t.Error(cmp.Diff(before, after))
				}
			})
		})
	}
}

// The Applications of many waking environments are read in turn.
func TestWakingEnvironmentsAreReadInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, argo := testworld.NewLarge(100, 100), &testworld.Applications{}
		s := testworld.NewService(t, w, testworld.WithRealTime, testworld.WithClock, testworld.WithApplications(argo), testworld.WithoutLog)
		s.Start(t)
		testworld.Advance(time.Second)
		for _, action := range []string{"sleep", "wake"} {
			for i := range 100 {
				s.Request(t, fmt.Sprintf("shop-pr-%d", i+1), action, "")
			}
			testworld.Advance(100 * time.Millisecond)
		}
		argo.ForgetReads() // those of awake environments
		testworld.Advance(2 * time.Second)
		if first := argo.Names(); len(first) == 0 || len(first) > 32 {
			t.Errorf("%d Applications were read in one turn", len(first))
		}
		testworld.Advance(8 * time.Second)
		if all := argo.Names(); len(all) != 100 {
			t.Errorf("%d of 100 Applications were read in 10 seconds", len(all))
		}
	})
}
