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

// Each command that asks the generator reports once that the generator is slow.
func TestCommandsReportASlowService(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"list": {"list"}, "show": {"show", "team"}, "show of a pull request": {"show", "acme/gateway#12"},
		"open": {"open", "team", "--print"},
		"env":  {"env", "team"}, "why": {"why", "team"}, "wait": {"wait", "team", "--timeout=0"}, "wake": {"wake", "team"},
		"sleep": {"sleep", "team"}, "extend": {"extend", "team"}, "redeploy": {"redeploy", "team"},
		"confirm": {"confirm", "team", "--dry-run"}, "usage": {"usage"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term, out, _ := terminaltest.New("", nil)
			said := &watchedOutput{noticed: make(chan struct{})}
			term.Err = said
			if code := run(t.Context(), term, append(args, "--server="+serveAfterNotice(t, said))); code != 0 {
				t.Errorf("exit code %d: %s%s", code, said, out)
			}
			if n := strings.Count(said.String(), "…"); n != 1 {
				t.Errorf("%d notices, want 1: %q", n, said)
			}
		})
	}
}

// watchedOutput is standard error. It signals the first notice.
type watchedOutput struct {
	mu      sync.Mutex
	text    bytes.Buffer
	once    sync.Once
	noticed chan struct{}
}

func (o *watchedOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if bytes.Contains(p, []byte("…")) {
		o.once.Do(func() { close(o.noticed) })
	}
	return o.text.Write(p)
}

func (o *watchedOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// serveAfterNotice starts a service that answers after the notice, or when the notice is overdue.
func serveAfterNotice(t *testing.T, said *watchedOutput) string {
	t.Helper()
	mux := slowService()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-said.noticed:
		case <-time.After(3 * terminal.SlowAfter):
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// slowService answers each request with the environment team of acme/gateway#12.
func slowService() *http.ServeMux {
	ready, mux := true, http.NewServeMux()
	team := preview.Status{Row: preview.Row{Name: "team", URL: "https://team.preview.test"}, Ready: &ready}
	decision := preview.Decision{
		Outcome: preview.Live, Environment: "team", Repository: "acme/gateway", Number: 12, Withheld: true,
	}
	for pattern, body := range map[string]any{
		"GET /api/v1/environments/team": team,
		"GET /api/v1/environments":      map[string]any{"environments": []preview.Row{team.Row}},
		"GET /api/v1/decisions":         apiclient.Decisions{Decisions: []preview.Decision{decision}},
		"GET /api/v1/usage":             apiclient.Usage{Usage: preview.Usage{Rows: []preview.UsageRow{}}},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { apitest.Respond(w, http.StatusOK, body) })
	}
	mux.HandleFunc("POST /api/v1/environments/team/{action}", func(w http.ResponseWriter, _ *http.Request) {
		apitest.Respond(w, http.StatusAccepted, map[string]string{"message": "noted"})
	})
	return mux
}
