package visit_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

func TestManyVisitsSendOneWakeRequest(t *testing.T) {
	t.Parallel()
	s := newSiteIn(t, preview.Asleep)
	for i := range 50 {
		got := s.visit(t, http.MethodGet, "/", person(map[string]string{"Remote": fmt.Sprintf("198.51.100.%d:1", i)}))
		if state := got.Header.Get("Previewset-State"); state != "waking" {
			t.Fatalf("visit %d sees state %s", i, state)
		}
	}
	if requests := s.takeRequests(); len(requests) != 1 {
		t.Errorf("wake requests: %v", requests)
	}
	if state := s.visit(t, http.MethodGet, "/", map[string]string{"User-Agent": "curl/8"}).Header.Get("Previewset-State"); state != "waking" {
		t.Errorf("a program sees state %s", state)
	}
	s.AdvanceClock(31 * time.Second) // the request was lost
	if state := s.visit(t, http.MethodGet, "/", map[string]string{"User-Agent": "curl/8"}).Header.Get("Previewset-State"); state != "asleep" {
		t.Errorf("later a program sees state %s", state)
	}
	if !s.wakes(t, nil) {
		t.Error("a second visit sends no wake request")
	}
}

func TestVisitsWakeOnlySleepingEnvironments(t *testing.T) {
	t.Parallel()
	s := newSiteIn(t, preview.Waking)
	for _, host := range []string{"shop-pr-7", "shop-pr-8", "shop-pr-9"} { // waking, held, unknown
		if s.wakes(t, map[string]string{"Host": host + ".preview.example.dev"}) {
			t.Errorf("a visit to %s sends a wake request", host)
		}
	}
}

func TestVisitToAwakeEnvironmentCountsOncePerMinute(t *testing.T) {
	t.Parallel()
	s := newSite(testworld.Ready(t, testworld.New()))
	var counted []bool
	for _, passed := range []time.Duration{0, time.Second, 58 * time.Second, time.Second, time.Hour} {
		s.AdvanceClock(passed)
		counted = append(counted, s.wakes(t, nil))
	}
	if diff := cmp.Diff([]bool{true, false, false, true, true}, counted); diff != "" {
		t.Error(diff)
	}
	s.AdvanceClock(time.Hour)
	if s.wakes(t, map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-User": ""}) {
		t.Error("an open page that reloads itself counts as a visit")
	}
}

func numbered(i int) string { return fmt.Sprintf("shop-pr-%d.preview.example.dev", i+1) }

var wakeRequestsAreLimitedCases = []struct {
	name string
	// visitor is the sender and host of visit i.
	visitor func(i int) map[string]string
	most    int
	again   time.Duration
	window  time.Duration
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
		"one address with a forged X-Forwarded-For", func(i int) map[string]string {
			return map[string]string{"Host": numbered(i), "Remote": "198.51.100.7:1", "X-Forwarded-For": fmt.Sprintf("203.0.113.%d", i)}
		}, 20, 10 * time.Second, 0,
	},
	{
		"one address behind a proxy", func(i int) map[string]string {
			return map[string]string{
				"Host": numbered(i), "Remote": "10.0.0.1:1",
				"X-Forwarded-For": fmt.Sprintf("203.0.113.%d, 198.51.100.7, 10.0.0.2", i),
			}
		}, 20, 10 * time.Second, 0,
	},
	{
		"all clients together", func(i int) map[string]string {
			return map[string]string{"Host": numbered(i), "Remote": fmt.Sprintf("198.51.%d.7:1", i)}
		}, 60, time.Second, 0,
	},
	{
		"one environment", func(i int) map[string]string {
			return map[string]string{"Host": numbered(0), "Remote": fmt.Sprintf("198.51.%d.7:1", i)}
		}, 4, time.Minute, 30 * time.Second,
	},
}

func TestWakeRequestsAreLimited(t *testing.T) {
	t.Parallel()
	for _, tt := range wakeRequestsAreLimitedCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newAsleep(t, 100, "10.0.0.0/8")
			woken := 0
			for ; woken < 100 && s.wakes(t, tt.visitor(woken)); woken++ {
				s.AdvanceClock(tt.window)
			}
			refilled := int(time.Duration(woken) * tt.window / tt.again)
			if woken-refilled > tt.most || woken < tt.most {
				t.Errorf("%d wake requests, want %d", woken, tt.most)
			}
			got := s.visit(t, http.MethodGet, "/", person(tt.visitor(woken)))
			wait, err := strconv.Atoi(got.Header.Get("Retry-After"))
			if err != nil || got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body, "Too many previews were woken just now") {
				t.Fatalf("a visit above the limit: %d %s", got.Code, got.Body)
			}
			if limit := tt.again + time.Second; time.Duration(wait)*time.Second > limit {
				t.Errorf("Retry-After is %d seconds", wait)
			}
			s.AdvanceClock(time.Duration(wait) * time.Second)
			if !s.wakes(t, tt.visitor(woken)) {
				t.Error("a visit after Retry-After is refused")
			}
		})
	}
}

func TestRefusedVisitsDontUseUpTheTotalLimit(t *testing.T) {
	t.Parallel()
	s := newAsleep(t, 100)
	for i := range 100 { // one address uses up its own limit
		s.wakes(t, map[string]string{"Host": numbered(i), "Remote": "198.51.100.7:1"})
	}
	refused := 0
	for i := range 40 {
		if !s.wakes(t, map[string]string{"Host": numbered(99 - i), "Remote": fmt.Sprintf("203.0.%d.7:1", i)}) {
			refused++
		}
	}
	if refused > 3 { // a few clients share a bucket with that address
		t.Errorf("%d of 40 other clients are refused", refused)
	}
}
