package generator_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

func TestWhatIsAskedIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		w.Plugins = testworld.Plugins(map[string]map[string]any{"previews": {}})
		argo := &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
		s := testworld.NewService(t, w, testworld.WithApplications(argo), testworld.WithRealTime, testworld.WithClock, func(o *generator.Options) { o.Cluster, o.Interval = testworld.Cluster{w}, time.Hour })
		s.Start(t)
		ask := func(action, want string) {
			t.Helper()
			s.GetParams(t, testworld.ParamsBody)
			w.TakeRefreshed()
			if a := s.Request(t, "shop-pr-7", action, `{"caller":"alice\u001b[31m"}`); a.Code != http.StatusAccepted || !strings.HasPrefix(a.Message(t), "shop-pr-7 ") {
				t.Errorf("%s: %d %s", action, a.Code, a.Body)
			}
			synctest.Wait()
			if got := s.States(t); got["shop-pr-7"] != want || got["gateway-pr-1"] != preview.Awake {
				t.Errorf("%s: %v", action, got)
			}
			if got := w.TakeRefreshed(); len(got) != 1 {
				t.Errorf("%s: Argo CD was told %d times", action, len(got))
			}
		}
		testworld.Advance(time.Minute)
		ask("sleep", preview.Asleep)
		testworld.Advance(time.Minute)
		ask("wake", preview.Waking)
		if want := `"msg":"request received","env":"shop-pr-7","action":"wake","for":"0s","caller":"alice[31m","address":"`; !strings.Contains(s.Log.String(), want) {
			t.Errorf("no %s in\n%s", want, s.Log)
		}
		testworld.Advance(30 * time.Second)
		if got := s.States(t)["shop-pr-7"]; got != preview.Waking {
			t.Errorf("it is %s before Argo CD has its Application healthy", got)
		}
		argo.Heal(s.Environment(t, "shop-pr-7").Row)
		testworld.Advance(2 * time.Second)
		if got := s.States(t)["shop-pr-7"]; got != preview.Awake {
			t.Errorf("it is %s though its Application is healthy", got)
		}
		metrics := s.Metrics(t)
		if metrics["previewset_wakes_total{by=request}"] != 1 || metrics["previewset_wake_seconds"] != 1 || strings.Count(s.Log.String(), `"msg":"state changed"`) != 3 {
			t.Errorf("metrics %v, log\n%s", metrics, s.Log)
		}
	})
}

// What had settled before it slept says nothing of when it wakes again.
func TestEachWakingIsWaitedFor(t *testing.T) {
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
				t.Fatalf("it is %s", got)
			}
			argo.Heal(s.Environment(t, "shop-pr-7").Row)
			testworld.Advance(3 * time.Second)
			if got := s.States(t)["shop-pr-7"]; got != preview.Awake {
				t.Fatalf("it is %s", got)
			}
		}
	})
}

func TestWithoutAClusterWhatWakesIsAwakeAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := testworld.NewService(t, testworld.New(), testworld.WithRealTime, testworld.WithClock)
		s.Start(t)
		testworld.Advance(time.Second)
		for _, ask := range [][2]string{{"sleep", preview.Asleep}, {"wake", preview.Awake}} {
			s.Request(t, "shop-pr-7", ask[0], "")
			testworld.Advance(time.Second)
			if got := s.States(t)["shop-pr-7"]; got != ask[1] {
				t.Errorf("asked to %s, it is %s", ask[0], got)
			}
		}
	})
}

func TestABurstOfWishesIsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		_, keep := testworld.NewStore(t)
		s := testworld.NewService(t, w, keep, testworld.WithRealTime, testworld.WithClock)
		s.Start(t)
		testworld.Advance(time.Second)
		s.Request(t, "shop-pr-7", "sleep", "")
		testworld.Advance(time.Second)
		before := s.Metrics(t)["previewset_memory_saves_total{outcome=success}"]
		hang := make(chan struct{})
		w.Change(func() { w.Blocked = map[string]chan struct{}{"acme/shop": hang} })
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { s.Request(t, "shop-pr-7", "wake", "") })
		}
		all.Wait()
		synctest.Wait()
		if n := s.Metrics(t)["previewset_memory_saves_total{outcome=success}"] - before; n < 1 || n > 50 {
			t.Errorf("memory was saved %v times", n)
		}
		if got := s.Metrics(t)["previewset_wakes_total{by=request}"]; got != 1 {
			t.Errorf("it was woken %v times", got)
		}
		close(hang)
	})
}

func TestTheLongestWishOfABurstCounts(t *testing.T) {
	t.Parallel()
	s := testworld.Ready(t, testworld.New(), testworld.WithClock)
	for _, body := range []string{"", `{"for":"3h","caller":"ci"}`, `{"for":"20m"}`} {
		if a := s.Request(t, "shop-pr-7", "wake", body); a.Code != http.StatusAccepted {
			t.Fatalf("%d %s", a.Code, a.Body)
		}
	}
	want := []preview.Request{{Environment: "shop-pr-7", Action: "wake", For: 3 * time.Hour, By: "ci", At: testworld.Start}}
	if diff := cmp.Diff(want, s.TakeRequests()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// To extend for no length of time is to extend for as long as may be.
func TestTheLongestExtensionOfABurstCounts(t *testing.T) {
	t.Parallel()
	for _, bodies := range [][]string{{"", `{"for":"1h"}`}, {`{"for":"1h"}`, ""}} {
		s := testworld.Ready(t, testworld.New(), testworld.WithClock)
		for _, body := range bodies {
			if a := s.Request(t, "shop-pr-7", "extend", body); a.Code != http.StatusAccepted {
				t.Fatalf("%d %s", a.Code, a.Body)
			}
		}
		if asked := s.TakeRequests(); len(asked) != 1 || asked[0].For != 0 {
			t.Errorf("%q: asked is %v", bodies, asked)
		}
	}
}

func TestWishesThatCantBeMetAreRefused(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Tree = testworld.Tree(1, testworld.Policy+"lifetime: {maxExtension: 48h}\n")
	s := testworld.Ready(t, w, testworld.WithClock)
	long := `{"caller":"` + strings.Repeat("x", 5000) + `"}`
	for name, tt := range map[string]struct {
		environment, action, body string
		code                      int
		want                      string
	}{
		"an unknown environment":  {"nobody", "wake", "", 404, "nobody"},
		"one that has no preview": {"shop-pr-8", "wake", "", 409, "shop-pr-8"},
		"no JSON":                 {"shop-pr-7", "wake", "now", 400, `{"for": "48h", "caller": "alice"}`},
		"no object":               {"shop-pr-7", "wake", "null", 400, `{"for": "48h"`},
		"a field too many":        {"shop-pr-7", "wake", `{"until":"tomorrow"}`, 400, `{"for": "48h"`},
		"more behind it":          {"shop-pr-7", "wake", `{"for":"1h"} {}`, 400, `{"for": "48h"`},
		"a body too large":        {"shop-pr-7", "wake", long, 400, "larger than 4 KiB"},
		"no length of time":       {"shop-pr-7", "wake", `{"for":"7d"}`, 400, `"7d" isn't a duration`},
		"a length below nothing":  {"shop-pr-7", "wake", `{"for":"-1h"}`, 400, `"-1h" isn't a duration`},
		"longer than may be":      {"shop-pr-7", "extend", `{"for":"49h"}`, 400, "maxExtension"},
		"sleep for a while":       {"shop-pr-7", "sleep", `{"for":"1h"}`, 400, "it sleeps until"},
		"something else":          {"shop-pr-7", "explode", "", 404, "nothing at this path"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := s.Request(t, tt.environment, tt.action, tt.body); a.Code != tt.code || !strings.Contains(a.Message(t), tt.want) {
				t.Errorf("%d %s, want %d with %q", a.Code, a.Body, tt.code, tt.want)
			}
		})
	}
	if a := testworld.Do(t, s.Handler(), http.MethodPost, "/api/v1/environments/shop-pr-7/wake", "", nil); a.Code != http.StatusUnauthorized {
		t.Errorf("with Argo CD's token: %d", a.Code)
	}
	if a := testworld.NewService(t, testworld.New()).Request(t, "shop-pr-7", "wake", ""); a.Code != http.StatusServiceUnavailable {
		t.Errorf("before the first answer: %d", a.Code)
	}
}

// What was asked isn't lost where it can't be remembered yet, and nothing is served before.
func TestAWishIsKeptUntilItIsRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		file, keep := testworld.NewStore(t)
		d := &disk{File: file}
		s := testworld.NewService(t, w, testworld.WithRealTime, testworld.WithClock, func(o *generator.Options) { o.Store = d })
		s.Start(t)
		testworld.Advance(time.Second)
		d.full.Store(true)
		s.Request(t, "shop-pr-7", "sleep", "")
		testworld.Advance(time.Second)
		if got := s.States(t)["shop-pr-7"]; got != preview.Awake {
			t.Errorf("it is %s, and nobody will remember it", got)
		}
		d.full.Store(false)
		testworld.Advance(2 * time.Minute)
		if got := s.States(t)["shop-pr-7"]; got != preview.Asleep {
			t.Errorf("it is %s", got)
		}
		w.Change(func() {
			w.ConfigErr = errors.New("outage")
			w.RepositoryErrs["acme/shop"] = w.ConfigErr
		})
		again := testworld.Ready(t, w, keep, testworld.WithRealTime)
		if got := again.States(t)["shop-pr-7"]; got != preview.Asleep {
			t.Errorf("after a restart in an outage it is %s", got)
		}
	})
}

// In a burst of states each of them is remembered before it is served.
func TestARestartDuringAnOutageKeepsStates(t *testing.T) {
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
				want := map[string]string{"shop-pr-7": preview.Waking, "gateway-pr-1": preview.Asleep, "gateway-pr-2": preview.Awake}
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

// A thousand environments that wake at once are looked at in turn.
func TestManyThatWakeAreLookedAtInTurn(t *testing.T) {
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
		testworld.Advance(2 * time.Second)
		if first := argo.Names(); len(first) == 0 || len(first) > 32 {
			t.Errorf("%d were looked at in a turn", len(first))
		}
		testworld.Advance(8 * time.Second)
		if all := argo.Names(); len(all) != 100 {
			t.Errorf("%d of 100 were looked at in 10 seconds", len(all))
		}
	})
}
