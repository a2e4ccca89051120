// Package gitserver serves one bare repository over HTTP with authentication, like a Git host, with git's own
// http-backend. It changes the repository from a work tree, like a user.
//
// It doesn't know the repository's content.
package gitserver

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Branch is the repository's only branch.
const Branch = "main"

// Server is a Git host with one repository.
type Server struct {
	// URL of the repository, without user.
	URL string
	// User and Password are allowed to read and write.
	User, Password string

	http *httptest.Server
	bare string
	down atomic.Bool

	mu   sync.Mutex // guards the work tree
	tree string
}

// Start serves a repository with one empty commit. Its files are in the folder.
func Start(ctx context.Context, folder string) (*Server, error) {
	s := &Server{
		User: "git", Password: rand.Text(),
		bare: filepath.Join(folder, "config.git"), tree: filepath.Join(folder, "worktree"),
	}
	backend, err := s.backend(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.create(ctx, folder); err != nil {
		return nil, err
	}
	s.http = httptest.NewServer(s.guarded(backend))
	s.URL = s.http.URL + "/config.git"
	return s, nil
}

// Close stops the server.
func (s *Server) Close() { s.http.Close() }

// SetDown makes the host answer every request with status 503, or work again.
func (s *Server) SetDown(down bool) { s.down.Store(down) }

func (s *Server) backend(ctx context.Context) (http.Handler, error) {
	path, err := git(ctx, ".", "--exec-path")
	if err != nil {
		return nil, err
	}
	return &cgi.Handler{
		Path: filepath.Join(path, "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + filepath.Dir(s.bare), "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=" + s.User},
		// It would only report connections that clients have cut off.
		Stderr: io.Discard,
	}, nil
}

// create creates the repository. As on GitHub, clients may fetch any reachable commit by its SHA.
func (s *Server) create(ctx context.Context, folder string) error {
	for _, args := range [][]string{
		{"init", "--quiet", "--bare", "--initial-branch=" + Branch, s.bare},
		{"--git-dir=" + s.bare, "config", "http.receivepack", "true"},
		{"--git-dir=" + s.bare, "config", "uploadpack.allowAnySHA1InWant", "true"},
		{"--git-dir=" + s.bare, "config", "uploadpack.allowFilter", "true"},
		{"clone", "--quiet", s.bare, s.tree},
		{"-C", s.tree, "commit", "--quiet", "--allow-empty", "--message=Begin"},
		{"-C", s.tree, "push", "--quiet", "origin", "HEAD:" + Branch},
	} {
		if _, err := git(ctx, folder, args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) guarded(backend http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth() // any user name is accepted, as on GitHub
		switch {
		case s.down.Load():
			http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
		case subtle.ConstantTimeCompare([]byte(password), []byte(s.Password)) != 1:
			w.Header().Set("WWW-Authenticate", `Basic realm="Git"`)
			http.Error(w, "authentication required", http.StatusUnauthorized)
		default:
			backend.ServeHTTP(w, r)
		}
	})
}

// Change applies a change to a work tree of the newest commit and pushes it. It returns the new commit, or the old one
// if nothing changed.
func (s *Server) Change(ctx context.Context, message string, change func(tree *os.Root) error) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refresh(ctx); err != nil {
		return "", err
	}
	root, err := os.OpenRoot(s.tree)
	if err != nil {
		return "", err
	}
	defer func() { _ = root.Close() }()
	if err := change(root); err != nil {
		return "", fmt.Errorf("%s: %w", message, err)
	}
	return s.push(ctx, message)
}

func (s *Server) refresh(ctx context.Context) error {
	for _, args := range [][]string{
		{"fetch", "--quiet", "origin", Branch}, {"reset", "--quiet", "--hard", "FETCH_HEAD"}, {"clean", "--quiet", "-fdx"},
	} {
		if _, err := git(ctx, s.tree, args...); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) push(ctx context.Context, message string) (string, error) {
	if _, err := git(ctx, s.tree, "add", "--all"); err != nil {
		return "", err
	}
	if _, err := git(ctx, s.tree, "diff", "--cached", "--quiet"); err != nil {
		if _, err := git(ctx, s.tree, "commit", "--quiet", "--message="+message); err != nil {
			return "", err
		}
		if _, err := git(ctx, s.tree, "push", "--quiet", "origin", "HEAD:"+Branch); err != nil {
			return "", err
		}
	}
	return git(ctx, s.tree, "rev-parse", "HEAD")
}

// Head returns the newest commit.
func (s *Server) Head(ctx context.Context) (string, error) { return s.Ask(ctx, "rev-parse", Branch) }

// Ask runs git in the bare repository and returns its output.
func (s *Server) Ask(ctx context.Context, args ...string) (string, error) {
	return git(ctx, s.bare, args...)
}

// Import adds commits from a stream of git fast-import and packs them, as Git hosts do.
func (s *Server) Import(ctx context.Context, stream io.Reader) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := gitFrom(ctx, stream, s.bare, "fast-import", "--quiet", "--force"); err != nil {
		return err
	}
	_, err := s.Ask(ctx, "gc", "--quiet")
	return err
}
