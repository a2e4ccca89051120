package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/previewset/previewset/internal/cli/apitest"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/preview"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"previewctl": func() { os.Exit(Main()) }})
}

// TestScripts runs every story in testdata/script: previewctl as a process, in a folder of its own.
func TestScripts(t *testing.T) {
	t.Parallel()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // whoever ignores it here lets none of its children see it, as under nohup
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit": exitsWith, "sh": shell, "gitops": gitops, "pushed": pushed, "commits": commits, "serve": serve, "serve-status": serveStatus, "service": service, "examples": examples,
		},
	})
}

// exitsWith runs a command that must end with the given exit code: exit 2 previewctl list.
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// examples runs the examples in the help of a command, or of previewctl itself, in the current folder.
func examples(ts *testscript.TestScript, neg bool, args []string) {
	cmd, _, err := newRootCmd(terminal.New()).Find(args)
	ts.Check(err)
	lines := strings.Split(cmd.Example, "\n")
	if neg || len(lines) < 3 {
		ts.Fatalf("%s has %d examples, want 3", cmd.CommandPath(), len(lines))
	}
	for _, line := range lines {
		ts.Check(ts.Exec("sh", "-c", line))
	}
}

// shell runs a line of shell, for what testscript has no command.
func shell(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sh 'LINE'")
	}
	ts.Check(ts.Exec("sh", "-c", args[0]))
}

// serve starts a service that answers with the rows, decisions and Applications of a file, to who sends the content of
// file token, and sets the variables that point there. What is confirmed it writes to file confirmed, and what
// is asked of an environment to file asked.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve FILE")
	}
	var answers struct {
		Environments []preview.Status                     `json:"environments"`
		Decisions    []preview.Decision                   `json:"decisions"`
		Problems     []string                             `json:"problems"`
		Applications map[string]preview.ApplicationStatus `json:"applications"`
		Usage        json.RawMessage                      `json:"usage"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &answers))
	token := "Bearer " + strings.TrimSpace(ts.ReadFile("token"))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/environments", func(w http.ResponseWriter, _ *http.Request) {
		rows := []preview.Row{}
		for _, s := range answers.Environments {
			rows = append(rows, s.Row)
		}
		apitest.Respond(w, http.StatusOK, map[string]any{"environments": rows})
	})
	mux.HandleFunc("GET /api/v1/environments/{name}/application", func(w http.ResponseWriter, r *http.Request) {
		if a, ok := answers.Applications[r.PathValue("name")]; ok {
			apitest.Respond(w, http.StatusOK, a)
			return
		}
		apitest.Respond(w, http.StatusNotFound, map[string]any{"message": "there is no such Application"})
	})
	mux.HandleFunc("GET /api/v1/environments/{name}", func(w http.ResponseWriter, r *http.Request) {
		for _, row := range answers.Environments {
			if row.Name == r.PathValue("name") {
				if commit := r.FormValue("config_commit"); commit == "" {
					row.ConfigRead = nil
				} else if row.ConfigRead == nil {
					row.ConfigRead = new(isPushed(r.Context(), ts.MkAbs("previews.git"), commit))
				}
				apitest.Respond(w, http.StatusOK, row)
				return
			}
		}
		apitest.Respond(w, http.StatusNotFound, map[string]any{"message": "no live environment has that name; previewctl why says whether one is held or gone"})
	})
	mux.HandleFunc("GET /api/v1/decisions", func(w http.ResponseWriter, r *http.Request) {
		wanted, q := []preview.Decision{}, r.URL.Query()
		for _, d := range answers.Decisions {
			if (q.Get("repository") == "" || d.Repository == q.Get("repository")) && (q.Get("number") == "" || strconv.Itoa(d.Number) == q.Get("number")) {
				wanted = append(wanted, d)
			}
		}
		apitest.Respond(w, http.StatusOK, map[string]any{"decisions": wanted, "problems": answers.Problems})
	})
	mux.HandleFunc("POST /api/v1/confirm", note(ts.MkAbs("confirmed")))
	mux.HandleFunc("POST /api/v1/environments/{name}/{action}", note(ts.MkAbs("asked")))
	mux.HandleFunc("GET /api/v1/usage", func(w http.ResponseWriter, r *http.Request) {
		if err := os.WriteFile(ts.MkAbs("query"), []byte(r.URL.RawQuery+"\n"), 0o600); err != nil {
			apitest.Respond(w, http.StatusInternalServerError, map[string]any{"message": err.Error()})
			return
		}
		apitest.Respond(w, http.StatusOK, answers.Usage)
	})
	start(ts, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != token {
			apitest.Respond(w, http.StatusUnauthorized, map[string]any{"message": "wrong token; send the API token"})
			return
		}
		mux.ServeHTTP(w, r)
	}))
	ts.Setenv("PREVIEWSET_API_TOKEN_FILE", "token")
}

// isPushed says whether a commit is in the branch, as a service does that has just read it.
func isPushed(ctx context.Context, remote, commit string) bool {
	return exec.CommandContext(ctx, "git", "-C", remote, "merge-base", "--is-ancestor", commit, "main").Run() == nil
}

// note writes what is posted, and where, to a file.
func note(file string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = os.WriteFile(file, []byte(strings.TrimPrefix(r.URL.Path, "/api/v1/")+" "+string(body)+"\n"), 0o600)
		}
		if err != nil {
			apitest.Respond(w, http.StatusInternalServerError, map[string]any{"message": err.Error()})
			return
		}
		apitest.Respond(w, http.StatusAccepted, map[string]any{"message": "noted"})
	}
}

// serveStatus starts a service that answers everything in one way: serve-status 503 BODY.
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
