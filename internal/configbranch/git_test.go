package configbranch_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/previewset/previewset/internal/configbranch"
	"github.com/previewset/previewset/internal/preview"
)

// remote is a real bare repository, and a working tree from which commits are pushed to it.
type remote struct{ root, bare, work string }

func newRemote(t *testing.T) *remote {
	t.Helper()
	root := t.TempDir()
	r := &remote{root: root, bare: filepath.Join(root, "config.git"), work: filepath.Join(t.TempDir(), "work")}
	git(t, "", "init", "--quiet", "--bare", "--initial-branch=main", r.bare)
	git(t, "", "init", "--quiet", "--initial-branch=main", r.work)
	return r
}

func (r *remote) url() string { return "file://" + r.bare }

// push commits the files (an empty content removes one, "-> x" is a symlink) and returns the new commit.
func (r *remote) push(t *testing.T, files map[string]string) string {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		r.write(t, filepath.Join(r.work, name), files[name])
	}
	git(t, r.work, "add", "--all")
	git(t, r.work, "commit", "--quiet", "--allow-empty", "--message", "change")
	git(t, r.work, "push", "--quiet", r.bare, "HEAD")
	return git(t, r.work, "rev-parse", "HEAD")
}

func (r *remote) write(t *testing.T, path, content string) {
	t.Helper()
	target, isLink := strings.CutPrefix(content, "-> ")
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	switch {
	case err != nil:
	case content == "":
		err = os.Remove(path)
	case isLink:
		err = os.Symlink(target, path)
	default:
		err = os.WriteFile(path, []byte(content), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Test", "GIT_AUTHOR_EMAIL=test@example.com", "GIT_COMMITTER_NAME=Test", "GIT_COMMITTER_EMAIL=test@example.com")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// gitServer serves a remote over HTTP to who brings the token, by Git's own server, and counts what it was asked.
type gitServer struct {
	*httptest.Server
	mu              sync.Mutex
	listed, fetched int
	refused         int
	deep            int // fetches of more than one commit
}

func serveGit(t *testing.T, r *remote, token string) *gitServer {
	t.Helper()
	program, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: program, Args: []string{"http-backend"},
		Env: []string{"GIT_PROJECT_ROOT=" + r.root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1"},
	}
	s := &gitServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if user, password, _ := req.BasicAuth(); token != "" && (user != "x-access-token" || password != token) {
			s.count(&s.refused)
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if strings.HasSuffix(req.URL.Path, "/git-upload-pack") {
			s.count(&s.fetched)
			body, err := io.ReadAll(req.Body)
			if err != nil || !bytes.Contains(body, []byte("deepen 1\n")) {
				s.count(&s.deep)
			}
			req.Body = io.NopCloser(bytes.NewReader(body))
		} else {
			s.count(&s.listed)
		}
		backend.ServeHTTP(w, req)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *gitServer) count(n *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n++
}

// counts are how often the refs were listed and a pack was fetched.
func (s *gitServer) counts() (listed, fetched int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listed, s.fetched
}

func (s *gitServer) repository() string { return s.URL + "/config.git" }

func newReader(t *testing.T, o configbranch.Options) *configbranch.Reader {
	t.Helper()
	r, err := configbranch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, r *configbranch.Reader) preview.Tree {
	t.Helper()
	tree, err := r.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
