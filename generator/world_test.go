package generator_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/internal/preview"
)

const policy = `apiVersion: previewset.dev/v1alpha1
kind: PreviewConfig
domain: preview.example.dev
services:
  web: {repository: acme/shop, paths: ["web/**"], image: ghcr.io/acme/web, tag: "{{ .SHA }}", public: true, calls: [gateway]}
  gateway: {repository: acme/gateway, image: ghcr.io/acme/gateway, tag: "{{ .SHA }}", public: true, calls: [orders], data: [redis]}
  orders: {repository: acme/shop, paths: ["orders/**"], image: ghcr.io/acme/orders, tag: "{{ .SHA }}", data: [postgres]}
profiles:
  changed: {run: changed}
  full: {run: all}
pullRequests: {issueKey: "[A-Z]+-[0-9]+"}
`

// The tokens of the service.
const (
	argoToken = "argo-t0ken"
	apiToken  = "api-t0ken"
)

// paramsPath is the path that Argo CD calls, and paramsBody a body without a filter.
const (
	execute  = "/api/v1/getparams.execute"
	ordinary = `{"applicationSetName":"previews","input":{"parameters":{}}}`
)

const nothingHere = "nothing at this path"

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// world is what the service reads, in place of Git, GitHub and the cluster: its small interfaces, by hand.
type world struct {
	mu       sync.Mutex
	tree     preview.Tree
	treeErr  error
	repos    map[string]preview.Repository
	errs     map[string]error
	taken    map[string]string
	takenErr error
	plugins  []preview.Plugin
	// live is what the Applications that there are tell.
	live    preview.Recovered
	liveErr error
	// refreshed are the ApplicationSets that were told to ask again.
	refreshed  []string
	refreshErr error
	now        time.Time
	read       map[string]int           // reads by repository
	hang       map[string]chan struct{} // repositories that can't be read before it is closed
	branches   int                      // reads of the config branch
}

func newWorld() *world {
	return &world{
		tree: treeOf(1, policy), now: start, errs: map[string]error{}, read: map[string]int{},
		repos: map[string]preview.Repository{
			"acme/gateway": repository("acme/Gateway", pullRequest(1, "alice"), pullRequest(2, "bob", "preview:full")),
			"acme/shop":    repository("acme/shop", changing(pullRequest(7, "alice", "Preview"), "orders/main.go"), pullRequest(8, "carol", "bug")),
		},
	}
}

func (w *world) Read(context.Context) (preview.Tree, error) {
	defer w.lock()()
	w.branches++
	return w.tree, w.treeErr
}

func (w *world) Repository(ctx context.Context, name string, _ preview.Wants) (preview.Repository, error) {
	if hang := w.hanging(name); hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
		}
	}
	defer w.lock()()
	w.read[name]++
	r := w.repos[name]
	r.ReadAt = w.now
	return r, w.errs[name]
}

// Only is of no consequence to a world that remembers nothing.
func (*world) Only([]string) {}

// cluster is the world's third interface, apart because Read is taken.
type cluster struct{ *world }

func (c cluster) Read(context.Context) (preview.Cluster, error) {
	defer c.lock()()
	return preview.Cluster{Taken: c.taken, Plugins: c.plugins}, c.takenErr
}

func (c cluster) Recover(context.Context) (preview.Recovered, error) {
	defer c.lock()()
	return c.live, c.liveErr
}

func (c cluster) Refresh(_ context.Context, applicationSet string) error {
	defer c.lock()()
	c.refreshed = append(c.refreshed, applicationSet)
	return c.refreshErr
}

func (w *world) lock() (unlock func()) { w.mu.Lock(); return w.mu.Unlock }

func (w *world) clock() time.Time { defer w.lock()(); return w.now }

func (w *world) hanging(name string) chan struct{} { defer w.lock()(); return w.hang[name] }

// reads are how often the config branch and acme/shop were read.
func (w *world) reads() (branches, shop int) {
	defer w.lock()()
	return w.branches, w.read["acme/shop"]
}

// set changes the world.
func (w *world) set(change func()) { defer w.lock()(); change() }

// treeOf is a config branch with everything that the policy needs, at the nth commit.
func treeOf(n int, policy string) preview.Tree {
	t := preview.Tree{
		Commit: fmt.Sprintf("%040x", n), Prefix: ".",
		Files:  map[string]preview.File{"previewset.yaml": {Content: []byte(policy)}},
		Hashes: map[string]string{"kustomize-base": "b1", "overlays/preview": "p1"},
		Kustomizations: map[string]bool{
			"overlays/preview": true, "kustomize-base/components/guardrails": true,
			"kustomize-base/data/redis": true, "kustomize-base/data/redis/datasets/empty": true,
			"kustomize-base/data/postgres": true, "kustomize-base/data/postgres/datasets/empty": true,
		},
	}
	for _, s := range []string{"web", "gateway", "orders"} {
		t.Kustomizations["kustomize-base/services/"+s+"/run"] = true
		t.Kustomizations["kustomize-base/services/"+s+"/link"] = true
	}
	return t
}

func repository(name string, prs ...preview.PullRequest) preview.Repository {
	return preview.Repository{FullName: name, PullRequests: prs, Branches: map[string]string{}, Tags: map[string]string{}}
}

// pullRequest is an ordinary one; without labels it has "preview".
func pullRequest(number int, author string, labels ...string) preview.PullRequest {
	if labels == nil {
		labels = []string{"preview"}
	}
	return preview.PullRequest{
		Number: number, Title: fmt.Sprintf("Change %d", number), URL: fmt.Sprintf("https://github.example/pull/%d", number),
		Author: author, Labels: labels, Created: start, Branch: fmt.Sprintf("feature/ABC-%d", number), TargetBranch: "main",
		HeadSHA: fmt.Sprintf("%040x", 1000+number), BaseSHA: fmt.Sprintf("%040x", 1), HeadRepositoryID: 7, BaseRepositoryID: 7,
		Changes: &preview.Changes{},
	}
}

func changing(pr preview.PullRequest, paths ...string) preview.PullRequest {
	pr.Changes = &preview.Changes{Paths: paths}
	return pr
}

// service is a Generator over a world.
type service struct {
	*generator.Generator
	*world
	token, api *secret.File
	registry   *prometheus.Registry
	log        *log
}

// newService makes one that has read nothing yet. Change sets options that a test needs otherwise.
func newService(t testing.TB, w *world, change ...func(*generator.Options)) *service {
	t.Helper()
	s := &service{world: w, token: newSecret(t, argoToken), api: newSecret(t, apiToken), registry: prometheus.NewRegistry(), log: &log{}}
	o := generator.Options{
		ConfigBranch: w, GitHub: w, Token: s.token, APIToken: s.api, Registry: s.registry,
		Logger: slog.New(slog.NewJSONHandler(s.log, nil)), Now: w.clock,
	}
	for _, c := range change {
		c(&o)
	}
	s.Generator = generator.New(o)
	return s
}

// ready is a service that has read everything once.
func ready(t testing.TB, w *world, change ...func(*generator.Options)) *service {
	t.Helper()
	s := newService(t, w, change...)
	s.Refresh(t.Context())
	return s
}

func newSecret(t testing.TB, value string) *secret.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := secret.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// log keeps what was logged.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.text.Write(p) }

func (l *log) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.text.String() }

// answer is a response, with an unpacked body.
type answer struct {
	code   int
	body   string
	packed bool
	header http.Header
}

// message is the text of an error's body. Anything but a JSON object with a message fails the test.
func (a answer) message(t testing.TB) string {
	t.Helper()
	var got map[string]string
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || len(got) != 1 || got["message"] == "" {
		t.Fatalf("the body of a %d is not a message: %q", a.code, a.body)
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Errorf("the message comes as %q", a.header.Get("Content-Type"))
	}
	return got["message"]
}

// rows are those of a 200. Anything but a whole list fails the test.
func (a answer) rows(t testing.TB) []map[string]any {
	t.Helper()
	var got struct {
		Output struct {
			Parameters []map[string]any `json:"parameters"`
		} `json:"output"`
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.code != http.StatusOK || got.Output.Parameters == nil {
		t.Fatalf("%d is not a whole answer (%v): %.300s", a.code, err, a.body)
	}
	return got.Output.Parameters
}

// names are the environments of a 200.
func (a answer) names(t testing.TB) []string {
	t.Helper()
	names := []string{}
	for _, r := range a.rows(t) {
		names = append(names, r["name"].(string))
	}
	return names
}

// do asks a handler. Header are pairs; the token is Argo CD's unless they say otherwise.
func do(t testing.TB, h http.Handler, method, path, body string, header map[string]string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://generator"+path, strings.NewReader(body))
	all := map[string]string{"Authorization": "Bearer " + argoToken, "Content-Type": "application/json"}
	maps.Copy(all, header)
	for k, v := range all {
		if v != "" {
			r.Header.Set(k, v)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return unpack(t, w.Result())
}

func unpack(t testing.TB, r *http.Response) answer {
	t.Helper()
	defer r.Body.Close()
	a := answer{code: r.StatusCode, header: r.Header, packed: r.Header.Get("Content-Encoding") == "gzip"}
	var body io.Reader = r.Body
	if a.packed {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = z
	}
	content, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	a.body = string(content)
	return a
}

// ask asks as Argo CD does.
func (s *service) ask(t testing.TB, body string) answer {
	t.Helper()
	return do(t, s.Handler(), http.MethodPost, execute, body, nil)
}

func (s *service) get(t testing.TB, path string) answer {
	t.Helper()
	return do(t, s.Handler(), http.MethodGet, path, "", map[string]string{"Authorization": "Bearer " + apiToken})
}
