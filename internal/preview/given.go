package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// admitMembers asks of each pull request that asks for an environment whether it gets into it, and what it changes there.
func (r *resolver) admitMembers(w *wish) {
	for _, c := range w.members {
		if c.hold = r.letIn(c); c.hold == nil {
			_, c.hold = r.changes(c)
		}
	}
}

// ends says of an environment with a given name that it is live and nobody asks for it any more.
func (w *wish) ends() bool {
	return w.was != nil && w.claim == nil && !w.isFile && len(w.ghosts) == 0 &&
		!slices.ContainsFunc(w.members, func(c *candidate) bool { return c.hold == nil || c.isIn(w.name) })
}

// decideGiven decides about an environment with a name that people gave it.
func (r *resolver) decideGiven(w *wish) {
	for _, c := range w.members {
		if c.hold == nil {
			c.hold = r.moveHold(c, r.brake)
		}
	}
	r.shareOut(w)
	e, h := r.givenEnvironment(w)
	if h == nil && w.was == nil {
		h = r.newcomer(w)
	}
	if h != nil {
		for _, c := range w.members {
			if c.hold == nil && !c.isIn(w.name) {
				c.hold = h
			}
		}
	}
	switch {
	case h == nil:
		r.serve(*e)
	case w.was != nil && !h.over:
		kept := *w.was
		if h.rule != ruleGrace {
			kept.Members = r.membersOf(w)
		}
		r.serve(kept)
	}
	r.tell(w, h)
}

// holdMoves keeps those in their own environments who were kept there before: with them nobody may count.
func (r *resolver) holdMoves(wishes []*wish) {
	for _, w := range wishes {
		for _, c := range w.members {
			if c.hold == nil {
				c.hold = r.moveHold(c, false)
			}
		}
	}
}

// moveHold keeps a pull request in its own environment where too many would leave theirs at once.
func (r *resolver) moveHold(c *candidate, brake bool) *hold {
	was, ok := r.leaving[c.subject()]
	if !ok || r.confirmed(was.Row.Name) {
		return nil
	}
	if was.Braked = was.Braked || brake; !was.Braked {
		return nil
	}
	return &hold{
		rule: ruleWithheld, withheld: true, reason: fmt.Sprintf("it would move to %s together with many others, more than the %d that may within 10 minutes", c.to, r.deletionsAtOnce()),
		remedy: "take back what moves it, or previewctl confirm " + was.Row.Name + " to let it go",
	}
}

// shareOut says which services run at whose heads: of two pull requests that change the same, the earlier one runs, and the
// other is held. One that is in the environment already, and held for anything else, stays at its last commit.
func (r *resolver) shareOut(w *wish) {
	w.heads = map[string]config.ServiceRef{}
	runs, pinned := map[string]*candidate{}, r.pinned(w)
	r.addStaying(w, pinned)
	for _, c := range w.members {
		if c.hold != nil {
			continue
		}
		if c.hold = conflict(c, runs, pinned); c.hold != nil {
			if c.isIn(w.name) {
				c.was = nil
			}
			continue
		}
		for name, pin := range c.heads {
			runs[name], w.heads[name] = c, pin
		}
	}
	for _, c := range w.members {
		if c.hold != nil && c.isIn(w.name) {
			r.stayAt(w, c.key, c.Number)
		}
	}
	for _, g := range w.ghosts {
		r.stayAt(w, g.Repository, g.Number)
	}
}

// pinned are the open pull requests that the file pins services to.
func (r *resolver) pinned(w *wish) map[string]*candidate {
	pinned := map[string]*candidate{}
	for name, ref := range w.file.Services {
		s := r.Policy.Services.Get(name)
		if s == nil || ref.PullRequest == 0 {
			continue
		}
		key := strings.ToLower(s.Repository)
		if repository, ok := r.heard(key); ok {
			if pr, ok := openPullRequest(repository, ref.PullRequest); ok {
				pinned[name] = &candidate{PullRequest: pr, key: key}
			}
		}
	}
	return pinned
}

// addStaying adds the pull requests that stay in an environment at their last commits to those that have services there. Of
// which nobody knows how they are, they count as the earliest: they had them when that was known.
func (r *resolver) addStaying(w *wish, pinned map[string]*candidate) {
	var staying []*candidate
	for _, c := range w.members {
		if c.hold != nil && c.isIn(w.name) {
			staying = append(staying, c)
		}
	}
	for _, g := range w.ghosts {
		staying = append(staying, &candidate{PullRequest: PullRequest{Number: g.Number}, key: g.Repository})
	}
	for _, c := range staying {
		for name := range r.runsOf(w, c.key, c.Number) {
			if p := pinned[name]; p == nil || c.before(p) {
				pinned[name] = c
			}
		}
	}
}

// conflict holds a pull request that changes what another one runs.
func conflict(c *candidate, runs, pinned map[string]*candidate) *hold {
	for _, name := range slices.Sorted(maps.Keys(c.heads)) {
		other := runs[name]
		if p := pinned[name]; other == nil && p != nil && p.subject() != c.subject() && p.before(c) {
			other = p
		}
		if other != nil {
			return &hold{
				rule: ruleConflict, reason: fmt.Sprintf("both %s and %s change service %s, and the earlier of them, %s, runs in %s", other.subject(), c.subject(), name, other.subject(), c.to),
				remedy: "take it out of " + c.to + ", or close one of the two",
			}
		}
	}
	return nil
}

// stayAt leaves the services of a member at its last commit.
func (r *resolver) stayAt(w *wish, repository string, number int) {
	for name, pin := range r.runsOf(w, repository, number) {
		if _, taken := w.heads[name]; !taken {
			w.heads[name] = pin
		}
	}
}

// runsOf are the services that ran at a pull request's commit.
func (r *resolver) runsOf(w *wish, repository string, number int) map[string]config.ServiceRef {
	runs := map[string]config.ServiceRef{}
	for name, pin := range w.was.Run {
		if s := r.Policy.Services.Get(name); s != nil && pin.Number == number && strings.EqualFold(s.Repository, repository) {
			runs[name] = pin
		}
	}
	return runs
}

// givenEnvironment makes an environment with a given name, or says why there is none.
func (r *resolver) givenEnvironment(w *wish) (*Remembered, *hold) {
	if problem, ok := r.Broken[w.name]; ok && r.Environments[w.name] == nil {
		return nil, brokenHold(problem)
	}
	if w.ends() {
		return nil, r.endHold(w)
	}
	label, h := r.profileOf(w)
	if h != nil {
		return nil, h
	}
	profile := cmp.Or(label, w.file.Profile, r.Policy.PullRequests.Profile)
	if h := r.unknownProfile(profile); h != nil {
		return nil, h
	}
	set := r.givenRuns(w, profile)
	if len(set) == 0 {
		return nil, r.nothingToRun(w)
	}
	return r.made(w, profile, set)
}

// givenRuns is what runs: what the profile says, with what the file pins as if it were changed; what the file says; what
// its members change.
func (r *resolver) givenRuns(w *wish, profile string) map[string]bool {
	targets := slices.Sorted(maps.Keys(w.heads))
	for _, name := range slices.Sorted(maps.Keys(w.file.Services)) {
		if r.Policy.Services.Get(name) != nil {
			targets = append(targets, name)
		}
	}
	set := r.RunSet(r.Policy.Profiles[profile], targets)
	for name := range w.file.Links {
		if _, ok := w.heads[name]; ok {
			w.notes = append(w.notes, fmt.Sprintf("service %s runs here, because a pull request changes it, and isn't linked", name))
			continue
		}
		delete(set, name)
	}
	return set
}

func (r *resolver) nothingToRun(w *wish) *hold {
	h := &hold{rule: ruleUnchanged, reason: "it has nothing to run", remedy: fmt.Sprintf("previewctl set %s --profile full, or --service <service>=branch:<branch>", w.name)}
	switch {
	case w.claim != nil:
		h.remedy = fmt.Sprintf("label a pull request of %s %q, or add %s/%s/%s", strings.Join(w.claim.Holders, " or "), r.Policy.PullRequests.Label, config.OverlaysFolder, w.name, config.EnvironmentFile)
	case !w.isFile:
		h.reason, h.remedy = "it changes no service", r.labelForAll()
	}
	return h
}

// profileOf is the profile that the labels of the members name; of those that stay as they were, that they named then.
func (r *resolver) profileOf(w *wish) (string, *hold) {
	var first Member
	for _, m := range r.membersOf(w) {
		switch {
		case m.Profile == "":
		case first.Profile == "":
			first = m
		case first.Profile != m.Profile:
			return "", &hold{
				rule: ruleProfile, reason: fmt.Sprintf("its pull requests' labels name two profiles: %s of %s and %s of %s", first.Profile, first.subject(), m.Profile, m.subject()),
				remedy: "leave one of them",
			}
		}
	}
	return first.Profile, nil
}

// endHold is what becomes of a live environment that nobody asks for any more. Its pull requests' end is evidence; so is
// that its file or its claim is gone, unless the config branch lost more at once than people take away, or was rewritten.
func (r *resolver) endHold(w *wish) *hold {
	over := &hold{rule: ruleUnlabelled, over: true, reason: "nobody asks for it any more"}
	configured := w.was.Row.Source != sourcePullRequest
	switch {
	case r.confirmed(w.name):
		return over
	case !configured && r.left[w.name] == 0:
		return cmp.Or(r.graceHold(r.lives[w.name]), over)
	}
	confirm := "previewctl confirm " + w.name + " to let it go"
	if configured && (w.was.Braked || r.rewritten()) {
		w.was.Braked = true
		return &hold{
			rule: ruleWithheld, withheld: true, reason: "what asked for it is gone from the config branch, which doesn't follow from what it was, or lost many at once",
			remedy: "bring it back, or " + confirm,
		}
	}
	if r.braked(w.was, w.was.Braked) {
		return &hold{
			rule: ruleWithheld, withheld: true, reason: fmt.Sprintf("it lost what asked for it together with many others, more than the %d that may go within 10 minutes", r.deletionsAtOnce()),
			remedy: "bring it back, or " + confirm,
		}
	}
	return over
}

// rewritten says that nobody knows whether the config branch's commit comes after the one that was answered last: it may
// be a force-push that lost what others had written.
func (r *resolver) rewritten() bool {
	return r.memory.Commit != r.Commit && !r.IsAncestor(r.memory.Commit)
}

// tell makes the decisions about an environment with a given name: one of each pull request, and its own where a file or a
// slot makes it.
func (r *resolver) tell(w *wish, h *hold) {
	live := h == nil || (w.was != nil && !h.over)
	for _, c := range w.members {
		r.tellMember(w, c, h)
	}
	for _, g := range w.ghosts {
		d := Decision{Environment: w.name, Repository: g.Repository, Number: g.Number, Owner: w.was.Row.Owner}
		r.decided(d.stays(g.hold))
	}
	isSubject := w.isFile || w.claim != nil || (live && !slices.ContainsFunc(w.members, func(c *candidate) bool { return c.isIn(w.name) || c.hold == nil }) && len(w.ghosts) == 0)
	if !isSubject {
		return
	}
	d := Decision{Environment: w.name, Owner: config.Printable(w.owner()), Author: config.Printable(w.owner())}
	switch {
	case h == nil:
		r.decided(d.live(r.ruleOf(w), r.describe(w)))
	case live:
		r.decided(d.stays(h))
	default:
		r.decided(d.held(h))
	}
}

func (r *resolver) tellMember(w *wish, c *candidate, h *hold) {
	d := r.about(w, c)
	own, isLeaving := r.leaving[c.subject()]
	if isLeaving {
		delete(r.leaving, c.subject())
	}
	switch {
	case c.hold != nil && isLeaving && !c.hold.over:
		own.Members[0].Label = r.labelOf(c)
		r.serve(*own)
		d.Environment = own.Row.Name
		r.decided(d.stays(c.hold))
	case c.hold != nil && c.isIn(w.name):
		r.decided(d.stays(c.hold))
	case c.hold != nil:
		r.turnAway(c)
		r.decided(d.held(c.hold))
	case h != nil:
		r.decided(d.stays(h))
	default:
		if isLeaving {
			r.moves[own.Row.Name] = w.name
			r.snapshot.Memory.Unlabelled = append(r.snapshot.Memory.Unlabelled, r.now.UTC().Truncate(time.Second))
		}
		r.decided(d.live(ruleLabelled, strings.Join(append([]string{fmt.Sprintf("it is open and labelled %q; it runs in environment %s", cmp.Or(c.join, r.Policy.PullRequests.Label), w.name)}, w.notes...), "; ")))
	}
}

// turnAway leaves a pull request in the environment with a given name that it is in, where the one that it asks for doesn't let
// it in: for want of room, say.
func (r *resolver) turnAway(c *candidate) {
	if c.was == nil || !isGiven(c.was.Row.Name) || c.hold.over || r.stays[c.subject()] != nil {
		return
	}
	r.stays[c.subject()], r.isTurnedAway = c.hold, true
}

// ruleOf is the rule by which an environment is live that a file or a slot makes.
func (r *resolver) ruleOf(w *wish) string {
	if w.claim != nil {
		return ruleSlot
	}
	return ruleFile
}

func (r *resolver) describe(w *wish) string {
	parts := []string{"its file is in " + config.OverlaysFolder + "/" + w.name}
	if w.claim != nil {
		parts[0] = "its slot is held by " + strings.Join(w.claim.Holders, ", ")
	}
	if p := r.Broken[w.name]; p != "" {
		parts = append(parts, "its file is not in force as it stands: "+p)
	}
	return strings.Join(append(parts, w.notes...), "; ")
}
