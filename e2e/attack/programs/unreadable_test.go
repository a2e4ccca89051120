package programs

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/previewset/previewset/e2e/process"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// emptyCluster returns the path of a kubeconfig. Its API server has no objects, as before the first preview.
func emptyCluster(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		kind, version := "List", "v1"
		if strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadataList") {
			kind, version = "PartialObjectMetadataList", "meta.k8s.io/v1"
		}
		_, _ = fmt.Fprintf(w, `{"kind": %q, "apiVersion": %q, "metadata": {"resourceVersion": "1"}, "items": []}`, kind, version)
	}))
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: empty,
clusters: [{name: empty, cluster: {server: %q}}], contexts: [{name: empty, context: {cluster: empty}}]}`, server.URL)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// restart stops the generator, if it runs, and starts it with more flags. It waits until the generator is ready.
func (w *world) restart(t *testing.T, flags ...string) {
	t.Helper()
	if w.running != nil {
		w.running.Close()
	}
	w.start(t, func(c process.Command) process.Command {
		c.Args = slices.Concat(c.Args, flags)
		return c
	})
}

// only returns nil if Argo CD gets exactly these environments, and the details of /readyz have all the words.
func (w *world) only(ctx context.Context, names []string, words ...string) error {
	rows, err := w.rows(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, isLive := rows[name]; !isLive {
			return fmt.Errorf("%s is missing among %v", name, rows)
		}
	}
	if len(rows) != len(names) {
		return process.Final(fmt.Errorf("got %v, want %v", rows, names))
	}
	_, details, err := request{http.MethodGet, w.private + "/readyz?verbose", nil, ""}.send(ctx)
	if err != nil {
		return err
	}
	for _, word := range words {
		if !strings.Contains(details, word) {
			return fmt.Errorf("/readyz?verbose lacks %q:\n%s", word, details)
		}
	}
	return nil
}

// TestRepositoryThatGitHubDoesNotShow lets GitHub answer 404 for one of two repositories: at the first start, after a
// restart without an environment of that repository, and after a restart with one.
func TestRepositoryThatGitHubDoesNotShow(t *testing.T) {
	t.Parallel()
	w := prepareWorld(t, nil)
	for _, r := range []*githubtest.Repo{w.shop, w.gateway} {
		r.Open(githubtest.PullRequest{Author: "alice", Labels: []string{"preview"}, Files: orders})
	}
	hide := func() {
		w.github.Inject(githubtest.Fault{Match: "^GET /repos/acme/shop(/|$)", Status: http.StatusNotFound})
	}
	flags := []string{"--kubeconfig=" + emptyCluster(t), "--state=" + filepath.Join(t.TempDir(), "state")}
	expect := func(when string, names []string, words ...string) {
		t.Helper()
		check := func(ctx context.Context) error { return w.only(ctx, names, words...) }
		w.eventually(t, when, check)
		if err := process.Hold(t.Context(), watch, check); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	gateway, both := []string{"gateway-pr-1"}, []string{"gateway-pr-1", "shop-pr-1"}
	unknown := []string{"acme/shop", "correct its name in previewset.yaml, or give access to it"}
	hide()
	w.restart(t, flags...)
	expect("first start", gateway, unknown...)
	w.restart(t, flags...)
	expect("restart", gateway, unknown...)
	w.github.ClearFaults()
	expect("GitHub shows it", both)
	hide()
	w.restart(t, flags...)
	expect("restart with an environment", both, "acme/shop", "its last known state stays")
	stays := refusal{"acme/shop#1", preview.Live, preview.RuleUnread, "its repository can't be read"}
	w.refuses(t, stays, both)
}
