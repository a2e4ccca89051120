package cli

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/apitest"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/cli/terminaltest"
	"github.com/previewset/previewset/internal/preview"
)

// Every command that asks the service says so where that takes long, and once.
func TestWhoAsksASlowServiceIsTold(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"list": {"list"}, "show": {"show", "team"}, "show of a pull request": {"show", "acme/gateway#12"}, "open": {"open", "team", "--print"},
		"env": {"env", "team"}, "why": {"why", "team"}, "wait": {"wait", "team", "--timeout=0"}, "wake": {"wake", "team"},
		"sleep": {"sleep", "team"}, "extend": {"extend", "team"}, "confirm": {"confirm", "team", "--dry-run"}, "usage": {"usage"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, out, _ := terminaltest.New("", nil)
			said := &listening{heard: make(chan struct{})}
			env.Err = said
			if code := run(t.Context(), env, append(args, "--server="+serveSlowly(t, said))); code != 0 {
				t.Errorf("exit code %d: %s%s", code, said, out)
			}
			if n := strings.Count(said.String(), "…"); n != 1 {
				t.Errorf("it says %d times that it takes long: %q", n, said)
			}
		})
	}
}

// listening is standard error, and tells when it is said that something takes long.
type listening struct {
	mu    sync.Mutex
	said  bytes.Buffer
	once  sync.Once
	heard chan struct{}
}

func (l *listening) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if bytes.Contains(p, []byte("…")) {
		l.once.Do(func() { close(l.heard) })
	}
	return l.said.Write(p)
}

func (l *listening) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.String()
}

// serveSlowly answers once somebody was told that it takes long, or would have to be by now.
func serveSlowly(t *testing.T, said *listening) string {
	t.Helper()
	ready, mux := true, http.NewServeMux()
	team := preview.Status{Row: preview.Row{Name: "team", URL: "https://team.preview.test"}, Ready: &ready}
	mux.HandleFunc("GET /api/v1/environments/team", func(w http.ResponseWriter, _ *http.Request) { apitest.Respond(w, http.StatusOK, team) })
	mux.HandleFunc("GET /api/v1/environments", func(w http.ResponseWriter, _ *http.Request) {
		apitest.Respond(w, http.StatusOK, map[string]any{"environments": []preview.Row{team.Row}})
	})
	mux.HandleFunc("GET /api/v1/decisions", func(w http.ResponseWriter, _ *http.Request) {
		apitest.Respond(w, http.StatusOK, apiclient.Decisions{Decisions: []preview.Decision{{Outcome: preview.Live, Environment: "team", Repository: "acme/gateway", Number: 12, Withheld: true}}})
	})
	mux.HandleFunc("GET /api/v1/usage", func(w http.ResponseWriter, _ *http.Request) {
		apitest.Respond(w, http.StatusOK, apiclient.Usage{Usage: preview.Usage{Rows: []preview.UsageRow{}}})
	})
	mux.HandleFunc("POST /api/v1/environments/team/{action}", func(w http.ResponseWriter, _ *http.Request) {
		apitest.Respond(w, http.StatusAccepted, map[string]string{"message": "noted"})
	})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-said.heard:
		case <-time.After(3 * terminal.SlowAfter):
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}
