package githubtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// tagObject is an annotated tag.
type tagObject struct{ tag, kind, sha string }

// SetBranch creates a branch or moves it. Open pull requests from it follow.
func (r repoRefs) SetBranch(name, sha string) {
	c, unlock := r.begin()
	defer unlock()
	c.setRef(r.repo, "heads/"+name, sha)
}

// SetTag creates a lightweight tag or moves it. The SHA can be a commit's or any other object's.
func (r repoRefs) SetTag(name, sha string) {
	c, unlock := r.begin()
	defer unlock()
	c.setRef(r.repo, "tags/"+name, sha)
}

// SetAnnotatedTag creates a tag object for an object of a kind ("commit", "tag" or "tree"), points the tag to the tag
// object, and returns the tag object's SHA.
func (r repoRefs) SetAnnotatedTag(name, kind, sha string) string {
	c, unlock := r.begin()
	defer unlock()
	object := addTagObject(r.repo, name, kind, sha)
	c.setRef(r.repo, "tags/"+name, object)
	return object
}

func addTagObject(r *repository, name, kind, sha string) string {
	id := SHA(fmt.Sprintf("tag %d %s %s", r.id, name, sha))
	r.tags[id] = tagObject{tag: name, kind: kind, sha: sha}
	return id
}

// DeleteBranch deletes a branch.
func (r repoRefs) DeleteBranch(name string) {
	c, unlock := r.begin()
	defer unlock()
	c.removeRef(r.repo, "heads/"+name)
}

// DeleteTag deletes a tag.
func (r repoRefs) DeleteTag(name string) {
	c, unlock := r.begin()
	defer unlock()
	c.removeRef(r.repo, "tags/"+name)
}

func (c change) setRef(r *repository, ref, sha string) {
	before, existed := r.refs[ref]
	r.refs[ref] = sha
	r.pushed = c.now()
	c.recordActivity(r)
	branch, isBranch := strings.CutPrefix(ref, "heads/")
	if isBranch {
		c.commits.addNew(sha, Commit{Parent: before})
	}
	if !existed {
		c.sendRef(r, "create", ref)
		before = noCommit
	}
	c.sendPush(r, ref, before, sha)
	if isBranch {
		c.moveHeads(r, branch, sha)
	}
}

// moveHeads moves the open pull requests from a branch to its new commit.
func (c change) moveHeads(r *repository, branch, sha string) {
	for _, other := range c.repos {
		for _, p := range other.pullsInOrder {
			if p.State == "open" && p.HeadRepository == r.id && p.HeadRef == branch && p.HeadSHA != sha {
				c.editPull(other, p, func(p *PullRequest) { p.HeadSHA = sha })
			}
		}
	}
}

func (c change) removeRef(r *repository, ref string) {
	before := r.refs[ref]
	delete(r.refs, ref)
	c.recordActivity(r)
	c.sendRef(r, "delete", ref)
	c.sendPush(r, ref, before, noCommit)
}

// branchNames returns the names of all branches, sorted.
func branchNames(r *repository) []string {
	var names []string
	for _, ref := range slices.Sorted(maps.Keys(r.refs)) {
		if name, isBranch := strings.CutPrefix(ref, "heads/"); isBranch {
			names = append(names, name)
		}
	}
	return names
}

func refJSON(r *repository, ref string) object {
	sha, kind := r.refs[ref], "commit"
	if _, annotated := r.tags[sha]; annotated {
		kind = "tag"
	}
	return object{
		"ref": "refs/" + ref, "node_id": nodeID("REF", ref), "url": r.apiURL() + "/git/refs/" + ref,
		"object": object{"sha": sha, "type": kind, "url": fmt.Sprintf("%s/git/%ss/%s", r.apiURL(), kind, sha)},
	}
}

func branchJSON(r *repository, name string) object {
	sha := r.refs["heads/"+name]
	return object{"name": name, "commit": object{"sha": sha, "url": r.apiURL() + "/commits/" + sha}, "protected": false}
}

func tagObjectJSON(r *repository, sha string) object {
	t := r.tags[sha]
	return object{
		"node_id": nodeID("TAG", sha), "tag": t.tag, "sha": sha, "url": r.apiURL() + "/git/tags/" + sha, "message": t.tag,
		"tagger": object{"name": octocat, "email": octocat + "@example.com", "date": stamp(r.created)},
		"object": object{"type": t.kind, "sha": t.sha, "url": fmt.Sprintf("%s/git/%ss/%s", r.apiURL(), t.kind, t.sha)},
	}
}

func getRef(c *call, r *repository) *answer {
	if r.refs[c.value("ref")] == "" {
		return notFound()
	}
	return ok(refJSON(r, c.value("ref")))
}

// matchingRefs answers GET git/matching-refs/REF: all refs with this prefix.
func matchingRefs(c *call, r *repository) *answer {
	var found []string
	for _, ref := range slices.Sorted(maps.Keys(r.refs)) {
		if strings.HasPrefix(ref, c.value("ref")) {
			found = append(found, ref)
		}
	}
	return listPage(c, r, found, func(ref string) any { return refJSON(r, ref) })
}

func createRef(c *call, r *repository) *answer {
	var in struct{ Ref, SHA string }
	if a := c.decode(&in); a != nil {
		return a
	}
	ref, good := strings.CutPrefix(in.Ref, "refs/")
	if !good || in.SHA == "" || strings.Count(ref, "/") == 0 {
		return unprocessable("Reference name must start with 'refs' and have at least two slashes.")
	}
	if r.refs[ref] != "" {
		return unprocessable("Reference already exists")
	}
	c.change.setRef(r, ref, in.SHA)
	return reply(http.StatusCreated, refJSON(r, ref))
}

func updateRef(c *call, r *repository) *answer {
	var in struct{ SHA string }
	if a := c.decode(&in); a != nil {
		return a
	}
	if r.refs[c.value("ref")] == "" || in.SHA == "" {
		return unprocessable("Reference does not exist")
	}
	c.change.setRef(r, c.value("ref"), in.SHA)
	return ok(refJSON(r, c.value("ref")))
}

func deleteRef(c *call, r *repository) *answer {
	if r.refs[c.value("ref")] == "" {
		return unprocessable("Reference does not exist")
	}
	c.change.removeRef(r, c.value("ref"))
	return reply(http.StatusNoContent, nil)
}

func getTagObject(_ *call, r *repository, sha string) *answer {
	if _, found := r.tags[sha]; !found {
		return notFound()
	}
	return ok(tagObjectJSON(r, sha))
}

func createTagObject(c *call, r *repository) *answer {
	var in struct{ Tag, Object, Type string }
	if a := c.decode(&in); a != nil {
		return a
	}
	return reply(http.StatusCreated, tagObjectJSON(r, addTagObject(r, in.Tag, in.Type, in.Object)))
}

func listBranches(c *call, r *repository) *answer {
	return listPage(c, r, branchNames(r), func(name string) any { return branchJSON(r, name) })
}

// branchesWhereHead answers GET commits/SHA/branches-where-head: branches of this repository, not of its forks.
func branchesWhereHead(_ *call, r *repository, sha string) *answer {
	if !isSHA(sha) {
		return noCommitFound(sha)
	}
	found := []any{}
	for _, name := range branchNames(r) {
		if r.refs["heads/"+name] == sha {
			found = append(found, branchJSON(r, name))
		}
	}
	return ok(found)
}

func getBranch(c *call, r *repository) *answer {
	if r.refs["heads/"+c.value("branch")] == "" {
		return problem(http.StatusNotFound, "Branch not found")
	}
	return ok(branchJSON(r, c.value("branch")))
}
