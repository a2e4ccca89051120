package generator_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

// later lets time pass.
func (s *service) later(d time.Duration) { s.set(func() { s.now = s.now.Add(d) }) }

// wakes says whether a person's visit asks for a wake.
func (s *service) wakes(t testing.TB, header map[string]string) bool {
	t.Helper()
	s.visit(t, http.MethodGet, "/", personWith(header))
	return len(s.TakeRequests()) > 0
}

func TestABurstOfVisitsIsOneWake(t *testing.T) {
	t.Parallel()
	s := in(t, preview.Asleep)
	for i := range 50 {
		got := s.visit(t, http.MethodGet, "/", personWith(map[string]string{"Remote": fmt.Sprintf("198.51.100.%d:1", i)}))
		if state := got.header.Get("Previewset-State"); state != "waking" {
			t.Fatalf("visit %d is told that it is %s", i, state)
		}
	}
	if asked := s.TakeRequests(); len(asked) != 1 {
		t.Errorf("asked is %v", asked)
	}
	if state := s.visit(t, http.MethodGet, "/", map[string]string{"User-Agent": "curl/8"}).header.Get("Previewset-State"); state != "waking" {
		t.Errorf("a program is told that it is %s", state)
	}
	s.later(31 * time.Second) // it was lost
	if state := s.visit(t, http.MethodGet, "/", map[string]string{"User-Agent": "curl/8"}).header.Get("Previewset-State"); state != "asleep" {
		t.Errorf("later, a program is told that it is %s", state)
	}
	if !s.wakes(t, nil) {
		t.Error("it can't be woken again")
	}
}

func TestWhatIsOnItsWayIsNotAskedFor(t *testing.T) {
	t.Parallel()
	s := in(t, preview.Waking)
	for _, host := range []string{"shop-pr-7", "shop-pr-8", "shop-pr-9"} { // waking, held, unknown
		if s.wakes(t, map[string]string{"Host": host + ".preview.example.dev"}) {
			t.Errorf("a visit to %s asks for a wake", host)
		}
	}
}

func TestAVisitToWhatIsAwakeCountsOnceAMinute(t *testing.T) {
	t.Parallel()
	s := ready(t, newWorld())
	var counted []bool
	for _, passed := range []time.Duration{0, time.Second, 58 * time.Second, time.Second, time.Hour} {
		s.later(passed)
		counted = append(counted, s.wakes(t, nil))
	}
	if diff := cmp.Diff([]bool{true, false, false, true, true}, counted); diff != "" {
		t.Error(diff)
	}
	s.later(time.Hour)
	if s.wakes(t, map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-User": ""}) {
		t.Error("a page that was left open counts as a visit")
	}
}

// sleepers is a service with so many environments, which are all asleep.
func sleepers(t testing.TB, n int, change ...func(*generator.Options)) *service {
	t.Helper()
	w := newWorld()
	var prs []preview.PullRequest
	for i := range n {
		prs = append(prs, changing(pullRequest(i+1, "alice"), "orders/main.go"))
	}
	w.tree = treeOf(1, policy+"limits: {environments: 2000, perOwner: 2000, perRepository: 2000}\n")
	w.repos = map[string]preview.Repository{"acme/gateway": repository("acme/Gateway"), "acme/shop": repository("acme/shop", prs...)}
	s := ready(t, w, change...)
	s.ServeChanged(func(snapshot *preview.Snapshot) {
		for i := range snapshot.Rows {
			snapshot.Rows[i].State = preview.Asleep
		}
	})
	return s
}

func numbered(i int) string { return fmt.Sprintf("shop-pr-%d.preview.example.dev", i+1) }

func TestHowMuchVisitsMayWake(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		// of says who asks for what the ith time.
		of     func(i int) map[string]string
		most   int
		again  time.Duration
		window time.Duration
	}{
		{
			"one address", func(i int) map[string]string {
				return map[string]string{"Host": numbered(i), "Remote": "198.51.100.7:1"}
			},
			20, 10 * time.Second, 0,
		},
		{
			"one IPv6 network", func(i int) map[string]string {
				return map[string]string{"Host": numbered(i), "Remote": fmt.Sprintf("[2001:db8:0:7:%x::1]:1", i)}
			}, 20, 10 * time.Second, 0,
		},
		{
			"one address that pretends to be others", func(i int) map[string]string {
				return map[string]string{"Host": numbered(i), "Remote": "198.51.100.7:1", "X-Forwarded-For": fmt.Sprintf("203.0.113.%d", i)}
			}, 20, 10 * time.Second, 0,
		},
		{
			"one address behind a proxy", func(i int) map[string]string {
				return map[string]string{"Host": numbered(i), "Remote": "10.0.0.1:1", "X-Forwarded-For": fmt.Sprintf("203.0.113.%d, 198.51.100.7, 10.0.0.2", i)}
			}, 20, 10 * time.Second, 0,
		},
		{
			"all together", func(i int) map[string]string {
				return map[string]string{"Host": numbered(i), "Remote": fmt.Sprintf("198.51.%d.7:1", i)}
			}, 60, time.Second, 0,
		},
		{
			"one environment", func(i int) map[string]string {
				return map[string]string{"Host": numbered(0), "Remote": fmt.Sprintf("198.51.%d.7:1", i)}
			}, 4, time.Minute, 30 * time.Second,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sleepers(t, 100, trusting("10.0.0.0/8"))
			woken := 0
			for ; woken < 100 && s.wakes(t, tt.of(woken)); woken++ {
				s.later(tt.window)
			}
			refilled := int(time.Duration(woken) * tt.window / tt.again)
			if woken-refilled > tt.most || woken < tt.most {
				t.Errorf("%d were woken, want %d", woken, tt.most)
			}
			got := s.visit(t, http.MethodGet, "/", personWith(tt.of(woken)))
			wait, err := strconv.Atoi(got.header.Get("Retry-After"))
			if err != nil || got.code != http.StatusServiceUnavailable || !strings.Contains(got.body, "Too many previews were woken just now") {
				t.Fatalf("one too many is answered %d %s", got.code, got.body)
			}
			if limit := tt.again + time.Second; time.Duration(wait)*time.Second > limit {
				t.Errorf("one is to wait for %d seconds", wait)
			}
			s.later(time.Duration(wait) * time.Second)
			if !s.wakes(t, tt.of(woken)) {
				t.Error("who waited as long as was said is refused")
			}
		})
	}
}

func TestALimitIsNotUsedUpByWhoIsRefused(t *testing.T) {
	t.Parallel()
	s := sleepers(t, 100)
	for i := range 100 { // one address that wants all, and gets some
		s.wakes(t, map[string]string{"Host": numbered(i), "Remote": "198.51.100.7:1"})
	}
	refused := 0
	for i := range 40 {
		if !s.wakes(t, map[string]string{"Host": numbered(99 - i), "Remote": fmt.Sprintf("203.0.%d.7:1", i)}) {
			refused++
		}
	}
	if refused > 3 { // now and then one shares a bucket with that address
		t.Errorf("%d of 40 others may wake nothing", refused)
	}
}
