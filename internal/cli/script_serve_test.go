package cli

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/apitest"
	"github.com/previewset/previewset/internal/preview"
)

// serve starts a simulated service with the answers of a file, and sets the variables that point to it. A request needs
// the token of file token. Confirmations go to file confirmed, requests to file asked, and queries of usage to file
// query.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve FILE")
	}
	var a answers
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &a))
	a.remote = ts.MkAbs("previews.git")
	token := "Bearer " + strings.TrimSpace(ts.ReadFile("token"))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/environments", a.serveEnvironments)
	mux.HandleFunc("GET /api/v1/environments/{name}/application", a.serveApplication)
	mux.HandleFunc("GET /api/v1/environments/{name}", a.serveEnvironment)
	mux.HandleFunc("GET /api/v1/decisions", a.serveDecisions)
	mux.HandleFunc("POST /api/v1/confirm", record(ts.MkAbs("confirmed")))
	mux.HandleFunc("POST /api/v1/environments/{name}/{action}", record(ts.MkAbs("asked")))
	mux.HandleFunc("GET /api/v1/usage", func(w http.ResponseWriter, r *http.Request) {
		if err := os.WriteFile(ts.MkAbs("query"), []byte(r.URL.RawQuery+"\n"), 0o600); err != nil {
			respondMessage(w, http.StatusInternalServerError, err.Error())
			return
		}
		apitest.Respond(w, http.StatusOK, a.Usage)
	})
	start(ts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != token {
			respondMessage(w, http.StatusUnauthorized, "wrong token; send the API token")
			return
		}
		mux.ServeHTTP(w, r)
	}))
	ts.Setenv("PREVIEWSET_API_TOKEN_FILE", "token")
}

// answers are the answers of a simulated service.
type answers struct {
	Environments []preview.Status                     `json:"environments"`
	Decisions    []preview.Decision                   `json:"decisions"`
	Problems     []string                             `json:"problems"`
	Applications map[string]preview.ApplicationStatus `json:"applications"`
	Usage        json.RawMessage                      `json:"usage"`

	remote string // the bare GitOps repository
}

func (a *answers) serveEnvironments(w http.ResponseWriter, _ *http.Request) {
	rows := []apiclient.Environment{}
	for _, s := range a.Environments {
		row := apiclient.Environment{Row: s.Row}
		if s.Progress.Phase != "" {
			row.Progress = &s.Progress
		}
		rows = append(rows, row)
	}
	apitest.Respond(w, http.StatusOK, map[string]any{"environments": rows})
}

func (a *answers) serveApplication(w http.ResponseWriter, r *http.Request) {
	if application, ok := a.Applications[r.PathValue("name")]; ok {
		apitest.Respond(w, http.StatusOK, application)
		return
	}
	respondMessage(w, http.StatusNotFound, "there is no such Application")
}

func (a *answers) serveEnvironment(w http.ResponseWriter, r *http.Request) {
	for _, s := range a.Environments {
		if s.Name != r.PathValue("name") {
			continue
		}
		if commit := r.FormValue("config_commit"); commit == "" {
			s.ConfigRead = nil
		} else if s.ConfigRead == nil {
			s.ConfigRead = new(isPushed(r.Context(), a.remote, commit))
		}
		apitest.Respond(w, http.StatusOK, s)
		return
	}
	respondMessage(w, http.StatusNotFound, "no live environment has that name; previewctl why says whether one is held or gone")
}

func (a *answers) serveDecisions(w http.ResponseWriter, r *http.Request) {
	found, q := []preview.Decision{}, r.URL.Query()
	for _, d := range a.Decisions {
		isRepository := q.Get("repository") == "" || d.Repository == q.Get("repository")
		isNumber := q.Get("number") == "" || strconv.Itoa(d.Number) == q.Get("number")
		if isRepository && isNumber {
			found = append(found, d)
		}
	}
	apitest.Respond(w, http.StatusOK, map[string]any{"decisions": found, "problems": a.Problems})
}

func respondMessage(w http.ResponseWriter, code int, message string) {
	apitest.Respond(w, code, map[string]any{"message": message})
}

// isPushed reports whether a commit is in the remote's branch, like a service that has just read it.
func isPushed(ctx context.Context, remote, commit string) bool {
	return exec.CommandContext(ctx, "git", "-C", remote, "merge-base", "--is-ancestor", commit, "main").Run() == nil
}

// record writes the path and body of each request to a file.
func record(file string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			line := strings.TrimPrefix(r.URL.Path, "/api/v1/") + " " + string(body) + "\n"
			err = os.WriteFile(file, []byte(line), 0o600)
		}
		if err != nil {
			respondMessage(w, http.StatusInternalServerError, err.Error())
			return
		}
		respondMessage(w, http.StatusAccepted, "noted")
	}
}

// serveStatus starts a service with the same answer to each request: serve-status 503 BODY.
func serveStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: serve-status CODE BODY")
	}
	code, err := strconv.Atoi(args[0])
	ts.Check(err)
	start(ts, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if code == http.StatusFound {
			w.Header().Set("Location", args[1])
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(args[1]))
	}))
}

func start(ts *testscript.TestScript, h http.Handler) {
	s := httptest.NewServer(h)
	ts.Defer(s.Close)
	ts.Setenv("PREVIEWSET_SERVER", s.URL)
}
