// Package programs is the table of attacks on the programs: what an actor sends, pushes or lets GitHub answer, and the
// expected refusal. The attacks run against the real programs preview-generator and previewctl, with real Git over HTTP and a simulated
// GitHub. Every actor of docs/threat-model.md has rows here, or its tests are named there.
//
// It has no cluster. Package attack sends objects to a real Kubernetes API, and the stories use Argo CD.
package programs

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/e2e/toolchain"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// actor is a row of docs/threat-model.md.
type actor string

// The actors.
const (
	writer        actor = "writer of a configured repository"
	labeller      actor = "person who may only label"
	forkAuthor    actor = "author of a fork"
	overlayWriter actor = "writer of overlays and slots"
	internet      actor = "visitor from the internet"
	github        actor = "GitHub and Git host"
)

// Tokens of the generator.
const (
	argoToken = "argo-token-0123456789abcdef"
	apiToken  = "api-token-0123456789abcdef"
)

// patience is the longest time that the generator may need for a change. The machine may be busy.
const patience = 30 * time.Second

// programs are the paths of the built programs. repository is the folder that previewctl init wrote.
var (
	programs   = map[string]string{}
	repository string
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, stop := process.OnInterrupt()
	defer stop()
	folder, err := os.MkdirTemp("", "previewset-attack-")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := prepare(ctx, folder); err != nil {
		log.Print(err)
		return 1
	}
	return process.RunTests(ctx, m)
}

func prepare(ctx context.Context, folder string) error {
	tools, err := toolchain.Open(ctx)
	if err != nil {
		return err
	}
	for _, name := range []string{"preview-generator", "previewctl"} {
		if programs[name], err = tools.BuildOwn(ctx, folder, name); err != nil {
			return err
		}
	}
	repository = filepath.Join(folder, "repository")
	_, err = process.Output(ctx, process.Command{
		Path: programs["previewctl"], Dir: folder,
		Args: []string{
			"init", repository, "--domain=preview.example.dev", "--example", "--example-repository=acme/shop",
			"--example-repository=acme/gateway",
		},
	})
	return err
}

// world is a running service with its sources.
type world struct {
	git           *gitserver.Server
	github        *githubtest.Server
	shop, gateway *githubtest.Repo
	review        int64 // the review that approves pull request 1
	// private and public are the addresses of the generator's listeners. webhookSecret signs webhooks.
	private, public, webhookSecret string
	running                        *process.Group
}

// begin starts a service on the example's GitOps repository, with replaced texts in previewset.yaml and more changes.
func begin(t *testing.T, replace []string, more ...func(*os.Root) error) *world {
	t.Helper()
	w := prepareWorld(t, replace, more...)
	w.start(t, func(c process.Command) process.Command { return c })
	return w
}

// prepareWorld makes the sources of a service that isn't started yet.
func prepareWorld(t *testing.T, replace []string, more ...func(*os.Root) error) *world {
	t.Helper()
	w := &world{github: githubtest.New(), webhookSecret: rand.Text()}
	w.shop, w.gateway = w.github.AddRepository("acme/shop"), w.github.AddRepository("acme/gateway")
	var err error
	if w.git, err = gitserver.Start(t.Context(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.git.Close)
	change := gitserver.All(append([]func(*os.Root) error{gitserver.Copy(repository), policy(replace)}, more...)...)
	w.push(t, change)
	return w
}

// policy replaces texts in previewset.yaml: old and new ones in turn.
func policy(replace []string) func(*os.Root) error {
	return func(tree *os.Root) error {
		content, err := tree.ReadFile("previewset.yaml")
		if err != nil {
			return err
		}
		text := string(content)
		for pair := range slices.Chunk(replace, 2) {
			if !strings.Contains(text, pair[0]) {
				return fmt.Errorf("the example's previewset.yaml lacks %q", pair[0])
			}
			text = strings.Replace(text, pair[0], pair[1], 1)
		}
		return tree.WriteFile("previewset.yaml", []byte(text), 0o600)
	}
}

// push commits a change to the config branch, as a person with write access does.
func (w *world) push(t *testing.T, change func(*os.Root) error) {
	t.Helper()
	if _, err := w.git.Change(t.Context(), "Change", change); err != nil {
		t.Fatal(err)
	}
}

// start starts the generator, with a changed command.
func (w *world) start(t *testing.T, change func(process.Command) process.Command) {
	t.Helper()
	api := httptest.NewServer(w.github)
	t.Cleanup(api.Close)
	ports, err := process.FreePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err = os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	private, public := fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	group := process.NewGroup(folder)
	t.Cleanup(group.Close)
	w.running = group
	_, err = group.Start(change(process.Command{
		Name: "service", Path: programs["preview-generator"], Dir: folder,
		Args: []string{
			"--listen=" + private, "--public-listen=" + public, "--config-repo=" + w.git.URL,
			"--config-token-file=" + file("git", w.git.Password), "--github-url=" + api.URL + "/",
			"--github-token-file=" + file("github", rand.Text()), "--token-file=" + file("argo", argoToken),
			"--api-token-file=" + file("api", apiToken), "--webhook-secret-file=" + file("webhook", w.webhookSecret),
			"--poll-interval=1s",
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	w.private, w.public = "http://"+private, "http://"+public
	w.eventually(t, "the generator is ready", func(ctx context.Context) error {
		if err := group.Ended(); err != nil {
			return process.Final(err)
		}
		return process.Get(ctx, w.private+"/readyz")
	})
}

func (w *world) eventually(t *testing.T, what string, ask func(context.Context) error) {
	t.Helper()
	if err := process.Poll(t.Context(), patience, ask); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// request is an HTTP request of an attacker, or of the test itself.
type request struct {
	method, url string
	header      map[string]string
	body        string
}

// send returns the status code and the body of the response.
func (r request) send(ctx context.Context) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, r.method, r.url, strings.NewReader(r.body))
	if err != nil {
		return 0, "", err
	}
	for name, value := range r.header {
		if name == "Host" {
			request.Host = value
		}
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

func bearer(token string) map[string]string {
	return map[string]string{"Authorization": "Bearer " + token}
}

// ask decodes a JSON answer of the generator with status 200.
func ask(ctx context.Context, r request, into any) error {
	code, body, err := r.send(ctx)
	if err == nil && code != http.StatusOK {
		err = fmt.Errorf("status %d: %s", code, body)
	}
	if err != nil {
		return err
	}
	return json.NewDecoder(bytes.NewBufferString(body)).Decode(into)
}

// decision returns the decision about a pull request, or about an environment without one.
func (w *world) decision(ctx context.Context, about string) (preview.Decision, error) {
	var found struct{ Decisions []preview.Decision }
	err := ask(ctx, request{method: http.MethodGet, url: w.private + "/api/v1/decisions", header: bearer(apiToken)}, &found)
	if err != nil {
		return preview.Decision{}, err
	}
	for _, d := range found.Decisions {
		if fmt.Sprintf("%s#%d", d.Repository, d.Number) == about || d.Environment == about {
			return d, nil
		}
	}
	return preview.Decision{}, fmt.Errorf("no decision about %s among %d", about, len(found.Decisions))
}

// rows returns the states of the environments that Argo CD gets, by name.
func (w *world) rows(ctx context.Context) (map[string]preview.State, error) {
	var found struct {
		Output struct{ Parameters []preview.Row }
	}
	err := ask(ctx, request{
		method: http.MethodPost, url: w.private + "/api/v1/getparams.execute", header: bearer(argoToken),
		body: `{"applicationSetName": "previews", "input": {"parameters": {}}}`,
	}, &found)
	states := map[string]preview.State{}
	for _, row := range found.Output.Parameters {
		states[row.Name] = row.State
	}
	return states, err
}

// waitLive waits until environments are live.
func (w *world) waitLive(t *testing.T, names ...string) {
	t.Helper()
	w.eventually(t, "environments are live", func(ctx context.Context) error {
		rows, err := w.rows(ctx)
		for _, name := range names {
			if _, isLive := rows[name]; !isLive {
				d, unknown := w.decision(ctx, name)
				err = errors.Join(err, unknown, fmt.Errorf("%s is %s by %s: %s", name, d.Outcome, d.Rule, d.Reason))
			}
		}
		return err
	})
}

// waitState waits until an environment has a state.
func (w *world) waitState(t *testing.T, name string, state preview.State) {
	t.Helper()
	w.eventually(t, name+" is "+string(state), func(ctx context.Context) error {
		rows, err := w.rows(ctx)
		if err == nil && rows[name] != state {
			err = fmt.Errorf("it is %q", rows[name])
		}
		return err
	})
}
