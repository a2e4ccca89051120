// Package githubtest simulates GitHub in one process. It serves GitHub's REST API over a state that tests, the demo
// and benchmarks change, either with Go methods or with the requests that GitHub understands. It simulates
// pagination, ETags, quotas, GitHub Apps, signed webhooks and faults.
//
// The package knows the behavior of GitHub. It must not know PreviewSet, so that it tests our client
// independently. It uses only the standard library, because go-github's types leave out nulls, and nulls are
// important in these tests.
//
// It differs from GitHub in these points: a 304 is free for requests without a token too. A draft is changed by PATCH
// instead of GraphQL. There is no Git repository behind it, so tests say which files a pull request changes, the
// parent of a commit is the previous commit of its branch, and every SHA is a commit.
//
// A request passes these parts: faults, credentials, quota, routes and their handlers, ETags, counts. The state
// consists of repositories with pull requests, refs and checks. Changes of the state send webhooks.
package githubtest

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Server is the simulated GitHub. It is an http.Handler that serves the API at / and, like GitHub Enterprise, at
// /api/v3/. Its methods can be called from several goroutines.
type Server struct {
	clock *clock
	state *state
	*credentials
	*quota
	*faults
	*requestCounts
	*hookQueue
	routes *http.ServeMux
}

// New returns a GitHub without repositories. It accepts every token until AllowToken or AllowApp is called.
func New() *Server {
	clock := &clock{read: time.Now}
	s := &Server{
		clock: clock, state: newState(clock), credentials: newCredentials(clock), quota: newQuota(clock), faults: &faults{},
		requestCounts: newRequestCounts(), hookQueue: newHookQueue(),
	}
	s.routes = newRoutes(s.credentials)
	return s
}

// Replica copies the state as it is now, for Fault.Replica.
func (s *Server) Replica() *Replica {
	defer s.state.lock()()
	return &Replica{s.state.clone()}
}

// SetClock replaces time.Now.
func (s *Server) SetClock(now func() time.Time) { s.clock.set(now) }

// SetPadding makes the body of every pull request n bytes longer, to simulate large answers.
func (s *Server) SetPadding(n int) {
	defer s.state.lock()()
	s.state.padding = n
	s.state.version++
}

// SetCommit sets a commit's author, committer and parent. An empty parent keeps the parent that the commit has.
func (s *Server) SetCommit(sha string, c Commit) {
	defer s.state.lock()()
	c.Parent = cmp.Or(c.Parent, s.state.commits[sha].Parent)
	s.state.commits[sha] = c
	s.state.version++
}

// asOctocat returns a change as octocat, the default user.
func (s *Server) asOctocat() change {
	return change{webhookSender{state: s.state, hooks: s.hookQueue, actor: octocat}}
}

// ServeHTTP answers one request as GitHub would, unless Inject has ordered a fault for it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{change: s.asOctocat(), request: r, key: bearerToken(r)}
	if rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/v3/"); ok {
		c.prefix = "/api/v3"
		c.request = withPath(r, "/"+rest)
	}
	fault, after := s.match(c.request)
	if !fault.wait(r.Context()) {
		return // the client gave up
	}
	if fault != nil && fault.Replica != nil && r.Method == http.MethodGet {
		c.change.state = fault.Replica.state
	}
	a := s.answerTo(c, fault)
	for _, do := range after {
		do()
	}
	fault.write(w, a)
}

// answerTo computes the whole answer under the lock of the state, so that the answer shows one moment.
func (s *Server) answerTo(c *call, f *Fault) *answer {
	defer s.state.lock()()
	a := s.authorize(c, f)
	if a.body == nil && a.render != nil && a.status != http.StatusNotModified {
		a.body = a.render()
	}
	s.record(Request{Method: c.request.Method, Path: c.request.URL.Path, Status: a.status})
	return a
}

// authorize checks the credentials and the quota, and then lets a handler answer. An unchanged answer costs no quota.
func (s *Server) authorize(c *call, f *Fault) *answer {
	if a := f.replacement(s.clock.now()); a != nil {
		return a
	}
	t, refused := s.authenticate(c.request, c.key)
	if refused != nil {
		return refused
	}
	c.token = t
	if c.request.URL.Path == "/rate_limit" {
		return s.describe(t)
	}
	if a := s.refuse(t); a != nil {
		return a
	}
	s.resolveNumericPath(c)
	a := dispatch(s.routes, c)
	addETag(c, a)
	if a.status != http.StatusNotModified {
		s.chargeToken(t)
		s.recordCharge()
	}
	s.addHeaders(t, a.header)
	return a
}

// resolveNumericPath turns /repositories/ID/… into /repos/owner/name/… of the same repository.
func (s *Server) resolveNumericPath(c *call) {
	rest, ok := strings.CutPrefix(c.request.URL.EscapedPath(), "/repositories/")
	if !ok {
		return
	}
	number, tail, _ := strings.Cut(rest, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	repo := c.change.repos[id]
	if err != nil || repo == nil {
		return
	}
	if tail != "" {
		tail = "/" + tail
	}
	c.request = withPath(c.request, "/repos/"+repo.fullName()+tail)
}
