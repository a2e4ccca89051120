package githubtest

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// repository is the state of one; Server.mu guards it.
type repository struct {
	id              int64
	owner, name     string
	private         bool
	fork            bool
	defaultBranch   string
	created, pushed time.Time
	updated         time.Time
	version         int64 // the tick of the last activity of any kind
	next            int   // the next pull request's number
	pulls           map[int]*pull
	order           []*pull           // by number
	refs            map[string]string // "heads/main", "tags/v1": the object's SHA
	tags            map[string]tagObject
	statuses        map[string][]statusEntry
	checks          map[string][]checkEntry
	suites          map[string][]suiteEntry
	permissions     map[string]string // roles by login, lower case
	rendered        []byte
	renderedAt      int64
}

func (r *repository) fullName() string { return r.owner + "/" + r.name }

// Repo is a repository of the Server, to be changed by tests.
type Repo struct {
	// ID is GitHub's numeric identity, which survives renaming.
	ID     int64
	server *Server
	repo   *repository
}

// AddRepository makes the public repository "owner/name" with one commit on its default branch, main.
func (s *Server) AddRepository(fullName string) *Repo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addRepository(fullName, false)
}

func (s *Server) addRepository(fullName string, fork bool) *Repo {
	owner, name, _ := strings.Cut(fullName, "/")
	r := &repository{
		id: s.newID(), owner: owner, name: name, fork: fork, defaultBranch: "main", next: 1,
		created: s.now(), pushed: s.now(), updated: s.now(),
		pulls: map[int]*pull{}, refs: map[string]string{}, tags: map[string]tagObject{},
		statuses: map[string][]statusEntry{}, checks: map[string][]checkEntry{}, suites: map[string][]suiteEntry{}, permissions: map[string]string{},
	}
	r.refs["heads/main"] = SHA(fmt.Sprintf("%d initial commit", r.id))
	s.repos[r.id] = r
	s.names[strings.ToLower(fullName)] = r.id
	delete(s.old, strings.ToLower(fullName))
	s.touch(r)
	return &Repo{ID: r.id, server: s, repo: r}
}

// Repository returns the one that has the name now, or nil.
func (s *Server) Repository(fullName string) *Repo {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repos[s.names[strings.ToLower(fullName)]]
	if r == nil {
		return nil
	}
	return &Repo{ID: r.id, server: s, repo: r}
}

// Fork makes a copy of the repository that belongs to the owner.
func (r *Repo) Fork(owner string) *Repo {
	s := r.lock()
	defer s.mu.Unlock()
	return s.addRepository(owner+"/"+r.repo.name, true)
}

// Rename gives the repository another name, or with another owner transfers it; the old name redirects until somebody takes it.
func (r *Repo) Rename(fullName string) {
	s := r.lock()
	defer s.mu.Unlock()
	s.rename(r.repo, fullName)
}

func (s *Server) rename(r *repository, fullName string) {
	before := r.fullName()
	owner := r.owner
	delete(s.names, strings.ToLower(before))
	s.old[strings.ToLower(before)] = r.id
	r.owner, r.name, _ = strings.Cut(fullName, "/")
	s.names[strings.ToLower(fullName)] = r.id
	delete(s.old, strings.ToLower(fullName))
	s.touch(r)
	action, changes := "renamed", object{"repository": object{"name": object{"from": strings.TrimPrefix(before, owner+"/")}}}
	if owner != r.owner {
		action, changes = "transferred", object{"owner": object{"from": object{"user": userJSON(owner)}}}
	}
	s.emit(r, "repository", object{"action": action, "changes": changes})
}

// SetPrivate hides the repository from tokens that may not read it, or shows it again.
func (r *Repo) SetPrivate(private bool) {
	s := r.lock()
	defer s.mu.Unlock()
	s.setPrivate(r.repo, private)
}

func (s *Server) setPrivate(r *repository, private bool) {
	if r.private == private {
		return
	}
	r.private = private
	s.touch(r)
	s.emit(r, "repository", object{"action": map[bool]string{true: "privatized", false: "publicized"}[private]})
}

// Delete removes the repository; head.repo of pull requests that came from it is null from then on.
func (r *Repo) Delete() {
	s := r.lock()
	defer s.mu.Unlock()
	s.deleteRepository(r.repo)
}

func (s *Server) deleteRepository(r *repository) {
	s.emit(r, "repository", object{"action": "deleted"})
	delete(s.repos, r.id)
	delete(s.names, strings.ToLower(r.fullName()))
	s.tick++
	for _, other := range s.repos {
		for _, p := range other.order {
			if p.HeadRepository == r.id {
				s.touch(other)
			}
		}
	}
}

// Touch makes the repository look active: its updated_at and with it the ETags of all its lists change.
func (r *Repo) Touch() {
	s := r.lock()
	defer s.mu.Unlock()
	s.touch(r.repo)
}

func (r *Repo) lock() *Server {
	r.server.mu.Lock()
	return r.server
}

// touch marks activity. Pull requests embed their repository, so all lists of it look different from now on.
func (s *Server) touch(r *repository) {
	s.tick++
	r.version, r.updated = s.tick, s.now()
}

// repo finds the repository of the path. The answer is set where there is none: 404, or GitHub's redirect after a rename.
func (c *call) repo() (*repository, *answer) {
	name := strings.ToLower(c.value("owner") + "/" + c.value("repo"))
	s := c.server
	if r := s.repos[s.names[name]]; r != nil {
		if !c.token.reads(r) {
			return nil, notFound()
		}
		return r, nil
	}
	r := s.repos[s.old[name]]
	if r == nil || !c.token.reads(r) {
		return nil, notFound()
	}
	return nil, c.moved(r)
}

func (c *call) moved(r *repository) *answer {
	parts := strings.SplitN(c.r.URL.EscapedPath(), "/", 5)
	to := fmt.Sprintf("http://%s%s/repositories/%d", c.r.Host, c.prefix, r.id)
	if len(parts) == 5 {
		to += "/" + parts[4]
	}
	if c.r.URL.RawQuery != "" {
		to += "?" + c.r.URL.RawQuery
	}
	status := 301
	if c.r.Method != "GET" {
		status = 307
	}
	a := reply(status, object{"message": "Moved Permanently", "url": to})
	a.header.Set("Location", to)
	return a
}

// withRepo is a handler of paths below /repos/{owner}/{repo}.
func withRepo(h func(*call, *repository) *answer) func(*call) *answer {
	return func(c *call) *answer {
		r, a := c.repo()
		if a != nil {
			return a
		}
		return h(c, r)
	}
}

func getRepository(c *call, r *repository) *answer {
	return &answer{status: 200, header: jsonHeader(), body: c.server.repositoryJSON(r)}
}

func patchRepository(c *call, r *repository) *answer {
	var in struct {
		Name          string
		Private       *bool
		DefaultBranch string `json:"default_branch"`
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	r.defaultBranch = cmp.Or(in.DefaultBranch, r.defaultBranch)
	c.server.touch(r)
	if in.Private != nil {
		c.server.setPrivate(r, *in.Private)
	}
	if in.Name != "" && in.Name != r.name {
		c.server.rename(r, r.owner+"/"+in.Name)
	}
	return getRepository(c, r)
}

func transferRepository(c *call, r *repository) *answer {
	var in struct {
		NewOwner string `json:"new_owner"`
		NewName  string `json:"new_name"`
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	if in.NewOwner == "" {
		return unprocessable("Invalid request. new_owner is missing.")
	}
	c.server.rename(r, in.NewOwner+"/"+cmp.Or(in.NewName, r.name))
	a := getRepository(c, r)
	a.status = 202
	return a
}

func deleteRepository(c *call, r *repository) *answer {
	c.server.deleteRepository(r)
	return reply(204, nil)
}

func createRepository(c *call) *answer {
	var in struct {
		Name    string
		Private bool
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	name := cmp.Or(c.value("org"), "octocat") + "/" + in.Name
	if in.Name == "" || c.server.names[strings.ToLower(name)] != 0 {
		return unprocessable("Repository creation failed.")
	}
	r := c.server.addRepository(name, false).repo
	r.private = in.Private
	a := getRepository(c, r)
	a.status = 201
	return a
}
