package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// The sources of an environment, as its row says them.
const (
	sourcePullRequest = "pull-request"
	sourceEnvironment = "environment"
	sourceSlot        = "slot"
)

// candidate is an open pull request on its way to a decision.
type candidate struct {
	PullRequest
	repository string // as GitHub spells it
	// repositoryID is its numeric identity; 0 where nobody knows it.
	repositoryID int64
	key          string // lower case
	person       string // whose it counts as

	own   string      // the name of an environment of its own
	to    string      // the environment that it asks for
	join  string      // the label by which it joins that, lower case; empty where it doesn't
	was   *Remembered // the environment that it is in; nil where it is in none
	label string      // the one that it was let in by

	profile string                       // the one that its labels name
	heads   map[string]config.ServiceRef // what it changes
	hold    *hold                        // why it isn't let in
}

func (c *candidate) subject() string { return subject(c.key, c.Number) }

// isIn says whether it is a member of a live environment now.
func (c *candidate) isIn(name string) bool { return c.was != nil && c.was.Row.Name == name }

func (c *candidate) before(other *candidate) bool { return compareCandidates(c, other) < 0 }

func compareCandidates(a, b *candidate) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Number, b.Number), cmp.Compare(a.key, b.key))
}

// ghost is a member of a live environment that nobody speaks for now.
type ghost struct {
	Member
	hold *hold
}

// wish is an environment that somebody asks for, on its way to a decision. Those of pull requests of their own have one
// member, and are named like it; all that give one name together make one.
type wish struct {
	name    string
	own     bool
	members []*candidate // the earliest first
	ghosts  []ghost
	file    *config.Environment // never nil; empty where none is in force
	isFile  bool                // the file makes it, and doesn't only adjust it
	claim   *config.Claim       // of its slot; nil where it isn't a slot, or nobody holds it
	was     *Remembered

	pushed     string                       // all that people push for it to be as it is, as hashes
	knowsHeads bool                         // that is known
	heads      map[string]config.ServiceRef // what runs at the head of a member
	notes      []string                     // what isn't as somebody might think
}

// source is where it comes from: the first that claims its name.
func (w *wish) source() string {
	switch {
	case w.claim != nil:
		return sourceSlot
	case w.isFile:
		return sourceEnvironment
	}
	return sourcePullRequest
}

// person is whom it counts for in limits.perOwner; nobody has a slot for himself.
func (w *wish) person() string {
	switch {
	case w.claim != nil:
		return ""
	case w.isFile:
		return w.file.Owner
	case w.was != nil && (len(w.ghosts) > 0 || len(w.members) == 0):
		return w.was.person() // nobody knows whose the others are
	case len(w.members) == 0:
		return ""
	}
	for _, c := range w.members {
		if c.hold == nil || c.isIn(w.name) {
			return c.person
		}
	}
	return w.members[0].person
}

// owner is whom people know it by. A file may name somebody else than a pull request's environment counts for.
func (w *wish) owner() string {
	if w.claim != nil {
		return w.claim.Holders[0]
	}
	return cmp.Or(w.file.Owner, w.person())
}

func (w *wish) purpose() string {
	if w.claim != nil {
		return cmp.Or(w.claim.Purpose, w.file.Purpose)
	}
	return w.file.Purpose
}

// isGiven says of an environment that people gave it its name.
func isGiven(name string) bool { return !config.IsPullRequestName(name) }

// wishes are all environments that are asked for or live, with what is open of them.
func (r *resolver) wishes(candidates []*candidate) []*wish {
	given, owned := r.given(), map[string]bool{}
	var all []*wish
	for _, c := range candidates {
		r.assign(c)
		if c.was != nil && isGiven(c.was.Row.Name) && c.to != c.was.Row.Name {
			r.left[c.was.Row.Name]++
		}
		if c.to == c.own {
			all, owned[c.own] = append(all, r.ownWish(c)), true
			continue
		}
		if c.isIn(c.own) && r.file(c.own).Adopted {
			c.was = nil // that stays
		}
		w := given[c.to]
		if w == nil {
			w = &wish{name: c.to, file: &config.Environment{}}
			given[c.to] = w
		}
		w.members = append(w.members, c)
		if c.was != nil && !isGiven(c.was.Row.Name) {
			r.leaving[c.subject()] = c.was
		}
	}
	all = append(all, r.adopted(owned)...)
	for _, w := range given {
		slices.SortFunc(w.members, compareCandidates)
		r.admitMembers(w)
		all = append(all, w)
	}
	return all
}

// ownWish is a pull request's own environment.
func (r *resolver) ownWish(c *candidate) *wish {
	w := &wish{name: c.own, own: true, members: []*candidate{c}, file: &config.Environment{}}
	if was := r.was[c.own]; c.isIn(c.own) {
		w.was = c.was
	} else if was != nil && len(was.Members) == 0 {
		w.was = was // adopted while the pull request was closed
	}
	if e := r.Environments[c.own]; e != nil && e.PullRequest != "" {
		w.file = e
	}
	return w
}

// adopted are the environments of pull requests that stay without them, and those that a file kept and keeps no more.
func (r *resolver) adopted(owned map[string]bool) []*wish {
	var all []*wish
	for name, e := range r.Environments {
		if _, kept := r.snapshot.Memory.Environments[name]; e.Adopted && !owned[name] && !kept {
			all, owned[name] = append(all, &wish{name: name, file: e, isFile: true, was: r.was[name]}), true
		}
	}
	for name, was := range r.was {
		if !isGiven(name) && len(was.Members) == 0 && !owned[name] {
			all = append(all, &wish{name: name, file: &config.Environment{}, was: was})
		}
	}
	return all
}

// given are the environments with a name that people gave them, apart from those that only pull requests ask for.
func (r *resolver) given() map[string]*wish {
	given := map[string]*wish{}
	get := func(name string) *wish {
		if given[name] == nil {
			given[name] = &wish{name: name, file: &config.Environment{}}
		}
		return given[name]
	}
	for name, was := range r.was {
		if isGiven(name) {
			get(name).was = was
		}
	}
	for name, ghosts := range r.ghosts {
		given[name].ghosts = ghosts // they are members of what was live
	}
	for name, e := range r.Environments {
		if e.PullRequest == "" && !r.isFreeSlot(name) {
			w := get(name)
			w.file, w.isFile = e, true
		}
	}
	for name, claim := range r.slots {
		if len(claim.Holders) > 0 {
			get(name).claim = &claim
		}
	}
	return given
}

// isFreeSlot says whether a name is that of a slot that nobody holds: it has no environment then, whatever its file says.
func (r *resolver) isFreeSlot(name string) bool {
	claim, ok := r.slots[name]
	return ok && len(claim.Holders) == 0
}

// assign finds the one environment that a pull request asks for: its person's slot, else its join, else its own.
func (r *resolver) assign(c *candidate) {
	c.to = c.own
	policy := r.Policy.PullRequests
	asked, _ := labelled(c.Labels, policy.Label)
	joined, names := labelled(c.Labels, policy.JoinLabel)
	slot := r.slotOf(c.person)
	switch {
	case !asked && !joined:
	case slot != "":
		c.to = slot
	case joined:
		if c.hold = r.joinHold(names); c.hold == nil {
			c.to, c.join = names[0], strings.ToLower(policy.JoinLabel)+":"+names[0]
		}
	}
	r.stay(c)
}

// stay leaves a pull request in the environment with a given name that it is in, where it can't be let in elsewhere, or
// where only configuration has another word for what it is labelled.
func (r *resolver) stay(c *candidate) {
	if c.was == nil || !isGiven(c.was.Row.Name) || c.to == c.was.Row.Name || r.confirmed(c.was.Row.Name) || r.handedOn(c) {
		return
	}
	name := c.was.Row.Name
	asked, _ := labelled(c.Labels, r.Policy.PullRequests.Label)
	joined, _ := labelled(c.Labels, r.Policy.PullRequests.JoinLabel)
	_, isSlot := r.slots[name]
	switch {
	case c.hold != nil:
		c.to = name
	case c.join != "" && c.hasLabel(c.join), isSlot && asked, joined && strings.Contains(c.label, ":") && c.hasLabel(c.label):
		if h := cmp.Or(r.letIn(c), r.unread1(c), r.stays[c.subject()]); h != nil && !h.over {
			c.to, c.hold = name, h
		}
	case c.label == "" && !asked && !joined, c.label == "" && !isSlot && c.was.Row.Source == sourcePullRequest:
		c.to, c.hold = name, &hold{
			rule: ruleWithheld, withheld: true, reason: "whether it had the label that configuration asks for is not remembered",
			remedy: "label it again, or previewctl confirm " + name + " to let it go",
		}
	case strings.Contains(c.label, ":") && c.hasLabel(c.label) && !joined, c.label != "" && !strings.Contains(c.label, ":") && !asked && !joined && c.stillLabelled():
		c.to, c.hold = name, &hold{
			rule: ruleWithheld, withheld: true, reason: "configuration asks for another label than it was let in by",
			remedy: "label it again, or previewctl confirm " + name + " to let it go",
		}
	}
}

// handedOn says whether a pull request is in a slot that its person holds no more: who holds it now has it to themselves,
// whatever becomes of the pull request elsewhere.
func (r *resolver) handedOn(c *candidate) bool {
	_, isSlot := r.slots[c.was.Row.Name]
	return isSlot && c.was.Row.Source == sourceSlot && c.unknownPerson() == nil
}

// unread1 holds what can't be let in anywhere yet.
func (r *resolver) unread1(c *candidate) *hold {
	_, h := r.changes(c)
	return h
}

// hasLabel says whether one of the labels is "name:rest", however it is spelled.
func (c *candidate) hasLabel(label string) bool {
	name, rest, _ := strings.Cut(label, ":")
	_, has := labelled(c.Labels, name)
	return slices.Contains(has, rest)
}

// joinHold holds what joins no environment, or several, or one that can't be joined.
func (r *resolver) joinHold(names []string) *hold {
	label := r.Policy.PullRequests.JoinLabel
	leave := fmt.Sprintf("label it %q, with a name of your choice", label+":checkout")
	if len(names) != 1 {
		reason := fmt.Sprintf("its label %q names no environment", label)
		if len(names) > 1 {
			reason, leave = "its labels join it to several environments: "+config.Printable(strings.Join(names, ", ")), "leave one of them"
		}
		return &hold{rule: ruleJoin, reason: reason, remedy: leave}
	}
	name := names[0]
	if _, ok := r.slots[name]; ok {
		return &hold{
			rule: ruleJoin, reason: fmt.Sprintf("%s is a slot, and whose pull requests run there its claim says", name),
			remedy: "previewctl slot claim " + name + " --holders <login>, or join under another name",
		}
	}
	if r.Environments[name] != nil || r.was[name] != nil {
		return nil
	}
	if why := r.Policy.NameProblem(name); why != "" {
		return &hold{rule: ruleJoin, reason: fmt.Sprintf("%q can't be an environment's name: %s", config.Printable(name), why), remedy: leave}
	}
	return nil
}

// slotOf is the slot that a person holds; of several the first by name.
func (r *resolver) slotOf(person string) string {
	for _, name := range slices.Sorted(maps.Keys(r.slots)) {
		if person != "" && slices.ContainsFunc(r.slots[name].Holders, func(h string) bool { return strings.EqualFold(h, person) }) {
			return name
		}
	}
	return ""
}
