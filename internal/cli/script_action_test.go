package cli

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/internal/oidctest"
)

// composite is a composite action: https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax.
type composite struct {
	Inputs map[string]struct {
		Description string
		Default     string
	}
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID, If, Shell, Run string
			Env                map[string]string
		}
	}
}

var (
	expressionPattern = regexp.MustCompile(`\$\{\{ ([a-z.-]+) \}\}`)
	conditionPattern  = regexp.MustCompile(`^inputs\.([a-z-]+) != ''$`)
)

// action runs the project's action like a runner of GitHub Actions: action INPUTS, a YAML file. It writes the action's
// outputs to file outputs, one a line. "! action INPUTS" expects a failed step.
func action(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: action FILE")
	}
	r := newRunner(ts, args[0])
	var err error
	for i := range r.action.Runs.Steps {
		if err = r.step(i); err != nil {
			break
		}
	}
	r.writeOutputs()
	if (err != nil) != neg {
		ts.Fatalf("the action: %v", err)
	}
}

type runner struct {
	ts      *testscript.TestScript
	action  composite
	inputs  map[string]string
	outputs map[string]string // by steps.<id>.outputs.<name>
}

func newRunner(ts *testscript.TestScript, file string) *runner {
	r := &runner{ts: ts, inputs: map[string]string{}, outputs: map[string]string{}}
	folder := ts.Getenv("ACTION")
	content, err := os.ReadFile(filepath.Join(folder, "action.yml"))
	ts.Check(err)
	ts.Check(yaml.Unmarshal(content, &r.action))
	if r.action.Runs.Using != "composite" {
		ts.Fatalf("the action isn't composite")
	}
	given := map[string]string{}
	ts.Check(yaml.Unmarshal([]byte(ts.ReadFile(file)), &given))
	for name, input := range r.action.Inputs {
		if r.inputs[name] = input.Default; input.Description == "" {
			ts.Fatalf("input %s has no description", name)
		}
	}
	for name := range given {
		if _, ok := r.inputs[name]; !ok {
			ts.Fatalf("the action has no input %s", name)
		}
	}
	maps.Copy(r.inputs, given)
	return r
}

// evaluate replaces expressions such as ${{ inputs.name }}.
func (r *runner) evaluate(text string) string {
	return expressionPattern.ReplaceAllStringFunc(text, func(found string) string {
		name := expressionPattern.FindStringSubmatch(found)[1]
		if input, isInput := strings.CutPrefix(name, "inputs."); isInput {
			value, ok := r.inputs[input]
			if !ok {
				r.ts.Fatalf("the action uses the unknown input %s", input)
			}
			return value
		}
		return r.outputs[name]
	})
}

// step runs a step as the runner does with "shell: bash", with the files for its outputs, variables and paths.
func (r *runner) step(i int) error {
	s := r.action.Runs.Steps[i]
	if s.If != "" {
		m := conditionPattern.FindStringSubmatch(s.If)
		if m == nil {
			r.ts.Fatalf("this test can't evaluate %s", s.If)
		}
		if r.inputs[m[1]] == "" {
			return nil
		}
	}
	if s.Shell != "bash" || strings.Contains(s.Run, "${{") {
		r.ts.Fatalf("step %s has no bash, or an expression in its script", s.ID)
	}
	files := map[string]string{}
	environ := []string{"GITHUB_ACTION_PATH=" + r.ts.Getenv("ACTION")}
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"} {
		files[name] = filepath.Join(r.ts.Getenv("RUNNER_TEMP"), strings.ToLower(name))
		r.ts.Check(os.WriteFile(files[name], nil, 0o600))
		environ = append(environ, name+"="+files[name])
	}
	for name, value := range s.Env {
		environ = append(environ, name+"="+r.evaluate(value))
	}
	script := filepath.Join(r.ts.Getenv("RUNNER_TEMP"), s.ID+".sh")
	r.ts.Check(os.WriteFile(script, []byte(s.Run), 0o600))
	err := r.ts.Exec("env", append(environ, "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script)...)
	for line := range strings.Lines(r.ts.ReadFile(files["GITHUB_OUTPUT"])) {
		name, value, isOutput := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !isOutput {
			r.ts.Fatalf("step %s wrote %q to GITHUB_OUTPUT", s.ID, line)
		}
		r.outputs["steps."+s.ID+".outputs."+name] = value
	}
	for path := range strings.Lines(r.ts.ReadFile(files["GITHUB_PATH"])) {
		r.ts.Setenv("PATH", strings.TrimSpace(path)+string(os.PathListSeparator)+r.ts.Getenv("PATH"))
	}
	return err
}

func (r *runner) writeOutputs() {
	var b strings.Builder
	for name, output := range r.action.Outputs {
		fmt.Fprintf(&b, "%s=%s\n", name, r.evaluate(output.Value))
	}
	r.ts.Check(os.WriteFile(r.ts.MkAbs("outputs"), []byte(b.String()), 0o600))
}

// release serves a release with an archive of a program: release VERSION PROGRAM. Its checksum is wrong after
// "release VERSION PROGRAM wrong".
func release(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: release VERSION PROGRAM [wrong]")
	}
	var archive bytes.Buffer
	compressed := gzip.NewWriter(&archive)
	w, program := tar.NewWriter(compressed), ts.ReadFile(args[1])
	ts.Check(w.WriteHeader(&tar.Header{Name: "previewctl", Mode: 0o755, Size: int64(len(program))}))
	_, err := w.Write([]byte(program))
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(compressed.Close())
	name := fmt.Sprintf("previewctl_%s_%s_%s.tar.gz", args[0], runtime.GOOS, runtime.GOARCH)
	sum := fmt.Sprintf("%x", sha256.Sum256(archive.Bytes()))
	if len(args) > 2 {
		sum = strings.Repeat("0", len(sum))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/v"+args[0]+"/"+name, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(archive.Bytes())
	})
	mux.HandleFunc("/v"+args[0]+"/checksums.txt", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "%s  other.tar.gz\n%s  %s\n", strings.Repeat("1", len(sum)), sum, name)
	})
	s := httptest.NewServer(mux)
	ts.Defer(s.Close)
	ts.Setenv("PREVIEWSET_RELEASES", s.URL)
}

// repositoryID returns the numeric ID of a repository.
func repositoryID(ts *testscript.TestScript, hub, name string) string {
	answer, err := http.Get(hub + "/repos/" + name)
	ts.Check(err)
	defer func() { _ = answer.Body.Close() }()
	var r struct{ ID int64 }
	ts.Check(json.NewDecoder(answer.Body).Decode(&r))
	return strconv.FormatInt(r.ID, 10)
}

// actionsTokens simulates the part of GitHub that gives tokens to jobs, and sets the variables that point to it. The job
// belongs to repository acme/shop.
func actionsTokens(ts *testscript.TestScript, repository string) *signin.Workflows {
	issuer, err := oidctest.Start(time.Now)
	ts.Check(err)
	ts.Defer(issuer.Close)
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		token, err := issuer.Sign(map[string]any{
			"iss": issuer.URL, "aud": r.FormValue("audience"), "sub": "repo:acme/shop:pull_request",
			"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
			"repository": "acme/shop", "repository_id": repository, "actor": "alice",
		})
		if err != nil || r.Header.Get("Authorization") != "Bearer job" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"value": token})
	}))
	ts.Defer(tokens.Close)
	ts.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", tokens.URL+"/token?api-version=2.0")
	ts.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job")
	return signin.NewWorkflows(issuer.URL, "previewset", time.Now)
}
