package preview

import (
	"fmt"
	"maps"
	"slices"
)

// heard is what was read of a configured repository, unless its name is another's now: what that one has says nothing of
// the one that was meant, and whom it trusts is not whom that one trusted.
func (r *resolver) heard(key string) (repository Repository, ok bool) {
	repository, ok = r.facts.Repositories[key]
	return repository, ok && sameIdentity(r.memory.Identity(key), repository.ID)
}

// sameIdentity is true also where one of the two isn't known.
func sameIdentity(a, b int64) bool {
	return a == b || a == 0 || b == 0 // guard same-identity: true
}

// lived is the place of a pull request in what was live.
type lived struct {
	was    *Remembered
	member Member
}

// attribute finds for each member of a live environment the repository that speaks for it now. It is the one with its
// numeric identity: that may have another name meanwhile. What nobody speaks for stays as it is.
func (r *resolver) attribute() {
	var left []lived
	for _, name := range slices.Sorted(maps.Keys(r.was)) {
		for _, m := range r.was[name].Members {
			in := lived{r.was[name], m}
			if repository, ok := r.heardAs(m.Repository); !ok || !sameIdentity(m.RepositoryID, repository.ID) || !r.attributed(in, m.Repository) {
				left = append(left, in)
			}
		}
	}
	renamed := r.byIdentity()
	for _, in := range left {
		if key := renamed[in.member.RepositoryID]; (key == "" || !r.attributed(in, key)) && !r.confirmed(in.was.Row.Name) {
			// guard unreadable-repository: if r.ServicesOf(in.member.Repository) == nil { $ }
			// guard removed-repository: if r.ServicesOf(in.member.Repository) != nil { $ }
			r.haunt(in, r.unheard(in))
		}
	}
}

// haunt keeps a member of a live environment that nobody speaks for.
func (r *resolver) haunt(in lived, h *hold) {
	name := in.was.Row.Name
	if !isGiven(name) {
		r.keep(*in.was, h, in.was.Row.HeadSHA)
		return
	}
	r.ghosts[name] = append(r.ghosts[name], ghost{in.member, h})
}

// heardAs is heard, for a name that may not be configured.
func (r *resolver) heardAs(key string) (Repository, bool) {
	if r.ServicesOf(key) == nil {
		return Repository{}, false
	}
	return r.heard(key)
}

// byIdentity are the names of the repositories that were heard, by numeric identity; of two the first.
func (r *resolver) byIdentity() map[int64]string {
	names := map[int64]string{}
	for _, key := range slices.Backward(r.Repositories()) {
		if repository, ok := r.heard(key); ok && repository.ID != 0 {
			names[repository.ID] = key
		}
	}
	return names
}

// attributed lets a repository speak for a pull request that is in an environment, and says whether it can: not where that
// is in another one already.
func (r *resolver) attributed(in lived, key string) bool {
	about := subject(key, in.member.Number)
	if _, ok := r.lived[about]; ok {
		return false
	}
	r.lived[about] = in
	name := in.was.Row.Name
	if why, ok := r.facts.Repositories[key].Unread[in.member.Number]; ok && !r.confirmed(name) { // guard unread-member: false
		r.haunt(in, &hold{
			rule: ruleUnread, withheld: true, reason: "whether its pull request is open can't be read: " + why,
			remedy: "wait; it is read again. Or previewctl confirm " + name + " to let it go",
		})
	}
	return true
}

// unheard is why a live environment stays that no repository speaks for.
func (r *resolver) unheard(in lived) *hold {
	was := in.member
	letGo := "previewctl confirm " + in.was.Row.Name + " to let it go"
	if r.ServicesOf(was.Repository) == nil {
		return &hold{
			rule: ruleWithheld, withheld: true, reason: "configuration names its repository no more",
			remedy: "name the repository again, or " + letGo,
		}
	}
	other, ok := r.facts.Repositories[was.Repository]
	if !ok || sameIdentity(was.RepositoryID, other.ID) {
		return &hold{
			rule: ruleUnread, withheld: true, reason: "its repository can't be read",
			remedy: "see the service's /readyz?verbose, or " + letGo,
		}
	}
	return &hold{
		rule: ruleWithheld, withheld: true,
		reason: fmt.Sprintf("the name %s belongs to another repository now (ID %d → %d), which says nothing of its pull request", was.Repository, was.RepositoryID, other.ID),
		remedy: "give the name back, name the repository as it is called now, or " + letGo,
	}
}
