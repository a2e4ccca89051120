package gitrepo_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/gitrepo"
)

// environ is that of the programs in tests: nothing of the machine's Git configuration, and one author.
func environ(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Test", "GIT_AUTHOR_EMAIL=test@example.com", "GIT_COMMITTER_NAME=Test", "GIT_COMMITTER_EMAIL=test@example.com",
	}, more...)
}

func git(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	return gitWith(tb, dir, environ(), "", args...)
}

func gitWith(tb testing.TB, dir string, environ []string, stdin string, args ...string) string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), "git", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, environ, strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// newBare makes a bare repository with one commit that has one file.
func newBare(tb testing.TB) string {
	tb.Helper()
	bare := newEmpty(tb)
	importFiles(tb, bare, map[string]string{"README.md": "hello\n"})
	return bare
}

func newEmpty(tb testing.TB) string {
	tb.Helper()
	bare := filepath.Join(tb.TempDir(), "config.git")
	git(tb, "", "init", "--quiet", "--bare", "--initial-branch=main", bare)
	git(tb, bare, "config", "http.receivepack", "true")
	return bare
}

// importFiles makes main a commit without parents of the files; "-> x" is a symlink, "!x" an executable file.
func importFiles(tb testing.TB, bare string, files map[string]string) string {
	tb.Helper()
	index := append(environ(), "GIT_INDEX_FILE="+filepath.Join(tb.TempDir(), "index"))
	for name, content := range files {
		mode := "100644"
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			mode, content = "120000", target
		} else if script, ok := strings.CutPrefix(content, "!"); ok {
			mode, content = "100755", script
		}
		blob := gitWith(tb, bare, index, content, "hash-object", "-w", "--stdin")
		gitWith(tb, bare, index, "", "update-index", "--add", "--cacheinfo", mode+","+blob+","+name)
	}
	commit := git(tb, bare, "commit-tree", "-m", "import", gitWith(tb, bare, index, "", "write-tree"))
	git(tb, bare, "update-ref", "refs/heads/main", commit)
	return commit
}

// commitFile puts one file on top of a branch of a bare repository, as somebody else would.
func commitFile(tb testing.TB, bare, name, content string) string {
	tb.Helper()
	index := append(environ(), "GIT_INDEX_FILE="+filepath.Join(tb.TempDir(), "index"))
	gitWith(tb, bare, index, "", "read-tree", "main")
	blob := gitWith(tb, bare, index, content, "hash-object", "-w", "--stdin")
	gitWith(tb, bare, index, "", "update-index", "--add", "--cacheinfo", "100644,"+blob+","+name)
	commit := git(tb, bare, "commit-tree", "-p", "main", "-m", "somebody else's", gitWith(tb, bare, index, "", "write-tree"))
	git(tb, bare, "update-ref", "refs/heads/main", commit)
	return commit
}

// files is what main of a bare repository holds.
func files(tb testing.TB, bare string) map[string]string {
	tb.Helper()
	all := map[string]string{}
	for name := range strings.FieldsSeq(git(tb, bare, "ls-tree", "-r", "--name-only", "main")) {
		all[name] = git(tb, bare, "show", "main:"+name)
	}
	return all
}

// gitServer serves a folder of repositories over HTTP by Git's own server, to who has the password, if there is one.
type gitServer struct {
	*httptest.Server
	password string
	backend  http.Handler
	mu       sync.Mutex
	// before is asked before each request; true is that it has answered.
	before   func(w http.ResponseWriter, r *http.Request) bool
	after    func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder)
	requests []string
}

func serveGit(tb testing.TB, bare string) *gitServer {
	tb.Helper()
	program, err := exec.LookPath("git")
	if err != nil {
		tb.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: program, Args: []string{"http-backend"}, Stderr: io.Discard,
		Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(bare), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1"},
	}
	s := &gitServer{backend: backend}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r) }))
	tb.Cleanup(s.Close)
	return s
}

func (s *gitServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+strings.TrimPrefix(r.URL.RequestURI(), "/config.git"))
	before, after := s.before, s.after
	s.mu.Unlock()
	if _, password, _ := r.BasicAuth(); s.password != "" && password != s.password {
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	if before != nil && before(w, r) {
		return
	}
	if after == nil {
		s.backend.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	s.backend.ServeHTTP(answer, r)
	after(w, r, answer)
}

func (s *gitServer) url() string { return s.URL + "/config.git" }

// count is how many requests began so.
func (s *gitServer) count(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	return n
}

func isPush(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/git-receive-pack")
}

func forward(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// once calls f the first time.
func once(f func()) func() {
	var o sync.Once
	return func() { o.Do(f) }
}

var quickly = gitrepo.Retry{Min: time.Millisecond, Max: 20 * time.Millisecond}

func open(tb testing.TB, o gitrepo.Options) *gitrepo.Repository {
	tb.Helper()
	if o.Folder == "" {
		o.Folder = tb.TempDir() // not the project's own clone, which may have a configuration
	}
	if o.Environ == nil {
		o.Environ = environ()
	}
	if o.Retry == (gitrepo.Retry{}) {
		o.Retry = quickly
	}
	r, err := gitrepo.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// writes is a change that writes one file.
func writes(name, content string) gitrepo.Change {
	return func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) {
		return gitrepo.Edits{Write: map[string][]byte{name: []byte(content)}, Message: gitrepo.Message{Subject: "Write " + name}}, nil
	}
}

// appends is a change that adds a line to a file: it depends on what others wrote.
func appends(name, line string) gitrepo.Change {
	return func(_ context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
		old, err := fs.ReadFile(tree, name)
		if err != nil && !os.IsNotExist(err) {
			return gitrepo.Edits{}, err
		}
		return gitrepo.Edits{
			Write:   map[string][]byte{name: append(old, line+"\n"...)},
			Message: gitrepo.Message{Subject: "Add " + line},
		}, nil
	}
}
