package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/preview"
)

// terminal is a person at a terminal who types what in says.
func terminal(in string, environ map[string]string) (env *process, out, err *bytes.Buffer) {
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	return &process{
		In: strings.NewReader(in), Out: out, Err: err, InTTY: true, OutTTY: true,
		Getenv: func(name string) string { return environ[name] },
		Now:    func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	}, out, err
}

func TestInitAsksOnATerminal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in   string
		args       []string
		wantAsked  []string
		wantDomain string
		wantCode   int
	}{
		{"both answered", "git@git.test:a/b.git\nprev.test\n", nil, []string{"Address of", "Domain of"}, "domain: prev.test\n", 0},
		{"nothing answered", "\n\n", nil, []string{"Address of", "Domain of", "still the example's"}, "domain: preview.example.dev\n", 0},
		{"one is a flag", "git@git.test:a/b.git\n", []string{"--domain", "flag.test"}, []string{"Address of"}, "domain: flag.test\n", 0},
		{"the end of input", "", nil, []string{"still the example's"}, "domain: preview.example.dev\n", 0},
		{"a wrong answer", "nonsense\n\n", nil, []string{"--repo-url is not an address"}, "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "previews")
			env, _, asked := terminal(tt.in, nil)
			if code := run(t.Context(), env, append([]string{"init", dir}, tt.args...)); code != tt.wantCode {
				t.Errorf("exit code %d, want %d:\n%s", code, tt.wantCode, asked)
			}
			for _, text := range tt.wantAsked {
				if !strings.Contains(asked.String(), text) {
					t.Errorf("standard error doesn't say %q:\n%s", text, asked)
				}
			}
			policy, _ := os.ReadFile(filepath.Join(dir, "previewset.yaml"))
			if !strings.Contains("\n"+string(policy), "\n"+tt.wantDomain) || (tt.wantDomain == "") != (len(policy) == 0) {
				t.Errorf("previewset.yaml doesn't have %q:\n%s", tt.wantDomain, policy)
			}
		})
	}
}

func TestColourIsForTerminals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		tty     bool
		environ map[string]string
		want    string
	}{
		{"a terminal", true, nil, "\x1b[32mok\x1b[0m"},
		{"a pipe", false, nil, "ok"},
		{"NO_COLOR", true, map[string]string{"NO_COLOR": "1"}, "ok"},
		{"a dumb terminal", true, map[string]string{"TERM": "dumb"}, "ok"},
	}
	for _, tt := range tests {
		env, _, _ := terminal("", tt.environ)
		env.OutTTY = tt.tty
		if got := env.colour(green, "ok"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestListIsATableOnATerminal(t *testing.T) {
	t.Parallel()
	env, out, _ := terminal("", nil)
	o := &listOptions{env: env}
	since := env.Now().Add(-3 * time.Hour)
	err := o.print(listing{
		Environments: []preview.Row{{Name: "shop-pr-7", State: "awake", Source: "pull-request", Owner: "al\x1b[2Jice", Profile: "full", URL: "https://x"}},
		Decisions: []preview.Decision{
			{Outcome: preview.Live, Environment: "shop-pr-7", Since: since},
			{Outcome: preview.Held, Rule: "file", Environment: "mine", Reason: "broken\u202e", Since: since},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `NAME       STATE  SOURCE        OWNER     PROFILE  SERVICES  URL        AGE
shop-pr-7  awake  pull-request  al[2Jice  full     -         https://x  3h

NOT LIVE  STATE  RULE  AGE  REASON  WHAT TO DO
mine      held   file  3h   broken  -
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

func TestEscapedMeansTheSame(t *testing.T) {
	t.Parallel()
	want := map[string]string{"title": "a\u202eb\x1b[31m\u200b\U000e0041\u0085 plain \u00e4"}
	for _, format := range []string{"json", "yaml"} {
		var b bytes.Buffer
		if err := encode(&b, format, want); err != nil {
			t.Fatal(err)
		}
		if hides(b.String()) {
			t.Errorf("%s hides something: %q", format, b.String())
		}
		var got map[string]string
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}

func TestRepoURLs(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"https://github.com/acme/previews.git":       true,
		"http://127.0.0.1:3000/previews":             true,
		"ssh://git@git.test:22/acme/previews.git":    true,
		"git@github.com:acme/previews.git":           true,
		"file:///srv/git/previews.git":               true,
		"https://token@github.com/acme/previews.git": false,
		"https://u:p@github.com/acme/previews.git":   false,
		"https://github.com/acme/previews.git?x=1":   false,
		"https://github.com/a b":                     false,
		"https://github.com/a: b":                    false,
		"ext::sh -c id":                              false,
		"--upload-pack=id":                           false,
		"/srv/previews":                              false,
		"https://github.com/a\nb":                    false,
	}
	for address, want := range tests {
		if got := isRepoURL(address); got != want {
			t.Errorf("isRepoURL(%q) = %v", address, got)
		}
	}
}

func TestScalarsStayTexts(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"main": "main", "release/1": "release/1", "1.10": `"1.10"`, "true": `"true"`, "null": `"null"`, "on": `"on"`, "2026-01-02": `"2026-01-02"`} {
		if got := scalar(in); got != want {
			t.Errorf("scalar(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestAges(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 90 * time.Second: "90s", 5 * time.Minute: "5m", 47 * time.Hour: "47h", 49 * time.Hour: "2d",
	} {
		if got := shortly(d); got != want {
			t.Errorf("shortly(%s) = %s, want %s", d, got, want)
		}
	}
}

// Every command explains itself, and every flag of a few words completes.
func TestCommandsExplainThemselves(t *testing.T) {
	t.Parallel()
	env, _, _ := terminal("", nil)
	for _, cmd := range allCommands(newRootCmd(env)) {
		if cmd.Name() == "completion" || cmd.Parent().Name() == "completion" || cmd.Name() == "help" || cmd.IsAdditionalHelpTopicCommand() {
			continue
		}
		if cmd.Short == "" || cmd.Long == "" || cmd.Args == nil || len(strings.Split(cmd.Example, "\n")) != 3 {
			t.Errorf("%s lacks a short or long text, a check of its arguments, or three examples", cmd.Name())
		}
		if cmd.Flags().Lookup("output") != nil && !completes(cmd, "output") {
			t.Errorf("%s -o doesn't complete", cmd.Name())
		}
	}
}

func allCommands(cmd *cobra.Command) []*cobra.Command {
	found := cmd.Commands()
	for _, c := range cmd.Commands() {
		found = append(found, allCommands(c)...)
	}
	return found
}

func completes(cmd *cobra.Command, flag string) bool {
	f, ok := cmd.GetFlagCompletionFunc(flag)
	if !ok {
		return false
	}
	values, _ := f(cmd, nil, "")
	return len(values) > 0
}

func TestConfirmAsksOnATerminal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in  string
		args      []string
		wantCode  int
		confirmed bool
	}{
		{"yes", "y\n", nil, 0, true},
		{"yes in full, in capitals", " YES\n", nil, 0, true},
		{"yes without end of line", "yes", nil, 0, true},
		{"no", "n\n", nil, 1, false},
		{"nothing", "\n", nil, 1, false},
		{"the end of input", "", nil, 1, false},
		{"yes by flag", "", []string{"--yes"}, 0, true},
		{"a dry run", "y\n", []string{"--dry-run"}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					respond(w, http.StatusOK, map[string]any{"decisions": []preview.Decision{{Outcome: preview.Live, Environment: "shop-pr-7", Withheld: true, Reason: "it stays"}}})
					return
				}
				body, _ := io.ReadAll(r.Body)
				got = r.URL.Path + " " + string(body)
				respond(w, http.StatusAccepted, map[string]any{"message": "confirmed"})
			}))
			defer s.Close()
			env, _, asked := terminal(tt.in, map[string]string{"PREVIEWSET_SERVER": s.URL, "USER": "alice"})
			if code := run(t.Context(), env, append([]string{"confirm", "shop-pr-7"}, tt.args...)); code != tt.wantCode {
				t.Errorf("exit code %d, want %d:\n%s", code, tt.wantCode, asked)
			}
			want := ""
			if tt.confirmed {
				want = `/api/v1/confirm {"environments":["shop-pr-7"],"caller":"alice"}`
			}
			if got != want {
				t.Errorf("sent %q, want %q", got, want)
			}
			if shown := asked.String(); !strings.Contains(shown, "shop-pr-7") || strings.Contains(shown, "Confirm? [y/N]") == (len(tt.args) > 0) {
				t.Errorf("standard error says\n%s", shown)
			}
			if tt.wantCode == 1 && !strings.Contains(asked.String(), "previewctl: nothing was confirmed") {
				t.Errorf("standard error doesn't say that nothing happened:\n%s", asked)
			}
		})
	}
}

func TestWhyIsColouredOnATerminal(t *testing.T) {
	t.Parallel()
	env, out, _ := terminal("", nil)
	o := &whyOptions{env: env}
	since := env.Now().Add(-3 * time.Hour)
	for _, d := range []preview.Decision{
		{Outcome: preview.Live, Rule: "labelled", Environment: "a", Since: since}, {Outcome: preview.Live, Rule: "draft", Environment: "b"},
	} {
		if err := o.explain(d); err != nil {
			t.Fatal(err)
		}
	}
	want := "a is \x1b[32mlive\x1b[0m, for 3h (since 2026-01-02T00:04:05Z)\n  Environment  a\n  Rule         labelled\n" +
		"b is \x1b[33mlive\x1b[0m\n  Environment  b\n  Rule         draft\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
