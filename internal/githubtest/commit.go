package githubtest

import (
	"net/http"
	"slices"
	"strings"
)

const octocat = "octocat"

// Commit is what GitHub knows of a commit besides its SHA. Author and Committer are logins; GitHub shows null where one is
// Unknown, because no account has the e-mail address. Octocat made a commit of which nothing was said.
type Commit struct{ Author, Committer, Parent string }

// Unknown is an author or committer who has no account.
const Unknown = "unknown"

// SetCommit says who made a commit, and from which one; an empty Parent leaves that as it is.
func (s *Server) SetCommit(sha string, c Commit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Parent == "" {
		c.Parent = s.commits[sha].Parent
	}
	s.commits[sha] = c
	s.tick++
}

// know remembers a commit, unless it is known already.
func (s *Server) know(sha string, c Commit) {
	if _, known := s.commits[sha]; !known && sha != "" {
		s.commits[sha] = c
	}
}

func (s *Server) commitJSON(r *repository, sha string) object {
	c, parents := s.commits[sha], []any{}
	if c.Parent != "" && c.Parent != noCommit {
		parents = append(parents, object{"sha": c.Parent, "url": r.api() + "/commits/" + c.Parent, "html_url": r.html() + "/commit/" + c.Parent})
	}
	person := func(login string) object {
		return object{"name": login, "email": login + "@example.com", "date": stamp(r.created)}
	}
	author, committer := orOctocat(c.Author), orOctocat(c.Committer)
	return object{
		"sha": sha, "node_id": nodeID("C", sha), "url": r.api() + "/commits/" + sha, "html_url": r.html() + "/commit/" + sha,
		"commit": object{"author": person(author), "committer": person(committer), "message": "Change something", "tree": object{"sha": SHA("tree " + sha)}},
		"author": account(author), "committer": account(committer), "parents": parents,
	}
}

func orOctocat(login string) string {
	if login == "" {
		return octocat
	}
	return login
}

func account(login string) any {
	if login == Unknown {
		return nil
	}
	return userJSON(login)
}

func getCommit(c *call, r *repository, ref string) *answer {
	sha := r.commit(ref)
	if len(sha) != 40 {
		return problem(http.StatusUnprocessableEntity, "No commit found for SHA: "+ref)
	}
	return ok(c.server.commitJSON(r, sha))
}

// history is a commit and its ancestors, the newest first.
func (s *Server) history(sha string) []string {
	var all []string
	for sha != "" && sha != noCommit && !slices.Contains(all, sha) {
		all = append(all, sha)
		sha = s.commits[sha].Parent
	}
	return all
}

// compareCommits is GET compare/BASE...HEAD.
func compareCommits(c *call, r *repository, basehead string) *answer {
	base, head, found := strings.Cut(basehead, "...")
	base, head = r.commit(base), r.commit(head)
	if !found || len(base) != 40 || len(head) != 40 {
		return notFound()
	}
	s := c.server
	old, recent := s.history(base), s.history(head)
	ahead := slices.IndexFunc(recent, func(sha string) bool { return slices.Contains(old, sha) })
	if ahead < 0 {
		return problem(http.StatusNotFound, "No common ancestor between "+base+" and "+head+".")
	}
	behind := slices.Index(old, recent[ahead])
	from, to, link := c.page(r, ahead)
	commits := []any{}
	for i := from; i < to; i++ {
		commits = append(commits, s.commitJSON(r, recent[ahead-1-i])) // the oldest first
	}
	a := ok(object{
		"url": r.api() + "/compare/" + basehead, "status": relation(ahead, behind), "ahead_by": ahead, "behind_by": behind, "total_commits": ahead,
		"base_commit": s.commitJSON(r, base), "merge_base_commit": s.commitJSON(r, recent[ahead]), "commits": commits, "files": []any{},
	})
	if link != "" {
		a.header.Set("Link", link)
	}
	return a
}

func relation(ahead, behind int) string {
	switch {
	case ahead > 0 && behind > 0:
		return "diverged"
	case ahead > 0:
		return "ahead"
	case behind > 0:
		return "behind"
	}
	return "identical"
}
