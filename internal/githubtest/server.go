// Package githubtest is a GitHub in one process: its REST API over a state that tests, the demo and benchmarks change by Go
// methods or by the same requests that GitHub understands, with pagination, ETags, quotas, Apps, signed webhooks and faults to order.
//
// It knows GitHub's behaviour only and must not know anything of PreviewSet, so that it stays an independent witness of how
// our client behaves. It uses the standard library alone: go-github's types leave out nulls, which are what needs to be shown.
//
// Where it differs from GitHub: a 304 is free without a token too, a draft is changed by PATCH instead of GraphQL, and
// because there is no Git behind it, the files of a pull request come from Go, a commit has the parent that its branch was
// at before, and every SHA is a commit.
package githubtest

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is the simulated GitHub. It is an http.Handler serving the API at / and at /api/v3/.
type Server struct {
	mux    *http.ServeMux
	hooks  *hooks
	faults faults

	mu         sync.Mutex // guards all below
	clock      func() time.Time
	tick       int64 // counts changes; the version of what changed last
	lastID     int64
	repos      map[int64]*repository
	names      map[string]int64 // current names, lower case
	old        map[string]int64 // names that redirect, lower case
	tokens     map[string]token
	restricted bool // unknown tokens are refused
	apps       map[int64]app
	commits    map[string]Commit
	actor      string // who does what is being done
	quota      int
	buckets    map[string]*bucket
	padding    int
	counts     map[Request]int
	charged    int
}

// New returns a GitHub without repositories that accepts everybody.
func New() *Server {
	s := &Server{
		clock: time.Now, lastID: 1000, quota: 5000, actor: octocat,
		repos: map[int64]*repository{}, names: map[string]int64{}, old: map[string]int64{},
		tokens: map[string]token{}, apps: map[int64]app{}, commits: map[string]Commit{}, buckets: map[string]*bucket{}, counts: map[Request]int{},
	}
	s.hooks = newHooks()
	s.mux = s.routes()
	return s
}

// SetClock replaces time.Now.
func (s *Server) SetClock(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = now
}

// SetPadding adds so many bytes to the body of every pull request that is shown, to make them as large as wanted.
func (s *Server) SetPadding(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.padding = n
	s.tick++
}

func (s *Server) now() time.Time { return s.clock().UTC().Truncate(time.Second) }

func (s *Server) newID() int64 {
	s.lastID++
	return s.lastID
}

// ServeHTTP answers one request as GitHub would, after the faults that were ordered for it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{server: s, r: r, prefix: "", key: bearer(r)}
	if rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/v3/"); ok {
		c.prefix = "/api/v3"
		c.r = withPath(r, "/"+rest)
	}
	fault, after := s.faults.match(c.r)
	if !fault.wait(r.Context()) {
		return // the client went away
	}
	a := s.answer(c, fault)
	for _, do := range after {
		do()
	}
	fault.write(w, a)
}

// answer computes the whole answer under the lock, so that it shows one moment.
func (s *Server) answer(c *call, f *Fault) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.authorised(c, f)
	if a.body == nil && a.render != nil && a.status != http.StatusNotModified {
		a.body = a.render()
	}
	s.counts[Request{Method: c.r.Method, Path: c.r.URL.Path, Status: a.status}]++
	return a
}

func (s *Server) authorised(c *call, f *Fault) *answer {
	if a := f.answer(s.now()); a != nil {
		return a
	}
	if a := s.authenticate(c); a != nil {
		return a
	}
	if c.r.URL.Path == "/rate_limit" {
		return s.rateLimit(c)
	}
	b := s.bucket(c)
	if b.used >= s.quota {
		a := problem(http.StatusForbidden, "API rate limit exceeded for user ID 1.")
		b.headers(a.header, s.quota)
		return a
	}
	a := s.dispatch(c)
	s.conditional(c, a)
	if a.status != http.StatusNotModified {
		b.used++
		s.charged++
	}
	b.headers(a.header, s.quota)
	return a
}

// dispatch lets the mux choose the handler; the handlers leave their answer in the recorder.
func (s *Server) dispatch(c *call) *answer {
	s.resolveNumericPath(c)
	rec := &recorder{call: c, answer: &answer{status: http.StatusOK, header: http.Header{}}}
	s.mux.ServeHTTP(rec, c.r)
	return rec.answer
}

// resolveNumericPath turns /repositories/ID/… into the /repos/owner/name/… that it stands for.
func (s *Server) resolveNumericPath(c *call) {
	rest, ok := strings.CutPrefix(c.r.URL.EscapedPath(), "/repositories/")
	if !ok {
		return
	}
	number, tail, _ := strings.Cut(rest, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	repo := s.repos[id]
	if err != nil || repo == nil {
		return
	}
	if tail != "" {
		tail = "/" + tail
	}
	c.r = withPath(c.r, "/repos/"+repo.fullName()+tail)
}

// conditional adds the ETag and turns the answer into a 304 where the client has it already. The ETag depends on the
// token, on the address and on everything in the body.
func (s *Server) conditional(c *call, a *answer) {
	if c.r.Method != http.MethodGet || a.status != http.StatusOK {
		return
	}
	if a.version == "" {
		a.version = string(a.body)
	}
	etag := `W/"` + digest(c.key, c.r.URL.RequestURI(), a.header.Get("Link"), a.version) + `"`
	a.header.Set("ETag", etag)
	a.header.Set("Cache-Control", "private, max-age=60, s-maxage=60")
	a.header.Set("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With")
	for have := range strings.SplitSeq(c.r.Header.Get("If-None-Match"), ",") {
		have = strings.TrimSpace(have)
		if have == "*" || strings.TrimPrefix(have, "W/") == strings.TrimPrefix(etag, "W/") {
			a.status, a.body, a.render = http.StatusNotModified, nil, nil
			a.header.Del("Content-Type")
			return
		}
	}
}

// Request is a kind of request that was served, for counting.
type Request struct {
	Method, Path string // without query
	Status       int
}

// Requests returns how often each kind of request was served.
func (s *Server) Requests() map[Request]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// Count returns how many requests were answered with one of the statuses, or with any if none is named.
func (s *Server) Count(statuses ...int) int {
	n := 0
	for r, times := range s.Requests() {
		if len(statuses) == 0 || slices.Contains(statuses, r.Status) {
			n += times
		}
	}
	return n
}

// Charged returns how many requests counted against a quota.
func (s *Server) Charged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.charged
}

// ResetCounts forgets what Requests, Count and Charged tell, but no quota.
func (s *Server) ResetCounts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.counts)
	s.charged = 0
}

// recorder carries a call through the mux to its handler and the answer back.
type recorder struct {
	call   *call
	answer *answer
	buffer bytes.Buffer
}

func (w *recorder) Header() http.Header    { return w.answer.header }
func (w *recorder) WriteHeader(status int) { w.answer.status = status }
func (w *recorder) Write(p []byte) (int, error) {
	n, err := w.buffer.Write(p)
	w.answer.body = w.buffer.Bytes()
	return n, err
}
