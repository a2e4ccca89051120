package generator_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

// asks asks something of an environment over the API.
func (s *service) asks(t testing.TB, name, action, body string) answer {
	t.Helper()
	return do(t, s.Handler(), http.MethodPost, "/api/v1/environments/"+name+"/"+action, body, map[string]string{"Authorization": "Bearer " + apiToken})
}

// states are those of the rows that are answered, by name.
func (s *service) states(t testing.TB) map[string]string {
	t.Helper()
	states := map[string]string{}
	for _, r := range s.ask(t, ordinary).rows(t) {
		states[r["name"].(string)] = r["state"].(string)
	}
	return states
}

// skew is a clock that is known.
type skew time.Duration

func (s skew) Skew() (time.Duration, bool) { return time.Duration(s), true }

func inTime(o *generator.Options) { o.Clock = skew(0) }

func TestWhatIsAskedIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.plugins = plugins(map[string]map[string]any{"previews": {}})
		argo := &argoStatuses{statuses: map[string]*preview.ApplicationStatus{}}
		s := newService(t, w, with(argo), realTime, inTime, func(o *generator.Options) { o.Cluster, o.Interval = cluster{w}, time.Hour })
		s.run(t)
		ask := func(action, want string) {
			t.Helper()
			s.ask(t, ordinary)
			w.takeRefreshed()
			if a := s.asks(t, "shop-pr-7", action, `{"caller":"alice\u001b[31m"}`); a.code != http.StatusAccepted || !strings.HasPrefix(a.message(t), "shop-pr-7 ") {
				t.Errorf("%s: %d %s", action, a.code, a.body)
			}
			synctest.Wait()
			if got := s.states(t); got["shop-pr-7"] != want || got["gateway-pr-1"] != preview.Awake {
				t.Errorf("%s: %v", action, got)
			}
			if got := w.takeRefreshed(); len(got) != 1 {
				t.Errorf("%s: Argo CD was told %d times", action, len(got))
			}
		}
		passes(time.Minute)
		ask("sleep", preview.Asleep)
		passes(time.Minute)
		ask("wake", preview.Waking)
		if want := `"msg":"request received","env":"shop-pr-7","action":"wake","for":"0s","caller":"alice[31m","address":"`; !strings.Contains(s.log.String(), want) {
			t.Errorf("no %s in\n%s", want, s.log)
		}
		passes(30 * time.Second)
		if got := s.states(t)["shop-pr-7"]; got != preview.Waking {
			t.Errorf("it is %s before Argo CD has its Application healthy", got)
		}
		argo.heals(s.environment(t, "shop-pr-7").Row)
		passes(2 * time.Second)
		if got := s.states(t)["shop-pr-7"]; got != preview.Awake {
			t.Errorf("it is %s though its Application is healthy", got)
		}
		metrics := s.gathered(t)
		if metrics["previewset_wakes_total{by=request}"] != 1 || metrics["previewset_wake_seconds"] != 1 || strings.Count(s.log.String(), `"msg":"state changed"`) != 3 {
			t.Errorf("metrics %v, log\n%s", metrics, s.log)
		}
	})
}

// What had settled before it slept says nothing of when it wakes again.
func TestEachWakingIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, argo := newWorld(), &argoStatuses{statuses: map[string]*preview.ApplicationStatus{}}
		s := newService(t, w, with(argo), realTime, inTime)
		s.run(t)
		for range 2 {
			passes(10 * time.Second)
			s.asks(t, "shop-pr-7", "sleep", "")
			passes(10 * time.Second)
			argo.heals(s.environment(t, "shop-pr-7").Row)
			s.asks(t, "shop-pr-7", "wake", "")
			passes(10 * time.Second)
			if got := s.states(t)["shop-pr-7"]; got != preview.Waking {
				t.Fatalf("it is %s", got)
			}
			argo.heals(s.environment(t, "shop-pr-7").Row)
			passes(3 * time.Second)
			if got := s.states(t)["shop-pr-7"]; got != preview.Awake {
				t.Fatalf("it is %s", got)
			}
		}
	})
}

func TestWithoutAClusterWhatWakesIsAwakeAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, newWorld(), realTime, inTime)
		s.run(t)
		passes(time.Second)
		for _, ask := range [][2]string{{"sleep", preview.Asleep}, {"wake", preview.Awake}} {
			s.asks(t, "shop-pr-7", ask[0], "")
			passes(time.Second)
			if got := s.states(t)["shop-pr-7"]; got != ask[1] {
				t.Errorf("asked to %s, it is %s", ask[0], got)
			}
		}
	})
}

func TestABurstOfWishesIsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		_, keep := remembering(t)
		s := newService(t, w, keep, realTime, inTime)
		s.run(t)
		passes(time.Second)
		s.asks(t, "shop-pr-7", "sleep", "")
		passes(time.Second)
		before := s.gathered(t)["previewset_memory_saves_total{outcome=success}"]
		hang := make(chan struct{})
		w.set(func() { w.hang = map[string]chan struct{}{"acme/shop": hang} })
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { s.asks(t, "shop-pr-7", "wake", "") })
		}
		all.Wait()
		synctest.Wait()
		if n := s.gathered(t)["previewset_memory_saves_total{outcome=success}"] - before; n < 1 || n > 50 {
			t.Errorf("memory was saved %v times", n)
		}
		if got := s.gathered(t)["previewset_wakes_total{by=request}"]; got != 1 {
			t.Errorf("it was woken %v times", got)
		}
		close(hang)
	})
}

func TestTheLongestWishOfABurstCounts(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld(), inTime)
	for _, body := range []string{"", `{"for":"3h","caller":"ci"}`, `{"for":"20m"}`} {
		if a := s.asks(t, "shop-pr-7", "wake", body); a.code != http.StatusAccepted {
			t.Fatalf("%d %s", a.code, a.body)
		}
	}
	want := []preview.Request{{Environment: "shop-pr-7", Action: "wake", For: 3 * time.Hour, By: "ci", At: start}}
	if diff := cmp.Diff(want, s.TakeRequests()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// To extend for no length of time is to extend for as long as may be.
func TestTheLongestExtensionOfABurstCounts(t *testing.T) {
	t.Parallel()
	for _, bodies := range [][]string{{"", `{"for":"1h"}`}, {`{"for":"1h"}`, ""}} {
		s := ready(t, newWorld(), inTime)
		for _, body := range bodies {
			if a := s.asks(t, "shop-pr-7", "extend", body); a.code != http.StatusAccepted {
				t.Fatalf("%d %s", a.code, a.body)
			}
		}
		if asked := s.TakeRequests(); len(asked) != 1 || asked[0].For != 0 {
			t.Errorf("%q: asked is %v", bodies, asked)
		}
	}
}

func TestWishesThatCantBeMetAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.tree = treeOf(1, policy+"lifetime: {maxExtension: 48h}\n")
	s := ready(t, w, inTime)
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
			if a := s.asks(t, tt.environment, tt.action, tt.body); a.code != tt.code || !strings.Contains(a.message(t), tt.want) {
				t.Errorf("%d %s, want %d with %q", a.code, a.body, tt.code, tt.want)
			}
		})
	}
	if a := do(t, s.Handler(), http.MethodPost, "/api/v1/environments/shop-pr-7/wake", "", nil); a.code != http.StatusUnauthorized {
		t.Errorf("with Argo CD's token: %d", a.code)
	}
	if a := newService(t, newWorld()).asks(t, "shop-pr-7", "wake", ""); a.code != http.StatusServiceUnavailable {
		t.Errorf("before the first answer: %d", a.code)
	}
}

// What was asked isn't lost where it can't be remembered yet, and nothing is served before.
func TestAWishIsKeptUntilItIsRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		file, keep := remembering(t)
		d := &disk{File: file}
		s := newService(t, w, realTime, inTime, func(o *generator.Options) { o.Store = d })
		s.run(t)
		passes(time.Second)
		d.full.Store(true)
		s.asks(t, "shop-pr-7", "sleep", "")
		passes(time.Second)
		if got := s.states(t)["shop-pr-7"]; got != preview.Awake {
			t.Errorf("it is %s, and nobody will remember it", got)
		}
		d.full.Store(false)
		passes(2 * time.Minute)
		if got := s.states(t)["shop-pr-7"]; got != preview.Asleep {
			t.Errorf("it is %s", got)
		}
		w.set(func() {
			w.treeErr = errors.New("outage")
			w.errs["acme/shop"] = w.treeErr
		})
		again := ready(t, w, keep, realTime)
		if got := again.states(t)["shop-pr-7"]; got != preview.Asleep {
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
				w, argo := newWorld(), &argoStatuses{}
				_, keep := remembering(t)
				s := newService(t, w, keep, realTime, inTime, with(argo))
				s.run(t)
				for i, name := range []string{"shop-pr-7", "gateway-pr-1"} {
					passes(time.Second)
					s.asks(t, name, "sleep", "")
					passes(time.Second)
					if i == 0 {
						s.asks(t, name, "wake", "")
					}
				}
				passes(time.Second)
				want := map[string]string{"shop-pr-7": preview.Waking, "gateway-pr-1": preview.Asleep, "gateway-pr-2": preview.Awake}
				if diff := cmp.Diff(want, s.states(t)); diff != "" {
					t.Fatal(diff)
				}
				w.set(func() {
					if gone != "GitHub" {
						w.treeErr = errors.New("outage")
					}
					if gone != "config branch" {
						w.errs["acme/shop"], w.errs["acme/gateway"] = errors.New("outage"), errors.New("outage")
					}
				})
				again := ready(t, w, keep, realTime, with(argo))
				if diff := cmp.Diff(want, again.states(t)); diff != "" {
					t.Error(diff)
				}
				if before, after := s.ask(t, ordinary).body, again.ask(t, ordinary).body; before != after {
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
		w, argo := worldOf(100, 100), &argoStatuses{}
		s := newService(t, w, realTime, inTime, with(argo), quietly)
		s.run(t)
		passes(time.Second)
		for _, action := range []string{"sleep", "wake"} {
			for i := range 100 {
				s.asks(t, fmt.Sprintf("shop-pr-%d", i+1), action, "")
			}
			passes(100 * time.Millisecond)
		}
		passes(2 * time.Second)
		if first := argo.looked(); len(first) == 0 || len(first) > 32 {
			t.Errorf("%d were looked at in a turn", len(first))
		}
		passes(8 * time.Second)
		if all := argo.looked(); len(all) != 100 {
			t.Errorf("%d of 100 were looked at in 10 seconds", len(all))
		}
	})
}

// heals makes an Application as its row says.
func (a *argoStatuses) heals(r preview.Row) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.statuses[r.Namespace] = synced(r)
}

// looked are the Applications that were read until now, each once.
func (a *argoStatuses) looked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Sort(a.reads)
	return slices.Compact(slices.Clone(a.reads))
}
