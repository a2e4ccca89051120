package githubtest

import (
	"fmt"
	"strings"
)

func (c change) addRepository(fullName string, fork bool) *repository {
	r := newRepository(c.newID(), fullName, c.now())
	r.fork = fork
	r.refs["heads/main"] = SHA(fmt.Sprintf("%d initial commit", r.id))
	c.repos[r.id] = r
	c.takeName(r)
	c.recordActivity(r)
	return r
}

// takeName assigns the repository's name to it. The name no longer redirects.
func (c change) takeName(r *repository) {
	name := strings.ToLower(r.fullName())
	c.names[name] = r.id
	delete(c.formerNames, name)
}

func (c change) rename(r *repository, fullName string) {
	oldOwner, oldName := r.owner, r.name
	former := strings.ToLower(r.fullName())
	delete(c.names, former)
	c.formerNames[former] = r.id
	r.owner, r.name, _ = strings.Cut(fullName, "/")
	c.takeName(r)
	c.recordActivity(r)
	action, changes := "renamed", object{"repository": object{"name": object{"from": oldName}}}
	if oldOwner != r.owner {
		action, changes = "transferred", object{"owner": object{"from": object{"user": userJSON(oldOwner)}}}
	}
	c.send(r, "repository", object{"action": action, "changes": changes})
}

func (c change) setPrivate(r *repository, private bool) {
	if r.private == private {
		return
	}
	r.private = private
	c.recordActivity(r)
	c.send(r, "repository", object{"action": map[bool]string{true: "privatized", false: "publicized"}[private]})
}

func (c change) removeRepository(r *repository) {
	c.send(r, "repository", object{"action": "deleted"})
	delete(c.repos, r.id)
	delete(c.names, strings.ToLower(r.fullName()))
	c.version++
	for _, other := range c.repos {
		for _, p := range other.pullsInOrder {
			if p.HeadRepository == r.id {
				c.recordActivity(other)
			}
		}
	}
}
