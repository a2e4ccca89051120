package configbranch_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/configbranch"
	"github.com/previewset/previewset/internal/gittest"
)

// example is a small GitOps repository.
func example() map[string]string {
	return map[string]string{
		"README.md":       "hello\n",
		"previewset.yaml": "kind: PreviewConfig\n",
		"kustomize-base/services/web/run/kustomization.yaml": "resources: []\n",
		"overlays/preview/kustomization.yaml":                "resources: []\n",
		"overlays/jakub/environment.yaml":                    "kind: Environment\n",
		"overlays/jakub/kustomization.yaml":                  "resources: [../preview]\n",
	}
}

func prefixed(prefix string, files map[string]string) map[string]string {
	all := map[string]string{}
	for name, content := range files {
		all[prefix+name] = content
	}
	return all
}

func newReader(t *testing.T, o configbranch.Options) *configbranch.Reader {
	t.Helper()
	r, err := configbranch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, r *configbranch.Reader) config.Tree {
	t.Helper()
	tree, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func serveWithPassword(t *testing.T, bare string) *gittest.Server {
	t.Helper()
	s := gittest.Serve(t, bare)
	s.Password = "s3cret"
	return s
}

func token(s string) func() (string, error) { return func() (string, error) { return s, nil } }

// stalled starts a server that never answers requests with the suffix, and sends each of them to the channel.
func stalled(t *testing.T, suffix string, next http.Handler, requests chan<- struct{}) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, suffix) {
			next.ServeHTTP(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body) // the server notices the end of the connection only afterwards
		requests <- struct{}{}
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	return s
}
