package gittest

import (
	"io"
	"maps"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Server serves repositories over HTTP with Git's own server, and records the requests.
type Server struct {
	*httptest.Server
	// Password is required for every request; "" is none. Any user name is accepted, as on GitHub.
	Password string
	// Before is called before each request; if it returns true, it has answered.
	Before func(w http.ResponseWriter, r *http.Request) bool
	// After is called with each answer of Git's server and must write one. Forward writes it unchanged.
	After func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder)
	// Backend is Git's server alone.
	Backend http.Handler

	address  string
	mu       sync.Mutex
	requests []string
}

// Serve serves a bare repository until the test ends. Set the fields before the first request.
func Serve(tb testing.TB, bare string) *Server {
	tb.Helper()
	program, err := exec.LookPath("git")
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{address: "/" + filepath.Base(bare), Backend: &cgi.Handler{
		Path: program, Args: []string{"http-backend"}, Stderr: io.Discard,
		Env: []string{
			"GIT_PROJECT_ROOT=" + filepath.Dir(bare), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_CONFIG_NOSYSTEM=1",
		},
	}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	tb.Cleanup(s.Close)
	return s
}

// Address is the URL of the repository.
func (s *Server) Address() string { return s.URL + s.address }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+strings.TrimPrefix(r.URL.RequestURI(), s.address))
	s.mu.Unlock()
	if _, password, _ := r.BasicAuth(); s.Password != "" && password != s.Password {
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		http.Error(w, "authentication required", http.StatusUnauthorized)
		return
	}
	if s.Before != nil && s.Before(w, r) {
		return
	}
	if s.After == nil {
		s.Backend.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	s.Backend.ServeHTTP(answer, r)
	s.After(w, r, answer)
}

// Requests returns the requests that begin with a method and a path relative to the repository; "" returns all.
func (s *Server) Requests(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for _, r := range s.requests {
		if strings.HasPrefix(r, prefix) {
			found = append(found, r)
		}
	}
	return found
}

// Listings and Fetches are the prefixes of requests that list the references and that fetch objects.
const (
	Listings = "GET /info/refs"
	Fetches  = "POST /git-upload-pack"
)

// IsPush reports whether a request pushes objects.
func IsPush(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/git-receive-pack")
}

// Forward writes an answer of Git's server.
func Forward(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}
