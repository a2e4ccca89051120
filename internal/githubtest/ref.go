package githubtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

const noCommit = "0000000000000000000000000000000000000000"

type tagObject struct{ tag, kind, sha string }

// SetBranch makes a branch or moves it. Open pull requests from it follow.
func (r *Repo) SetBranch(name, sha string) {
	s := r.lock()
	defer s.mu.Unlock()
	s.setRef(r.repo, "heads/"+name, sha)
}

// SetTag makes a lightweight tag or moves it; of a commit, or of any object.
func (r *Repo) SetTag(name, sha string) {
	s := r.lock()
	defer s.mu.Unlock()
	s.setRef(r.repo, "tags/"+name, sha)
}

// SetAnnotatedTag makes a tag object for the object of a kind ("commit", "tag", "tree"), points the tag to it, and returns
// the tag object's SHA.
func (r *Repo) SetAnnotatedTag(name, kind, sha string) string {
	s := r.lock()
	defer s.mu.Unlock()
	object := r.repo.addTagObject(name, kind, sha)
	s.setRef(r.repo, "tags/"+name, object)
	return object
}

func (r *repository) addTagObject(name, kind, sha string) string {
	id := SHA(fmt.Sprintf("tag %d %s %s", r.id, name, sha))
	r.tags[id] = tagObject{tag: name, kind: kind, sha: sha}
	return id
}

// DeleteBranch deletes a branch.
func (r *Repo) DeleteBranch(name string) { r.deleteRef("heads/" + name) }

// DeleteTag deletes a tag.
func (r *Repo) DeleteTag(name string) { r.deleteRef("tags/" + name) }

func (r *Repo) deleteRef(ref string) {
	s := r.lock()
	defer s.mu.Unlock()
	s.dropRef(r.repo, ref)
}

func (s *Server) setRef(r *repository, ref, sha string) {
	before, existed := r.refs[ref]
	r.refs[ref] = sha
	r.pushed = s.now()
	s.touch(r)
	if strings.HasPrefix(ref, "heads/") {
		s.know(sha, Commit{Parent: before})
	}
	if !existed {
		s.emitRef(r, "create", ref)
		before = noCommit
	}
	s.emitPush(r, ref, before, sha)
	branch, isBranch := strings.CutPrefix(ref, "heads/")
	if !isBranch {
		return
	}
	for _, other := range s.repos {
		for _, p := range other.order {
			if p.State == "open" && p.HeadRepository == r.id && p.HeadRef == branch && p.HeadSHA != sha {
				s.edit(other, p, func(p *PullRequest) { p.HeadSHA = sha })
			}
		}
	}
}

func (s *Server) dropRef(r *repository, ref string) {
	before := r.refs[ref]
	delete(r.refs, ref)
	s.touch(r)
	s.emitRef(r, "delete", ref)
	s.emitPush(r, ref, before, noCommit)
}

func (r *repository) refJSON(ref string) object {
	kind := "commit"
	if _, annotated := r.tags[r.refs[ref]]; annotated {
		kind = "tag"
	}
	sha := r.refs[ref]
	return object{
		"ref": "refs/" + ref, "node_id": nodeID("REF", ref), "url": r.api() + "/git/refs/" + ref,
		"object": object{"sha": sha, "type": kind, "url": fmt.Sprintf("%s/git/%ss/%s", r.api(), kind, sha)},
	}
}

func getRef(c *call, r *repository) *answer {
	if r.refs[c.value("ref")] == "" {
		return notFound()
	}
	return ok(r.refJSON(c.value("ref")))
}

func matchingRefs(c *call, r *repository) *answer {
	var found []string
	for _, ref := range slices.Sorted(maps.Keys(r.refs)) {
		if strings.HasPrefix(ref, c.value("ref")) {
			found = append(found, ref)
		}
	}
	return listed(c, r, found, func(ref string) any { return r.refJSON(ref) })
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
	c.server.setRef(r, ref, in.SHA)
	return reply(http.StatusCreated, r.refJSON(ref))
}

func updateRef(c *call, r *repository) *answer {
	var in struct{ SHA string }
	if a := c.decode(&in); a != nil {
		return a
	}
	if r.refs[c.value("ref")] == "" || in.SHA == "" {
		return unprocessable("Reference does not exist")
	}
	c.server.setRef(r, c.value("ref"), in.SHA)
	return ok(r.refJSON(c.value("ref")))
}

func deleteRef(c *call, r *repository) *answer {
	if r.refs[c.value("ref")] == "" {
		return unprocessable("Reference does not exist")
	}
	c.server.dropRef(r, c.value("ref"))
	return reply(http.StatusNoContent, nil)
}

func getTagObject(_ *call, r *repository, sha string) *answer {
	t, found := r.tags[sha]
	if !found {
		return notFound()
	}
	return ok(object{
		"node_id": nodeID("TAG", sha), "tag": t.tag, "sha": sha, "url": r.api() + "/git/tags/" + sha, "message": t.tag,
		"tagger": object{"name": "octocat", "email": "octocat@example.com", "date": stamp(r.created)},
		"object": object{"type": t.kind, "sha": t.sha, "url": fmt.Sprintf("%s/git/%ss/%s", r.api(), t.kind, t.sha)},
	})
}

func createTagObject(c *call, r *repository) *answer {
	var in struct{ Tag, Object, Type string }
	if a := c.decode(&in); a != nil {
		return a
	}
	a := getTagObject(c, r, r.addTagObject(in.Tag, in.Type, in.Object))
	a.status = http.StatusCreated
	return a
}

func (r *repository) branchJSON(name string) object {
	sha := r.refs["heads/"+name]
	return object{"name": name, "commit": object{"sha": sha, "url": r.api() + "/commits/" + sha}, "protected": false}
}

func listBranches(c *call, r *repository) *answer {
	var names []string
	for _, ref := range slices.Sorted(maps.Keys(r.refs)) {
		if name, isBranch := strings.CutPrefix(ref, "heads/"); isBranch {
			names = append(names, name)
		}
	}
	return listed(c, r, names, func(name string) any { return r.branchJSON(name) })
}

// branchesWhereHead is GET commits/SHA/branches-where-head: those of this repository, and not of its forks.
func branchesWhereHead(_ *call, r *repository, sha string) *answer {
	if len(sha) != 40 {
		return problem(http.StatusUnprocessableEntity, "No commit found for SHA: "+sha)
	}
	found := []any{}
	for _, ref := range slices.Sorted(maps.Keys(r.refs)) {
		if name, isBranch := strings.CutPrefix(ref, "heads/"); isBranch && r.refs[ref] == sha {
			found = append(found, r.branchJSON(name))
		}
	}
	return ok(found)
}

func getBranch(c *call, r *repository) *answer {
	if r.refs["heads/"+c.value("branch")] == "" {
		return problem(http.StatusNotFound, "Branch not found")
	}
	return ok(r.branchJSON(c.value("branch")))
}

// commit turns a SHA or a name into a commit's SHA.
func (r *repository) commit(name string) string {
	name = strings.TrimPrefix(name, "refs/")
	for _, ref := range []string{name, "heads/" + name, "tags/" + name} {
		if sha := r.refs[ref]; sha != "" {
			name = sha
			break
		}
	}
	for range 10 {
		t, annotated := r.tags[name]
		if !annotated {
			break
		}
		name = t.sha
	}
	return name
}
