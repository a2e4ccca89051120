package generator_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/prometheus"
)

// idlePolicy lets environments sleep after 30 minutes without use, and removes them after 2 hours.
const idlePolicy = `activity: {prometheus: {url: "http://prometheus.example", query: "sum by (namespace) (requests)"}}
lifetime: {deleteAfterIdle: 2h, sleep: {idleAfter: 30m}}
`

// prometheusServer answers queries over a network without sockets. A test sets the answer.
type prometheusServer struct {
	mu      sync.Mutex
	answer  http.HandlerFunc
	queries int
}

func (p *prometheusServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	answer := p.answer
	p.queries++
	p.mu.Unlock()
	_, _ = io.Copy(io.Discard, r.Body) // else the server doesn't notice that the client disconnects
	answer(w, r)
}

func (p *prometheusServer) set(answer http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *prometheusServer) times() int { p.mu.Lock(); defer p.mu.Unlock(); return p.queries }

// vector answers with one value per namespace.
func vector(values map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var samples []string
		for namespace, value := range values {
			samples = append(samples, fmt.Sprintf(`{"metric":{"namespace":%q},"value":[%d,%q]}`, namespace, time.Now().Unix(), value))
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[%s]}}`, strings.Join(samples, ","))
	}
}

func text(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// startPrometheus starts a server within a bubble of synctest.
func startPrometheus(t *testing.T, answer http.HandlerFunc) (*prometheusServer, *pipeNetwork, func(*generator.Options)) {
	t.Helper()
	p, network := &prometheusServer{answer: answer}, newPipeNetwork()
	server := &http.Server{Handler: p}
	go func() { _ = server.Serve(network) }()
	transport := network.transport()
	transport.DisableKeepAlives = true
	t.Cleanup(func() { _ = server.Close() })
	client := prometheus.New(prometheus.Options{Transport: transport})
	return p, network, func(o *generator.Options) { o.Activity = client }
}

var allIdle = map[string]string{"preview-gateway-pr-1": "0", "preview-gateway-pr-2": "0", "preview-shop-pr-7": "0"}

// shopNamespace is the namespace of shop-pr-7.
const shopNamespace = "preview-shop-pr-7"

// idleExcept answers that the gateway environments are idle, with another value for one namespace.
func idleExcept(name, value string) http.HandlerFunc {
	values := map[string]string{"preview-gateway-pr-1": "0", "preview-gateway-pr-2": "0"}
	if value != "" {
		values[name] = value
	}
	return vector(values)
}

var sleepAndRemovalNeedEvidenceCases = map[string]struct {
	answer http.HandlerFunc
	kill   bool
	awake  []string // environments that stay awake
}{
	"all are idle":             {vector(allIdle), false, nil},
	"the shop is used":         {idleExcept(shopNamespace, "0.001"), false, []string{"shop-pr-7"}},
	"the shop is missing":      {idleExcept(shopNamespace, ""), false, []string{"shop-pr-7"}},
	"the shop is NaN":          {idleExcept(shopNamespace, "NaN"), false, []string{"shop-pr-7"}},
	"the shop is infinite":     {idleExcept(shopNamespace, "-Inf"), false, []string{"shop-pr-7"}},
	"the shop is below zero":   {idleExcept(shopNamespace, "-1"), false, []string{"shop-pr-7"}},
	"another with a like name": {idleExcept("preview-shop-pr-77", "0"), false, []string{"shop-pr-7"}},
	"an empty vector":          {vector(nil), false, testworld.AllNames},
	"only NaN": {
		vector(map[string]string{"preview-gateway-pr-1": "NaN", "preview-gateway-pr-2": "NaN", shopNamespace: "NaN"}), false, testworld.AllNames,
	},
	"an error": {
		text(http.StatusUnprocessableEntity, `{"status":"error","errorType":"execution","error":"query timed out"}`), false,
		testworld.AllNames,
	},
	"an error with a 200": {
		text(http.StatusOK, `{"status":"error","error":"no","data":{"resultType":"vector","result":[]}}`), false, testworld.AllNames,
	},
	"a partial answer": {
		text(http.StatusOK, `{"status":"success","warnings":["a store is away"],`+
			`"data":{"resultType":"vector","result":[{"metric":{"namespace":"preview-shop-pr-7"},"value":[0,"0"]}]}}`),
		false, testworld.AllNames,
	},
	"half an answer": {
		text(http.StatusOK, `{"status":"success","data":{"resultType":"vector","result":[{"metric"`), false,
		testworld.AllNames,
	},
	"a login page":  {text(http.StatusOK, `<html>Sign in</html>`), false, testworld.AllNames},
	"30 s of delay": {func(_ http.ResponseWriter, r *http.Request) { waits(r, 30*time.Second) }, false, testworld.AllNames},
	"an old answer": {
		text(
			http.StatusOK,
			`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"namespace":"preview-shop-pr-7"},"value":[946684800,"0"]}]}}`,
		),
		false, testworld.AllNames,
	},
	"nothing: killed": {vector(allIdle), true, testworld.AllNames},
}

// Environments sleep after 30 minutes and are removed after 2 hours only if Prometheus reports that they are idle.
// After any other answer they stay awake.
func TestSleepAndRemovalNeedEvidence(t *testing.T) {
	t.Parallel()
	for name, tt := range sleepAndRemovalNeedEvidenceCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				idle := vector(allIdle)
				p, network, with := startPrometheus(t, idle)
				w := testworld.New()
				w.Tree = testworld.Tree(1, testworld.Policy+idlePolicy)
				s := testworld.NewService(t, w, with, testworld.WithRealTime, testworld.WithClock, testworld.WithoutLog)
				s.Start(t)
				testworld.Advance(20 * time.Minute) // all are idle, but not long enough
				p.set(tt.answer)
				if tt.kill {
					_ = network.Close()
				}
				want := map[string]bool{}
				for _, name := range tt.awake {
					want[name] = true
				}
				for hours := range 4 {
					testworld.Advance(time.Hour)
					states := s.States(t)
					for _, name := range testworld.AllNames {
						switch state, lives := states[name]; {
						case want[name] && state != preview.Awake:
							t.Fatalf("%s is %q after %d hours without evidence", name, state, hours+1)
						case !want[name] && lives && hours >= 2:
							t.Errorf("%s is %s after %d idle hours", name, state, hours+1)
						case !want[name] && state == preview.Awake:
							t.Errorf("%s is awake after %d idle hours", name, hours+1)
						}
					}
				}
				if p.times() < 20 {
					t.Errorf("Prometheus got %d queries", p.times())
				}
			})
		})
	}
}

// waits delays an answer unless the client disconnects.
func waits(r *http.Request, long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}
