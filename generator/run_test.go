package generator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
)

func TestRunReadsAtOnceAndThenEveryInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		s := testworld.NewService(t, w, func(o *generator.Options) { o.Interval = 45 * time.Second })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		for i := range 4 {
			synctest.Wait()
			if branches, shop := w.Reads(); branches != i+1 || shop != i+1 {
				t.Errorf("after %d intervals the branch was read %d times, acme/shop %d times", i, branches, shop)
			}
			time.Sleep(45 * time.Second)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestRunTriesSoonerWhileThereIsNothingToAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := testworld.New()
		w.RepositoryErrs["acme/shop"] = errors.New("GitHub answers 500")
		s := testworld.NewService(t, w, func(o *generator.Options) { o.Interval = time.Hour })
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n, _ := w.Reads(); n < 3 {
			t.Errorf("read %d times in 10 seconds", n)
		}
		w.Change(func() { clear(w.RepositoryErrs) })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := s.GetParams(t, testworld.ParamsBody); got.Code != http.StatusOK {
			t.Errorf("%d %s", got.Code, got.Body)
		}
		before, _ := w.Reads()
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if n, _ := w.Reads(); n != before {
			t.Errorf("read %d times more within half of the interval", n-before)
		}
		cancel()
		<-done
	})
}

// TestCallersGetAWholeAnswerWhileItIsRefreshed is for the race detector too.
func TestCallersGetAWholeAnswerWhileItIsRefreshed(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	few, many := w.Repositories["acme/gateway"], testworld.Repository("acme/Gateway", testworld.PullRequest(1, "alice"), testworld.PullRequest(2, "bob", "preview:full"), testworld.PullRequest(3, "bob"))
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for i := range 16 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				body, full := testworld.ParamsBody, 3
				if i%2 == 1 {
					body, full = `{"input":{"parameters":{"owner":["alice","bob"],"repository":"acme/gateway"}}}`, 2
				}
				if n := len(s.GetParams(t, body).Rows(t)); n != full && n != full+1 {
					t.Errorf("an answer has %d rows", n)
				}
				s.Get(t, "/readyz?verbose")
				s.Get(t, "/metrics")
				s.Get(t, "/api/v1/decisions")
			}
		})
	}
	for i := range 60 {
		w.Change(func() {
			w.Now = w.Now.Add(time.Minute)
			w.Repositories["acme/gateway"] = few
			if i%2 == 0 {
				w.Repositories["acme/gateway"] = many
			}
			delete(w.RepositoryErrs, "acme/shop")
			if i%3 == 0 {
				w.RepositoryErrs["acme/shop"] = errors.New("GitHub answers 500")
			}
		})
		s.Refresh(t.Context())
	}
	close(stop)
	callers.Wait()
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestServeLetsRequestsFinishAndThenStops(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	inside, leave := make(chan struct{}), make(chan struct{})
	slow := false
	s := testworld.Ready(t, w, func(o *generator.Options) {
		o.Now = func() time.Time {
			if slow {
				close(inside)
				<-leave
			}
			return w.Clock()
		}
	})
	slow = true
	private, public := listen(t), listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	var served error
	stopped := make(chan struct{})
	go func() { served = s.Serve(ctx, private, public); close(stopped) }()

	if code, _ := fetch(t, "http://"+public.Addr().String()+"/livez"); code != http.StatusNotFound {
		t.Errorf("the public listener serves the private one's paths: %d", code)
	}
	type result struct {
		code int
		body string
	}
	answered := make(chan result, 1)
	go func() {
		code, body := fetch(t, "http://"+private.Addr().String()+"/readyz?verbose")
		answered <- result{code, body}
	}()
	<-inside
	cancel()
	for { // until it takes no more
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", private.Addr().String())
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	select {
	case <-stopped:
		t.Errorf("it stopped (%v) before the request was answered", served)
	default:
	}
	close(leave)
	if got := <-answered; got.code != http.StatusOK || !strings.HasPrefix(got.body, "[+] snapshot: ok\n") {
		t.Errorf("the last request got %d %q", got.code, got.body)
	}
	if <-stopped; served != nil {
		t.Error(served)
	}
}

func TestServeStopsWhenAListenerBreaks(t *testing.T) {
	t.Parallel()
	private, public := listen(t), listen(t)
	_ = public.Close()
	if err := testworld.NewService(t, testworld.New()).Serve(t.Context(), private, public); err == nil {
		t.Error("it goes on with half of it, or says nothing")
	}
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(body)
}

func TestMetricsTellWhatIsServed(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.NewService(t, w)
	if diff := cmp.Diff(map[string]float64{
		"previewset_ready": 0, "previewset_config_valid": 0, "previewset_repositories_unreadable": 0, "previewset_refresh_duration_seconds": 0,
		"previewset_saved_state_bytes": 0, "previewset_poll_interval_seconds": 60, "previewset_webhooks_deferred": 0,
		"previewset_refreshes_total{outcome=failure}": 0, "previewset_refreshes_total{outcome=success}": 0,
		"previewset_applicationset_refreshes_total{outcome=failure}": 0, "previewset_applicationset_refreshes_total{outcome=success}": 0,
		"previewset_commit_statuses_total{outcome=failure}": 0, "previewset_commit_statuses_total{outcome=success}": 0,
		"previewset_memory_saves_total{outcome=failure}": 0, "previewset_memory_saves_total{outcome=success}": 0,
		"previewset_activity_measurements_total{outcome=failure}": 0, "previewset_activity_measurements_total{outcome=success}": 0,
		"previewset_wakes_total{by=visit}": 0, "previewset_wakes_total{by=request}": 0, "previewset_wakes_total{by=push}": 0, "previewset_wakes_total{by=link}": 0,
		"previewset_wake_seconds": 0,
	}, s.Metrics(t)); diff != "" {
		t.Errorf("at the beginning: %s", diff)
	}
	w.ConfigErr = errors.New("no route")
	s.Refresh(t.Context())
	w.ConfigErr = nil
	s.Refresh(t.Context())
	s.GetParams(t, testworld.ParamsBody)
	s.GetParams(t, "null")
	s.Get(t, "/a/path/that/nobody/knows")
	s.Get(t, "/api/v1/environments/shop-pr-7")
	w.Now = w.Now.Add(time.Hour)
	w.RepositoryErrs["acme/shop"], w.Tree = errors.New("GitHub answers 500"), testworld.Tree(2, "kind: Nonsense\n")
	s.Refresh(t.Context())
	want := map[string]float64{
		"previewset_ready": 1, "previewset_config_valid": 0, "previewset_repositories_unreadable": 1,
		"previewset_config_problems": 0, "previewset_environments_withheld": 0,
		"previewset_saved_state_bytes": 0, "previewset_poll_interval_seconds": 60, "previewset_webhooks_deferred": 0,
		"previewset_facts_oldest_timestamp_seconds":                                  float64(testworld.Start.Unix()),
		"previewset_environments{state=awake}":                                       3,
		"previewset_environments{state=waking}":                                      0,
		"previewset_environments{state=asleep}":                                      0,
		"previewset_activity_measurements_total{outcome=failure}":                    0,
		"previewset_activity_measurements_total{outcome=success}":                    0,
		"previewset_wakes_total{by=visit}":                                           0,
		"previewset_wakes_total{by=request}":                                         0,
		"previewset_wakes_total{by=push}":                                            0,
		"previewset_wakes_total{by=link}":                                            0,
		"previewset_wake_seconds":                                                    0,
		"previewset_decisions{outcome=live,rule=labelled}":                           3,
		"previewset_decisions{outcome=held,rule=unlabelled}":                         1,
		"previewset_refreshes_total{outcome=failure}":                                1,
		"previewset_refreshes_total{outcome=success}":                                2,
		"previewset_refresh_duration_seconds":                                        3,
		"previewset_applicationset_refreshes_total{outcome=failure}":                 0,
		"previewset_applicationset_refreshes_total{outcome=success}":                 0,
		"previewset_commit_statuses_total{outcome=failure}":                          0,
		"previewset_commit_statuses_total{outcome=success}":                          0,
		"previewset_memory_saves_total{outcome=failure}":                             0,
		"previewset_memory_saves_total{outcome=success}":                             0,
		"previewset_http_request_duration_seconds{route=/api/v1/getparams.execute}":  2,
		"previewset_http_request_duration_seconds{route=other}":                      1,
		"previewset_http_request_duration_seconds{route=/api/v1/environments/:name}": 1,
		"previewset_http_requests_total{code=200,route=/api/v1/getparams.execute}":   1,
		"previewset_http_requests_total{code=400,route=/api/v1/getparams.execute}":   1,
		"previewset_http_requests_total{code=404,route=other}":                       1,
		"previewset_http_requests_total{code=200,route=/api/v1/environments/:name}":  1,
	}
	if diff := cmp.Diff(want, s.Metrics(t)); diff != "" {
		t.Error(diff)
	}
	if got := testworld.Do(t, s.Handler(), http.MethodGet, "/metrics", "", map[string]string{"Authorization": " "}); got.Code != http.StatusOK ||
		!strings.Contains(got.Body, "previewset_ready 1\n") || !strings.Contains(got.Body, "go_goroutines ") {
		t.Errorf("/metrics: %d %.500s", got.Code, got.Body)
	}
}

func TestTheAgeOfFactsIsThatOfWhatWasRead(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w, func(o *generator.Options) { o.Repositories = []string{"acme/gateway"} })
	if got := s.Metrics(t)["previewset_facts_oldest_timestamp_seconds"]; got != float64(testworld.Start.Unix()) {
		t.Errorf("a repository that is never read hides the age of the others: %v", got)
	}
}

func TestMetricsPassTheLinter(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Tree = testworld.Tree(1, testworld.PolicyWithActivity)
	s := testworld.Ready(t, w, func(o *generator.Options) {
		o.EnvironmentMetrics, o.Activity, o.Workloads = true, &testworld.Activity{}, testworld.Workloads{"preview-shop-pr-7": {{Replicas: 1, CPU: 100, Memory: 1 << 20}}}
	})
	s.Refresh(t.Context())
	s.GetParams(t, testworld.ParamsBody)
	if s.Metrics(t)["previewset_environment_requests{environment=shop-pr-7,owner=alice,profile=changed,repository=acme-shop,resource=cpu}"] != 0.1 {
		t.Errorf("there are no metrics of environments: %v", s.Metrics(t))
	}
	families, err := s.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestTheLogIsJSONWithTheSpelledKeys(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	s := testworld.Ready(t, w)
	s.Refresh(t.Context()) // nothing changed, so nothing is logged
	var changed []string
	for line := range strings.Lines(s.Log.String()) {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if got["msg"] == "decision changed" {
			changed = append(changed, fmt.Sprint(got["env"], " ", got["repository"], " ", got["pr"], " ", got["outcome"], " ", got["rule"]))
		}
	}
	want := []string{
		"gateway-pr-1 acme/Gateway 1 live labelled", "gateway-pr-2 acme/Gateway 2 live labelled",
		"shop-pr-7 acme/shop 7 live labelled",
	}
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Error(diff)
	}
}
