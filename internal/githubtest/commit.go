package githubtest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// Commit is what GitHub shows of a commit besides its SHA. Author and Committer are logins; an empty login means
// octocat, and NoAccount shows as null.
type Commit struct{ Author, Committer, Parent string }

// NoAccount is an author or committer with an e-mail address of no account.
const NoAccount = "no account"

// commitGraph holds commits by SHA. All repositories share it, as a repository shares commits with its forks on
// GitHub.
type commitGraph map[string]Commit

// addNew adds a commit if the graph doesn't contain it.
func (g commitGraph) addNew(sha string, c Commit) {
	if _, known := g[sha]; !known && sha != "" {
		g[sha] = c
	}
}

// ancestors returns a commit and its ancestors, the newest first.
func (g commitGraph) ancestors(sha string) []string {
	var all []string
	for sha != "" && sha != noCommit && !slices.Contains(all, sha) {
		all = append(all, sha)
		sha = g[sha].Parent
	}
	return all
}

func commitJSON(g commitGraph, r *repository, sha string) object {
	c, parents := g[sha], []any{}
	if c.Parent != "" && c.Parent != noCommit {
		parents = append(parents, object{
			"sha": c.Parent, "url": r.apiURL() + "/commits/" + c.Parent, "html_url": r.htmlURL() + "/commit/" + c.Parent,
		})
	}
	author, committer := cmp.Or(c.Author, octocat), cmp.Or(c.Committer, octocat)
	signature := func(login string) object {
		return object{"name": login, "email": login + "@example.com", "date": stamp(r.created)}
	}
	return object{
		"sha": sha, "node_id": nodeID("C", sha),
		"url": r.apiURL() + "/commits/" + sha, "html_url": r.htmlURL() + "/commit/" + sha,
		"commit": object{
			"author": signature(author), "committer": signature(committer),
			"message": "Change something", "tree": object{"sha": SHA("tree " + sha)},
		},
		"author": accountOrNull(author), "committer": accountOrNull(committer), "parents": parents,
	}
}

func accountOrNull(login string) any {
	if login == NoAccount {
		return nil
	}
	return userJSON(login)
}

func isSHA(text string) bool { return len(text) == 40 }

func noCommitFound(sha string) *answer {
	return problem(http.StatusUnprocessableEntity, "No commit found for SHA: "+sha)
}

func getCommit(c *call, r *repository, ref string) *answer {
	sha := r.resolveCommit(ref)
	if !isSHA(sha) {
		return noCommitFound(ref)
	}
	return ok(commitJSON(c.change.commits, r, sha))
}

// compareCommits answers GET compare/BASE...HEAD.
func compareCommits(c *call, r *repository, basehead string) *answer {
	base, head, found := strings.Cut(basehead, "...")
	base, head = r.resolveCommit(base), r.resolveCommit(head)
	if !found || !isSHA(base) || !isSHA(head) {
		return notFound()
	}
	graph := c.change.commits
	behindPath, aheadPath := graph.ancestors(base), graph.ancestors(head)
	ahead := slices.IndexFunc(aheadPath, func(sha string) bool { return slices.Contains(behindPath, sha) })
	if ahead < 0 {
		return problem(http.StatusNotFound, "No common ancestor between "+base+" and "+head+".")
	}
	mergeBase := aheadPath[ahead]
	behind := slices.Index(behindPath, mergeBase)
	oldestFirst := slices.Clone(aheadPath[:ahead])
	slices.Reverse(oldestFirst)
	show := func(sha string) any { return commitJSON(graph, r, sha) }
	return wrappedPage(c, r, oldestFirst, show, func(commits []any) any {
		return object{
			"url": r.apiURL() + "/compare/" + basehead, "status": comparisonStatus(ahead, behind), "ahead_by": ahead,
			"behind_by": behind, "total_commits": ahead, "base_commit": show(base), "merge_base_commit": show(mergeBase),
			"commits": commits, "files": []any{},
		}
	})
}

func comparisonStatus(ahead, behind int) string {
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
