package generator_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

func TestActivityIsMeasuredOncePerMinute(t *testing.T) {
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
				m := &testworld.Activity{}
				w, with := testworld.NewMeasured(m)
				s := testworld.NewService(t, w, with, testworld.WithRealTime, func(o *generator.Options) { o.Interval = tt.interval })
				s.Start(t)
				if m.Count() != 1 {
					t.Errorf("%d measurements for the first answer", m.Count())
				}
				testworld.Advance(10*time.Minute + time.Second)
				if got := m.Count() - 1; got > tt.want || got < tt.want-2 { // due reads are looked for every two seconds
					t.Errorf("%d measurements in 10 minutes, want %d", got, tt.want)
				}
			})
		})
	}
}

// Neither polling nor reads after webhooks wait for a slow Prometheus.
func TestSlowMeasurementDelaysNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &testworld.Activity{}
		w, with := testworld.NewMeasured(m)
		s := testworld.NewService(
			t, w, with, testworld.WithRealTime, testworld.WithWebhooks(t),
			func(o *generator.Options) { o.Interval = time.Minute },
		)
		s.Start(t)
		m.Change(func() { m.Blocks = true })
		testworld.Advance(2 * time.Minute)
		before := m.Count()
		for m.Count() == before {
			testworld.Advance(time.Second)
		}
		branches, shop := s.Reads() // from now on the measurement is slow
		w.Change(func() {
			w.Repositories["acme/shop"] = testworld.Repository("acme/shop", testworld.WithPaths(testworld.PullRequest(9, "alice"), "web/index.html"))
		})
		s.Deliver(t, "pull_request", "1", `{"repository":{"full_name":"acme/shop"}}`)
		synctest.Wait()
		if got := s.GetParams(t, testworld.ParamsBody).Names(t); len(got) != 3 || got[2] != "shop-pr-9" {
			t.Errorf("after the webhook: %v", got)
		}
		testworld.Advance(time.Minute)
		if b, r := s.Reads(); b != branches+1 || r != shop+2 {
			t.Errorf("%d reads of the config branch, %d of acme/shop", b-branches, r-shop)
		}
		if got := s.Source(t, "activity"); !got.Fails("deadline exceeded") {
			t.Errorf("/readyz: %+v", got)
		}
	})
}

// The first answer waits up to 10 seconds for a measurement. Without one all environments would count as used now.
func TestFirstAnswerWaitsForMeasurement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &testworld.Activity{Blocks: true}
		w, with := testworld.NewMeasured(m)
		s := testworld.NewService(t, w, with, testworld.WithRealTime)
		s.Start(t)
		testworld.Advance(9 * time.Second)
		if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusServiceUnavailable {
			t.Errorf("answered %d before the first measurement", got.Code)
		}
		testworld.Advance(2 * time.Second)
		if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusOK {
			t.Errorf("answered %d %s", got.Code, got.Body)
		}
	})
}

func TestFailedMeasurementKeepsLastOne(t *testing.T) {
	t.Parallel()
	m := &testworld.Activity{Used: map[string]bool{"preview-shop-pr-7": false}}
	w, with := testworld.NewMeasured(m)
	s := testworld.Ready(t, w, with)
	measuredAt := float64(w.Now.Unix())
	if got := s.Facts().Activity; got.Problem != "" || !got.At.Equal(testworld.Start) || len(got.Used) != 1 {
		t.Errorf("measured %+v", got)
	}
	m.Change(func() { m.Err = errors.New("Prometheus answers \x1b[31m503") })
	for range 3 {
		w.AdvanceClock(time.Minute)
		s.Refresh(t.Context())
	}
	if got := s.Facts().Activity; got.Problem != "Prometheus answers [31m503" || !got.At.Equal(testworld.Start) || len(got.Used) != 1 {
		t.Errorf("after it failed: %+v", got)
	}
	if n := strings.Count(s.Log.String(), "measure activity failed"); n != 1 {
		t.Errorf("%d log lines", n)
	}
	metrics := s.Metrics(t)
	if metrics["previewset_activity_known"] != 0 || metrics["previewset_activity_measured_timestamp_seconds"] != measuredAt ||
		metrics["previewset_activity_measurements_total{outcome=failure}"] != 3 {
		t.Errorf("metrics: %v", metrics)
	}
	if got := s.Source(t, "activity"); !got.Fails("3m0s") || !got.Fails("503") || strings.Contains(got.Text, "\x1b") {
		t.Errorf("/readyz: %+v", got)
	}
	m.Change(func() { m.Err = nil })
	s.Refresh(t.Context())
	if got := s.Facts().Activity; got.Problem != "" || !got.At.Equal(w.Now) {
		t.Errorf("measured again: %+v", got)
	}
	if got := s.Metrics(t)["previewset_activity_known"]; got != 1 || !strings.Contains(s.Log.String(), "activity is measured again") {
		t.Errorf("known %v\n%s", got, s.Log)
	}
}

// Without environments an empty measurement is no failure, and ends an earlier one.
func TestEmptyMeasurementWithoutEnvironmentsIsNoFailure(t *testing.T) {
	t.Parallel()
	m := &testworld.Activity{Used: map[string]bool{"preview-shop-pr-7": false}}
	w, with := testworld.NewMeasured(m)
	s := testworld.Ready(t, w, with)
	m.Change(func() { m.Err = errors.New("it knows nothing of any namespace") })
	s.Refresh(t.Context())
	if got := s.Metrics(t)["previewset_activity_known"]; got != 0 {
		t.Errorf("with environments: known %v", got)
	}
	w.Change(func() {
		w.Repositories["acme/shop"], w.Repositories["acme/gateway"] = testworld.Repository("acme/shop"), testworld.Repository("acme/Gateway")
	})
	s.Refresh(t.Context())
	s.Refresh(t.Context())
	if got := s.Metrics(t)["previewset_activity_known"]; got != 1 || len(s.GetParams(t, testworld.ParamsBody).Names(t)) != 0 {
		t.Errorf("without environments: known %v", got)
	}
}

// While all environments sleep, the ingress controller has no routes and reports nothing.
func TestEmptyMeasurementWhileAllSleepIsNoFailure(t *testing.T) {
	t.Parallel()
	m := &testworld.Activity{Used: map[string]bool{"preview-shop-pr-7": false}}
	w, with := testworld.NewMeasured(m)
	s := testworld.Ready(t, w, with, testworld.WithClock)
	all := s.GetParams(t, testworld.ParamsBody).Names(t)
	for i, name := range all {
		if a := s.Request(t, name, preview.ActionSleep, ""); a.Code != http.StatusAccepted {
			t.Fatal(a.Body)
		}
		s.Refresh(t.Context())
		m.Change(func() { m.Err = errors.New("it knows nothing of any namespace") })
		s.Refresh(t.Context())
		want := 0.0
		if i == len(all)-1 {
			want = 1
		}
		if got := s.Metrics(t)["previewset_activity_known"]; got != want {
			t.Errorf("%d of %d asleep: known %v", i+1, len(all), got)
		}
	}
	if a := s.Request(t, all[0], preview.ActionWake, ""); a.Code != http.StatusAccepted {
		t.Fatal(a.Body)
	}
	s.Refresh(t.Context())
	s.Refresh(t.Context())
	if got := s.Metrics(t)["previewset_activity_known"]; got != 0 {
		t.Errorf("one awake again: known %v", got)
	}
}

func TestNewActivitySourceIsMeasuredAtOnce(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy  string
		dropped bool
	}{
		"another address":           {strings.ReplaceAll(testworld.PolicyWithActivity, ":9090", ":9091"), true},
		"another preset":            {strings.ReplaceAll(testworld.PolicyWithActivity, "ingress-nginx", "traefik"), true},
		"other namespaces":          {testworld.PolicyWithActivity + "namespacePrefix: other-\n", true},
		"none":                      {testworld.Policy, true},
		"something else is another": {testworld.PolicyWithActivity + "limits: {environments: 9}\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &testworld.Activity{Used: map[string]bool{"preview-shop-pr-7": false}}
			w, with := testworld.NewMeasured(m)
			s := testworld.Ready(t, w, with)
			m.Change(func() { m.Err = errors.New("no route") })
			w.Change(func() { w.Tree = testworld.Tree(2, tt.policy) })
			s.Refresh(t.Context())
			if got := s.Facts().Activity; got.At.IsZero() != tt.dropped || (len(got.Used) == 0) != tt.dropped {
				t.Errorf("afterwards: %+v", got)
			}
		})
	}
}

func TestNothingIsMeasuredWithoutSource(t *testing.T) {
	t.Parallel()
	m := &testworld.Activity{}
	s := testworld.Ready(t, testworld.New(), func(o *generator.Options) { o.Activity = m })
	s.Refresh(t.Context())
	if m.Count() != 0 || strings.Count(s.Log.String(), "activity isn't measured") != 1 {
		t.Errorf("%d measurements:\n%s", m.Count(), s.Log)
	}
	if got := s.Source(t, "activity"); !got.OK {
		t.Errorf("/readyz: %+v", got)
	}
	if _, ok := s.Metrics(t)["previewset_activity_known"]; ok {
		t.Error("there is a metric of activity")
	}
}
