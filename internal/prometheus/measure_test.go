package prometheus_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/prometheus"
)

func TestMeasure(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		samples []string
		want    map[string]bool
	}{
		{"used and idle", []string{"preview-a 0.2", "preview-b 0"}, map[string]bool{"preview-a": true, "preview-b": false}},
		{
			"exact names",
			[]string{"preview-slot-10 3", "preview-slot-1 0"},
			map[string]bool{"preview-slot-10": true, "preview-slot-1": false},
		},
		{"one series of several is used", []string{"preview-a 0", "preview-a 1", "preview-a 0"}, map[string]bool{"preview-a": true}},
		{
			"invalid numbers are unknown",
			[]string{"preview-a NaN", "preview-b +Inf", "preview-c -Inf", "preview-d -1", "preview-e 0"},
			map[string]bool{"preview-e": false},
		},
		{"an invalid number makes idle unknown", []string{"preview-a 0", "preview-a NaN", "preview-a 0"}, map[string]bool{}},
		{"an invalid number doesn't hide use", []string{"preview-a NaN", "preview-a 1"}, map[string]bool{"preview-a": true}},
		{"other namespaces are ignored", []string{"staging 1", "preview 1", "preview-a 1"}, map[string]bool{"preview-a": true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before := time.Now()
			m, err := measure(t, newPolicy(serve(t, http.StatusOK, namespaceVector(test.samples...))))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, m.Used); diff != "" {
				t.Error(diff)
			}
			if m.At.Before(before) || m.At.After(time.Now()) || m.Window != 5*time.Minute || m.Problem != "" {
				t.Errorf("measured at %s, over %s, problem %q", m.At, m.Window, m.Problem)
			}
		})
	}
}

type badAnswer struct {
	name   string
	status int
	body   string
	want   string
}

// badAnswers returns answers that Measure must refuse, with a part of the error.
func badAnswers() []badAnswer {
	good := namespaceVector("preview-a 0")
	now := time.Now().Unix()
	one := func(rest string) string {
		return vectorOf(`{"metric":{"namespace":"preview-a"}` + rest + `}`)
	}
	return []badAnswer{
		{"no samples", 200, namespaceVector(), "no samples of namespaces preview-*"},
		{"an empty body", 200, "", "not an answer of Prometheus"},
		{"no content", 204, "", "status 204"},
		{"a web page", 200, "<html>", "not an answer of Prometheus"},
		{"a web page with an error", 502, "<html>bad gateway", "status 502"},
		{"a server error", 500, `{"status":"error","errorType":"internal","error":"out of memory"}`, `status 500: "out of memory"`},
		{"an invalid query", 400, `{"status":"error","errorType":"bad_data","error":"parse error"}`, `status 400: "parse error"`},
		{"an error with status 200", 200, `{"status":"error","errorType":"timeout","error":"too slow"}`, "too slow"},
		{"a good body with status 500", 500, good, "status 500"},
		{"no status", 200, strings.Replace(good, `"success"`, `""`, 1), "not success"},
		{"another status", 200, strings.Replace(good, `"success"`, `"partial"`, 1), "not success"},
		{"a truncated body", 200, good[:len(good)-10], "not an answer of Prometheus"},
		{"two answers", 200, good + good, "not an answer of Prometheus"},
		{"a huge body", 200, strings.Repeat(" ", 17<<20) + good, "larger than 16 MiB"},
		{
			"Thanos' partial answer", 200, strings.Replace(good, `{"status"`, `{"warnings":["fetch series: store unavailable"],"status"`, 1),
			"partial",
		},
		{
			"a warning that samples were dropped", 200,
			strings.Replace(good, `{"status"`, `{"warnings":["PromQL warning: mix of histograms"],"status"`, 1), "partial",
		},
		{"a matrix", 200, strings.Replace(good, "vector", "matrix", 1), "write a query with an instant vector"},
		{"a scalar", 200, `{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}`, "write a query with an instant vector"},
		{"no result", 200, `{"status":"success","data":{"resultType":"vector"}}`, "no list of samples"},
		{"null for a result", 200, `{"status":"success","data":{"resultType":"vector","result":null}}`, "no list of samples"},
		{"no data", 200, `{"status":"success"}`, "write a query with an instant vector"},
		{
			"a sample without the label", 200,
			vectorOf(fmt.Sprintf(`{"metric":{"ns":"preview-a"},"value":[%d,"0"]}`, now)),
			"no label namespace",
		},
		{"a sample without a value", 200, one(""), "expected a pair"},
		{"a sample with half a value", 200, one(fmt.Sprintf(`,"value":[%d]`, now)), "expected a pair"},
		{"a value that isn't text", 200, one(fmt.Sprintf(`,"value":[%d,0]`, now)), "expected a time and a number"},
		{"an empty value", 200, one(fmt.Sprintf(`,"value":[%d,""]`, now)), "isn't a number"},
		{"a histogram", 200, one(fmt.Sprintf(`,"histogram":[%d,{"count":"0","sum":"0"}]`, now)), "without histograms"},
		{"an old answer", 200, one(fmt.Sprintf(`,"value":[%d,"0"]`, now-600)), "bypass caches"},
		{"an answer of tomorrow", 200, one(fmt.Sprintf(`,"value":[%d,"0"]`, now+86400)), "check the clocks"},
	}
}

// A wrong answer must not make a namespace seem idle.
func TestMeasureErrors(t *testing.T) {
	t.Parallel()
	for _, test := range badAnswers() {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m, err := measure(t, newPolicy(serve(t, test.status, test.body)))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "127.0.0.1:") {
				t.Errorf("got error %v, want one with %q and the server", err, test.want)
			}
			if diff := cmp.Diff(preview.Measurement{}, m); diff != "" {
				t.Errorf("measured in spite of the error: %s", diff)
			}
		})
	}
}

// Prometheus 2.48 to 2.53 return notices about names of metrics as warnings.
func TestMeasureIgnoresNotices(t *testing.T) {
	t.Parallel()
	const notices = `{"warnings":["PromQL info: metric might not be a counter"],"infos":["x"],"status"`
	body := strings.Replace(namespaceVector("preview-a 0"), `{"status"`, notices, 1)
	m, err := measure(t, newPolicy(serve(t, http.StatusOK, body)))
	if diff := cmp.Diff(map[string]bool{"preview-a": false}, m.Used); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestMeasureFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, http.StatusOK, namespaceVector("preview-a 0"))
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect} {
		server := httptest.NewServer(http.RedirectHandler(elsewhere, status))
		t.Cleanup(server.Close)
		if _, err := measure(t, newPolicy(server.URL)); err == nil || !strings.Contains(err.Error(), "redirect") {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestMeasureWithoutServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := measure(t, newPolicy(server.URL))
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
}

func TestMeasureWithBrokenConnection(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, namespaceVector("preview-a 0"))
	}))
	t.Cleanup(server.Close)
	_, err := measure(t, newPolicy(server.URL))
	if err == nil || !strings.Contains(err.Error(), "unexpected EOF") {
		t.Error(err)
	}
}

// delayed returns a handler that sends the answer after the delay, or only the rest of it if splits is true.
func delayed(delay time.Duration, splits bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // a server notices that the client has left only after it has read the request
		body := namespaceVector("preview-a 0")
		if splits {
			_, _ = io.WriteString(w, body[:20])
			_ = http.NewResponseController(w).Flush()
			body = body[20:]
		}
		select {
		case <-time.After(delay):
			_, _ = io.WriteString(w, body)
		case <-r.Context().Done():
		}
	}
}

func TestMeasureTimeout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		delay  time.Duration
		splits bool
		fails  bool
	}{
		{"an answer after 9 s", 9 * time.Second, false, false},
		{"an answer after 30 s", 30 * time.Second, false, true},
		{"the rest of an answer after 30 s", 30 * time.Second, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pipe := newPipe(delayed(test.delay, test.splits))
				defer pipe.close()
				start := time.Now()
				client := prometheus.New(prometheus.Options{Transport: pipe.client})
				m, err := client.Measure(t.Context(), newPolicy("http://prometheus:9090"))
				took := time.Since(start)
				if test.fails != (err != nil) || (err == nil) != (len(m.Used) == 1) || took != min(test.delay, 10*time.Second) {
					t.Errorf("after %s: %v, %v", took, m, err)
				}
			})
		})
	}
}

func TestMeasureNeedsQuery(t *testing.T) {
	t.Parallel()
	none := &config.Policy{}
	preset := newPolicy("http://127.0.0.1:1")
	preset.Activity.Prometheus.Query, preset.Activity.Prometheus.Preset = "", "ngnix"
	for want, p := range map[string]*config.Policy{
		"activity.prometheus isn't configured": none,
		`"ngnix"; use envoy-gateway, ingress-nginx, istio, nginx-gateway-fabric, postgresql, redis, traefik`: preset,
	} {
		if _, err := measure(t, p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
