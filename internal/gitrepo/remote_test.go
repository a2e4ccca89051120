package gitrepo_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

func TestInvalidAddresses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "https://user:hunter2@example.com/a/b", "https://hunter2@example.com/a/b", "ssh://git:hunter2@example.com/a/b",
		"git://example.com/a/b", "http://%zzhunter2@x",
	} {
		_, err := gitrepo.NewRepository(gitrepo.Options{URL: url})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q gives %v", url, err)
		}
	}
	if _, err := gitrepo.NewRepository(gitrepo.Options{URL: "https://example.com/a/b", Branch: "a..b"}); err == nil {
		t.Error("a branch that can't be is taken")
	}
}

func TestOnlyNewObjectsAreFetched(t *testing.T) {
	t.Parallel()
	const large = 1 << 20
	content := make([]byte, large/2)
	_, _ = rand.Read(content)
	bare := gittest.NewEmpty(t)
	gittest.Import(t, bare, map[string]string{"large": hex.EncodeToString(content), "a/b": "c"})
	server := gittest.Serve(t, bare)
	var sizes []int
	server.After = func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
		if strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
			sizes = append(sizes, answer.Body.Len())
		}
		gittest.Forward(w, answer)
	}
	calls := 0
	repo := open(t, gitrepo.Options{URL: server.Address()})
	_, err := repo.Update(t.Context(), func(ctx context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
		if calls++; calls == 1 {
			gittest.Commit(t, bare, map[string]string{"theirs": "1"})
			gittest.Commit(t, bare, map[string]string{"theirs": "2"})
		}
		return writes("ours", "y")(ctx, tree)
	})
	if err != nil || len(sizes) != 2 {
		t.Fatalf("fetches of %d bytes: %v", sizes, err)
	}
	if sizes[0] < large/2 || sizes[1] > 2_000 {
		t.Errorf("fetches of %d bytes; the second should be of two small commits", sizes)
	}
}

func TestCredentialsStayAtTheirHost(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	var seen []string
	other := gittest.Serve(t, bare)
	other.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		if _, password, ok := r.BasicAuth(); ok {
			seen = append(seen, password)
		}
		return false
	}
	server := gittest.Serve(t, bare)
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, other.URL+r.URL.RequestURI(), http.StatusFound)
		return true
	}
	repo := open(t, gitrepo.Options{URL: server.Address(), Token: func() (string, error) { return "s3cret", nil }})
	_, err := repo.Update(t.Context(), writes("a", "b"))
	if len(seen) > 0 {
		t.Errorf("the other host was told %q (%v)", seen, err)
	}
	if len(other.Requests("")) == 0 {
		t.Error("the redirect wasn't followed")
	}
}
