package generator_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/internal/preview"
)

// measuring is the policy with a place where activity is measured.
const measuring = policy + "activity: {prometheus: {url: \"http://prometheus:9090\", preset: ingress-nginx}}\n"

// measured tells how environments are used, by hand.
type measured struct {
	mu    sync.Mutex
	used  map[string]bool
	err   error
	hang  bool // until the time is over
	asked []string
}

func (m *measured) Measure(ctx context.Context, p *preview.Policy) (preview.Measurement, error) {
	m.mu.Lock()
	hang, used, err := m.hang, m.used, m.err
	m.asked = append(m.asked, p.Activity.Prometheus.URL)
	m.mu.Unlock()
	if hang {
		<-ctx.Done()
		return preview.Measurement{}, ctx.Err()
	}
	return preview.Measurement{At: time.Now(), Window: 5 * time.Minute, Used: used}, err
}

func (m *measured) set(change func()) { m.mu.Lock(); defer m.mu.Unlock(); change() }

func (m *measured) times() int { m.mu.Lock(); defer m.mu.Unlock(); return len(m.asked) }

// measures is a world whose activity is measured.
func measures(m *measured) (*world, func(*generator.Options)) {
	w := newWorld()
	w.tree = treeOf(1, measuring)
	return w, func(o *generator.Options) { o.Activity = m }
}

// run runs a service until it is stopped or the test ends, within a bubble of synctest.
func (s *service) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	synctest.Wait()
	return stop
}

// passes lets time pass.
func passes(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func realTime(o *generator.Options) { o.Now = time.Now }

func TestActivityIsMeasuredOnceAMinute(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		interval time.Duration
		want     int // in ten minutes
	}{
		"polled every minute":     {time.Minute, 10},
		"polled every hour":       {time.Hour, 10},
		"polled every 20 seconds": {20 * time.Second, 30},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := &measured{}
				w, with := measures(m)
				s := newService(t, w, with, realTime, func(o *generator.Options) { o.Interval = tt.interval })
				s.run(t)
				if m.times() != 1 {
					t.Errorf("measured %d times for the first answer", m.times())
				}
				passes(10*time.Minute + time.Second)
				if got := m.times() - 1; got > tt.want || got < tt.want-2 { // it is looked every two seconds what is due
					t.Errorf("measured %d times in ten minutes, want %d", got, tt.want)
				}
			})
		})
	}
}

// Neither the poll nor a webhook's read waits for a Prometheus that hangs.
func TestAMeasurementThatHangsDelaysNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &measured{}
		w, with := measures(m)
		s := newService(t, w, with, realTime, withWebhooks(t), func(o *generator.Options) { o.Interval = time.Minute })
		s.run(t)
		m.set(func() { m.hang = true })
		passes(2 * time.Minute)
		before := m.times()
		for m.times() == before {
			passes(time.Second)
		}
		branches, shop := s.reads() // it hangs from now on
		w.set(func() {
			w.repos["acme/shop"] = repository("acme/shop", changing(pullRequest(9, "alice"), "web/index.html"))
		})
		s.deliver(t, "hush", "pull_request", "1", `{"repository":{"full_name":"acme/shop"}}`)
		synctest.Wait()
		if got := s.ask(t, ordinary).names(t); len(got) != 3 || got[2] != "shop-pr-9" {
			t.Errorf("after the webhook: %v", got)
		}
		passes(time.Minute)
		if b, r := s.reads(); b != branches+1 || r != shop+2 {
			t.Errorf("the branch was read %d times, acme/shop %d times", b-branches, r-shop)
		}
		if got := s.get(t, "/readyz?verbose").body; !strings.Contains(got, "[-] activity: measured ") || !strings.Contains(got, "deadline exceeded") {
			t.Errorf("nobody is told:\n%s", got)
		}
	})
}

// At a start the answer waits for the first measurement, for ten seconds at most: without it all would count as used now.
func TestTheFirstAnswerWaitsForAMeasurement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &measured{hang: true}
		w, with := measures(m)
		s := newService(t, w, with, realTime)
		s.run(t)
		passes(9 * time.Second)
		if got := s.ask(t, ordinary); got.code != http.StatusServiceUnavailable {
			t.Errorf("answered %d before it is known what is used", got.code)
		}
		passes(2 * time.Second)
		if got := s.ask(t, ordinary); got.code != http.StatusOK {
			t.Errorf("answered %d %s", got.code, got.body)
		}
	})
}

func TestAFailedMeasurementLeavesTheLastOne(t *testing.T) {
	t.Parallel()
	m := &measured{used: map[string]bool{"preview-shop-pr-7": false}}
	w, with := measures(m)
	s := ready(t, w, with)
	measuredAt := float64(w.now.Unix())
	if got := s.Facts().Activity; got.Problem != "" || !got.At.Equal(start) || len(got.Used) != 1 {
		t.Errorf("measured %+v", got)
	}
	m.set(func() { m.err = errors.New("Prometheus answers \x1b[31m503") })
	for range 3 {
		w.set(func() { w.now = w.now.Add(time.Minute) })
		s.Refresh(t.Context())
	}
	if got := s.Facts().Activity; got.Problem != "Prometheus answers [31m503" || !got.At.Equal(start) || len(got.Used) != 1 {
		t.Errorf("after it failed: %+v", got)
	}
	if n := strings.Count(s.log.String(), "measure activity failed"); n != 1 {
		t.Errorf("it was logged %d times", n)
	}
	metrics := s.gathered(t)
	if metrics["previewset_activity_known"] != 0 || metrics["previewset_activity_measured_timestamp_seconds"] != measuredAt || metrics["previewset_activity_measurements_total{outcome=failure}"] != 3 {
		t.Errorf("metrics: %v", metrics)
	}
	if got := s.get(t, "/readyz?verbose").body; !strings.Contains(got, "[-] activity: measured 3m0s ago: Prometheus answers [31m503\n") {
		t.Errorf("readyz says:\n%s", got)
	}
	m.set(func() { m.err = nil })
	s.Refresh(t.Context())
	if got := s.Facts().Activity; got.Problem != "" || !got.At.Equal(w.now) {
		t.Errorf("measured again: %+v", got)
	}
	if got := s.gathered(t)["previewset_activity_known"]; got != 1 || !strings.Contains(s.log.String(), "activity is measured again") {
		t.Errorf("known is %v\n%s", got, s.log)
	}
}

// Of no environment Prometheus knows nothing: that is no failure, nor does one from before go on.
func TestWithoutEnvironmentsNoMeasurementFails(t *testing.T) {
	t.Parallel()
	m := &measured{used: map[string]bool{"preview-shop-pr-7": false}}
	w, with := measures(m)
	s := ready(t, w, with)
	m.set(func() { m.err = errors.New("it knows nothing of any namespace") })
	s.Refresh(t.Context())
	if got := s.gathered(t)["previewset_activity_known"]; got != 0 {
		t.Errorf("with environments known is %v", got)
	}
	w.set(func() {
		w.repos["acme/shop"], w.repos["acme/gateway"] = repository("acme/shop"), repository("acme/Gateway")
	})
	s.Refresh(t.Context())
	s.Refresh(t.Context())
	if got := s.gathered(t)["previewset_activity_known"]; got != 1 || len(s.ask(t, ordinary).names(t)) != 0 {
		t.Errorf("without environments known is %v", got)
	}
}

// At night, when all sleep, their routes are away, and with them what the controller tells.
func TestWhileAllSleepNoMeasurementFails(t *testing.T) {
	t.Parallel()
	m := &measured{used: map[string]bool{"preview-shop-pr-7": false}}
	w, with := measures(m)
	s := ready(t, w, with, inTime)
	all := s.ask(t, ordinary).names(t)
	for i, name := range all {
		if a := s.asks(t, name, preview.ActionSleep, ""); a.code != http.StatusAccepted {
			t.Fatal(a.body)
		}
		s.ApplyWork(t.Context())
		m.set(func() { m.err = errors.New("it knows nothing of any namespace") })
		s.Refresh(t.Context())
		want := 0.0
		if i == len(all)-1 {
			want = 1
		}
		if got := s.gathered(t)["previewset_activity_known"]; got != want {
			t.Errorf("%d of %d sleep, and known is %v", i+1, len(all), got)
		}
	}
	if a := s.asks(t, all[0], preview.ActionWake, ""); a.code != http.StatusAccepted {
		t.Fatal(a.body)
	}
	s.ApplyWork(t.Context())
	s.Refresh(t.Context())
	if got := s.gathered(t)["previewset_activity_known"]; got != 0 {
		t.Errorf("one is awake again, and known is %v", got)
	}
}

func TestAnotherSourceOfActivityIsAnotherMeasurement(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy  string
		dropped bool
	}{
		"another address":           {strings.ReplaceAll(measuring, ":9090", ":9091"), true},
		"another preset":            {strings.ReplaceAll(measuring, "ingress-nginx", "traefik"), true},
		"other namespaces":          {measuring + "namespacePrefix: other-\n", true},
		"none":                      {policy, true},
		"something else is another": {measuring + "limits: {environments: 9}\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &measured{used: map[string]bool{"preview-shop-pr-7": false}}
			w, with := measures(m)
			s := ready(t, w, with)
			m.set(func() { m.err = errors.New("no route") })
			w.set(func() { w.tree = treeOf(2, tt.policy) })
			s.Refresh(t.Context())
			if got := s.Facts().Activity; got.At.IsZero() != tt.dropped || (len(got.Used) == 0) != tt.dropped {
				t.Errorf("afterwards: %+v", got)
			}
		})
	}
}

func TestWithoutASourceNothingIsMeasured(t *testing.T) {
	t.Parallel()
	m := &measured{}
	s := ready(t, newWorld(), func(o *generator.Options) { o.Activity = m })
	s.Refresh(t.Context())
	if m.times() != 0 || strings.Count(s.log.String(), "activity isn't measured") != 1 {
		t.Errorf("measured %d times:\n%s", m.times(), s.log)
	}
	if got := s.get(t, "/readyz?verbose").body; !strings.Contains(got, "[+] activity: not measured; every environment counts as used\n") {
		t.Errorf("readyz says:\n%s", got)
	}
	if _, ok := s.gathered(t)["previewset_activity_known"]; ok {
		t.Error("there is a metric of what isn't measured")
	}
}
