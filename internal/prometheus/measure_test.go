package prometheus_test

import (
	"context"
	"fmt"
	"io"
	"net"
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

// policy asks a server with a query of its own.
func policy(url string) *config.Policy {
	return &config.Policy{
		NamespacePrefix: "preview-",
		Activity:        config.Activity{Prometheus: &config.PrometheusActivity{URL: url, Query: "activity"}},
	}
}

// answering is a server that says the same to everybody.
func answering(t *testing.T, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// vector is an answer with samples; each begins with the name of its namespace.
func vector(samples ...string) string {
	for i, s := range samples {
		namespace, value, _ := strings.Cut(s, " ")
		samples[i] = fmt.Sprintf(`{"metric":{"namespace":%q},"value":[%d.123,%q]}`, namespace, time.Now().Unix(), value)
	}
	return `{"status":"success","data":{"resultType":"vector","result":[` + strings.Join(samples, ",") + `]}}`
}

func TestMeasureReadsOneNumberForEachNamespace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		samples []string
		want    map[string]bool
	}{
		{"used and idle", []string{"preview-a 0.2", "preview-b 0"}, map[string]bool{"preview-a": true, "preview-b": false}},
		{
			"names match exactly",
			[]string{"preview-slot-10 3", "preview-slot-1 0"},
			map[string]bool{"preview-slot-10": true, "preview-slot-1": false},
		},
		{"one series of several is used", []string{"preview-a 0", "preview-a 1", "preview-a 0"}, map[string]bool{"preview-a": true}},
		{
			"what is no number is unknown",
			[]string{"preview-a NaN", "preview-b +Inf", "preview-c -Inf", "preview-d -1", "preview-e 0"},
			map[string]bool{"preview-e": false},
		},
		{"one series that is no number makes idle unknown", []string{"preview-a 0", "preview-a NaN", "preview-a 0"}, map[string]bool{}},
		{"one series that is no number doesn't hide use", []string{"preview-a NaN", "preview-a 1"}, map[string]bool{"preview-a": true}},
		{"other namespaces aren't ours", []string{"staging 1", "preview 1", "preview-a 1"}, map[string]bool{"preview-a": true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			before := time.Now()
			m, err := prometheus.New(prometheus.Options{}).Measure(t.Context(), policy(answering(t, http.StatusOK, vector(test.samples...))))
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

// Whatever is wrong with an answer, none of it is believed: nothing may seem idle by mistake.
func TestMeasureRefuses(t *testing.T) {
	t.Parallel()
	good := vector("preview-a 0")
	now := time.Now().Unix()
	one := func(rest string) string {
		return `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"namespace":"preview-a"}` + rest + `}]}}`
	}
	for _, test := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"nothing at all", 200, vector(), "knows nothing of any namespace preview-*"},
		{"an empty body", 200, "", "no answer of Prometheus'"},
		{"no content", 204, "", "status 204"},
		{"a web page", 200, "<html>", "no answer of Prometheus'"},
		{"a web page with an error", 502, "<html>bad gateway", "status 502"},
		{"an error of the server", 500, `{"status":"error","errorType":"internal","error":"out of memory"}`, `status 500: "out of memory"`},
		{"a mistake in the query", 400, `{"status":"error","errorType":"bad_data","error":"parse error"}`, `status 400: "parse error"`},
		{"an error that calls itself 200", 200, `{"status":"error","errorType":"timeout","error":"too slow"}`, "too slow"},
		{"a good body with status 500", 500, good, "status 500"},
		{"no status", 200, strings.Replace(good, `"success"`, `""`, 1), "not success"},
		{"another status", 200, strings.Replace(good, `"success"`, `"partial"`, 1), "not success"},
		{"a body that is cut off", 200, good[:len(good)-10], "no answer of Prometheus'"},
		{"two answers", 200, good + good, "no answer of Prometheus'"},
		{"a body that is huge", 200, strings.Repeat(" ", 17<<20) + good, "over 16 MiB"},
		{
			"Thanos' partial answer", 200, strings.Replace(good, `{"status"`, `{"warnings":["fetch series: store unavailable"],"status"`, 1),
			"partial",
		},
		{
			"a warning that samples were dropped", 200,
			strings.Replace(good, `{"status"`, `{"warnings":["PromQL warning: mix of histograms"],"status"`, 1), "partial",
		},
		{"a matrix", 200, strings.Replace(good, "vector", "matrix", 1), "write one that yields an instant vector"},
		{"a scalar", 200, `{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}`, "write one that yields an instant vector"},
		{"no result", 200, `{"status":"success","data":{"resultType":"vector"}}`, "no list of samples"},
		{"null for a result", 200, `{"status":"success","data":{"resultType":"vector","result":null}}`, "no list of samples"},
		{"no data", 200, `{"status":"success"}`, "write one that yields an instant vector"},
		{
			"a sample without the label", 200,
			fmt.Sprintf(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"ns":"preview-a"},"value":[%d,"0"]}]}}`, now),
			"no label namespace",
		},
		{"a sample without a value", 200, one(""), "no pair"},
		{"a sample with half a value", 200, one(fmt.Sprintf(`,"value":[%d]`, now)), "no pair"},
		{"a value that is no text", 200, one(fmt.Sprintf(`,"value":[%d,0]`, now)), "are no time and number"},
		{"a value that isn't there", 200, one(fmt.Sprintf(`,"value":[%d,""]`, now)), "is no number"},
		{"a histogram", 200, one(fmt.Sprintf(`,"histogram":[%d,{"count":"0","sum":"0"}]`, now)), "no histograms"},
		{"an old answer", 200, one(fmt.Sprintf(`,"value":[%d,"0"]`, now-600)), "is a cache in between"},
		{"an answer of tomorrow", 200, one(fmt.Sprintf(`,"value":[%d,"0"]`, now+86400)), "or a clock wrong"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m, err := prometheus.New(prometheus.Options{}).Measure(t.Context(), policy(answering(t, test.status, test.body)))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "127.0.0.1:") {
				t.Errorf("got error %v, want it to say %q and of which server", err, test.want)
			}
			if diff := cmp.Diff(preview.Measurement{}, m); diff != "" {
				t.Errorf("and something was measured: %s", diff)
			}
		})
	}
}

// Prometheus 2.48 to 2.53 remark on metrics' names in the same list as warnings.
func TestMeasureBelievesAnAnswerWithRemarks(t *testing.T) {
	t.Parallel()
	body := strings.Replace(vector("preview-a 0"), `{"status"`, `{"warnings":["PromQL info: metric might not be a counter"],"infos":["x"],"status"`, 1)
	m, err := prometheus.New(prometheus.Options{}).Measure(t.Context(), policy(answering(t, http.StatusOK, body)))
	if diff := cmp.Diff(map[string]bool{"preview-a": false}, m.Used); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestMeasureFollowsNobodyElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := answering(t, http.StatusOK, vector("preview-a 0"))
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect} {
		server := httptest.NewServer(http.RedirectHandler(elsewhere, status))
		t.Cleanup(server.Close)
		if _, err := prometheus.New(prometheus.Options{}).Measure(t.Context(), policy(server.URL)); err == nil || !strings.Contains(err.Error(), "leads elsewhere") {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestMeasureFailsWhereNobodyListens(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	if _, err := prometheus.New(prometheus.Options{}).Measure(t.Context(), policy(server.URL)); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
}

func TestMeasureFailsWhereTheConnectionBreaks(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, vector("preview-a 0"))
	}))
	t.Cleanup(server.Close)
	if _, err := prometheus.New(prometheus.Options{}).Measure(t.Context(), policy(server.URL)); err == nil || !strings.Contains(err.Error(), "unexpected EOF") {
		t.Error(err)
	}
}

// slow answers well, but late: from the beginning, or after a first part of the body.
func slow(late time.Duration, first bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // only when the request is read does the server notice that the client leaves
		body := vector("preview-a 0")
		if !first {
			_, _ = io.WriteString(w, body[:20])
			_ = http.NewResponseController(w).Flush()
			body = body[20:]
		}
		select {
		case <-time.After(late):
			_, _ = io.WriteString(w, body)
		case <-r.Context().Done():
		}
	}
}

func TestMeasureWaitsTenSeconds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		late  time.Duration
		first bool
		fails bool
	}{
		{"an answer after 9 s", 9 * time.Second, true, false},
		{"an answer after 30 s", 30 * time.Second, true, true},
		{"an answer whose end is 30 s late", 30 * time.Second, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pipe := newPipe(slow(test.late, test.first))
				defer pipe.close()
				start := time.Now()
				m, err := prometheus.New(prometheus.Options{Transport: pipe.transport()}).Measure(t.Context(), policy("http://prometheus:9090"))
				took := time.Since(start)
				if test.fails != (err != nil) || (err == nil) != (len(m.Used) == 1) || took != min(test.late, 10*time.Second) {
					t.Errorf("after %s: %v, %v", took, m, err)
				}
			})
		})
	}
}

// pipe is a server that is reached through memory, so that a bubble's clock stands for its time.
type pipe struct {
	connections chan net.Conn
	server      *http.Server
	client      *http.Transport
}

func newPipe(h http.Handler) *pipe {
	p := &pipe{connections: make(chan net.Conn), server: &http.Server{Handler: h}}
	p.client = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		p.connections <- theirs
		return ours, nil
	}}
	go func() { _ = p.server.Serve(p) }()
	return p
}

func (p *pipe) transport() *http.Transport { return p.client }

func (p *pipe) close() {
	p.client.CloseIdleConnections()
	_ = p.server.Close()
}

// Accept, Close and Addr make it a net.Listener.
func (p *pipe) Accept() (net.Conn, error) {
	c, ok := <-p.connections
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p *pipe) Close() error   { close(p.connections); return nil }
func (p *pipe) Addr() net.Addr { return &net.UnixAddr{} }

func TestMeasureNeedsAQuestion(t *testing.T) {
	t.Parallel()
	none := &config.Policy{}
	preset := policy("http://127.0.0.1:1")
	preset.Activity.Prometheus.Query, preset.Activity.Prometheus.Preset = "", "ngnix"
	for want, p := range map[string]*config.Policy{
		"activity.prometheus is not configured": none,
		`"ngnix" is none of envoy-gateway, ingress-nginx, istio, nginx-gateway-fabric, postgresql, traefik`: preset,
	} {
		if _, err := prometheus.New(prometheus.Options{}).Measure(t.Context(), p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
