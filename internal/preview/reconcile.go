package preview

import (
	"maps"

	"github.com/previewset/previewset/internal/config"
)

// reconciler decides about each environment: create, update, keep or remove it. It decides about removals from holds
// with allowsRemoval; their evidence comes from identify, assign and the lifecycles.
//
// An environment is removed if nothing adds it to live. A closed pull request has no desired environment, so nothing
// adds its dedicated environment. The evidence is in direct reads (internal/github/direct.go). While a read fails,
// identify makes an orphan of the pull request, and keepOrphans adds its environment. keepLeaving makes an orphan too,
// until there are enough reads. The deletion guard doesn't count closed pull requests on purpose, because a person
// closed each of them.
type reconciler struct {
	in           *input
	lifecycles   *lifecycles
	existing     []*desiredEnvironment
	guard        *deletionGuard
	planner      *planner
	live         *liveSet
	expired      map[*desiredEnvironment]*hold // evidence that a lifetime is over
	pendingMoves map[string]*Remembered
	movedTo      map[string]string // dedicated environments that went, because their pull request runs elsewhere now
	rejected     rejections
	kept         []kept
	results      []*result
}

// newReconciler prepares the decisions. The deletion guard counts the removals before the first decision.
func newReconciler(
	in *input, ids *identities, ls *lifecycles, existing []*desiredEnvironment, moves map[string]*Remembered,
) *reconciler {
	r := &reconciler{
		in: in, lifecycles: ls, existing: withGuardedMoves(in, existing, moves), live: newLiveSet(in),
		expired:      map[*desiredEnvironment]*hold{},
		pendingMoves: maps.Clone(moves), movedTo: map[string]string{}, rejected: rejections{},
	}
	r.planner = &planner{
		in: in, lifecycles: ls, live: r.live, last: in.memory.compositions.of(in.cfg),
		readyDefaults: map[string]config.ServiceRef{},
	}
	for _, desired := range r.existing {
		if h := ls.expiredHold(desired); h != nil {
			r.expired[desired] = h
		}
	}
	r.guard = newDeletionGuard(in, r.existing, moves, r.expired)
	r.keepOrphans(ids)
	r.keepInGrace(ids)
	return r
}

// keepOrphans keeps the dedicated environments of pull requests that can't be read.
func (r *reconciler) keepOrphans(ids *identities) {
	for name, orphans := range ids.orphans {
		if !isNamed(name) {
			r.keep(r.in.previous[name], orphans[0].hold)
		}
	}
}

// keepInGrace keeps the dedicated environments of closed pull requests for lifetime.grace.
func (r *reconciler) keepInGrace(ids *identities) {
	isOpen := map[string]bool{}
	for _, pr := range ids.pullRequests {
		if pr.membership != nil {
			isOpen[pr.membership.environment.Row.Name] = true
		}
	}
	for name, e := range r.in.previous {
		isDecidedElsewhere := isOpen[name] || isNamed(name) || r.lifecycles.desired[name] != nil || r.live.has(name)
		if isDecidedElsewhere || len(e.Members) == 0 || r.in.isConfirmed(name) {
			continue
		}
		if h := graceHold(r.in, r.lifecycles.byName[name]); h != nil {
			r.keep(e, h)
		}
	}
}

func (r *reconciler) keep(e *Remembered, h *hold) {
	r.live.add(e)
	r.kept = append(r.kept, kept{e, h, e.Row.HeadSHA})
}

// keepAll keeps all environments as they were.
func (r *reconciler) keepAll(h *hold) {
	for _, e := range r.in.previous {
		r.keep(e, h)
	}
}

// reconcileExisting decides about the environments that are live.
func (r *reconciler) reconcileExisting() {
	for _, desired := range r.existing {
		if h := r.expired[desired]; h != nil {
			r.add(r.expire(desired, h))
			continue
		}
		for desired != nil {
			p := r.propose(desired)
			desired = r.add(r.conclude(p)).followUp
		}
	}
}

func (r *reconciler) add(res *result) *result {
	if res.live != nil {
		r.live.add(res.live)
	}
	for _, m := range res.members {
		r.addMember(res, m)
	}
	r.results = append(r.results, res)
	return res
}

// addMember notes whether a pull request left its dedicated environment, or keeps it, or stays in a named one.
func (r *reconciler) addMember(res *result, m memberResult) {
	subject := m.subject()
	dedicated := r.pendingMoves[subject]
	switch {
	case m.dedicated != nil:
		r.live.add(m.dedicated)
	case m.outcome == memberRuns && dedicated != nil && !res.desired.isDedicated:
		r.movedTo[dedicated.Row.Name] = res.desired.name
	case m.outcome == memberKeptOut && m.environment != nil && isNamed(m.environment.Row.Name) && !m.hold.allowsRemoval:
		if !res.desired.isDedicated && res.expired == nil {
			r.rejected[subject] = m.hold
		}
	}
	if !res.desired.isDedicated && res.expired == nil {
		delete(r.pendingMoves, subject)
	}
}

// proposal is a desired environment with its plan.
type proposal struct {
	desired *desiredEnvironment // with the final holds of its members
	planned *plannedEnvironment
	hold    *hold // why it can't be created or updated
}

// propose plans an environment.
func (r *reconciler) propose(desired *desiredEnvironment) proposal {
	if desired.isDedicated { // the hold of its only member doesn't change
		planned, h := r.planner.planDedicated(desired)
		return proposal{desired, planned, h}
	}
	p := proposal{desired: desired.withOwnMembers()}
	for _, m := range p.desired.members {
		if m.hold == nil {
			m.hold = moveHold(r.in, desired, m, r.pendingMoves, r.guard)
		}
	}
	holdForSecrets(r.in.cfg, p.desired)
	heads := shareServices(r.in, p.desired)
	if p.desired.isAbandoned() && checkFile(&plannedEnvironment{planner: r.planner, desired: p.desired}) == nil {
		p.hold = r.abandonedHold(p.desired)
		return p
	}
	p.planned, p.hold = r.planner.planNamed(p.desired, heads)
	return p
}

// allExpired returns the entries of environments that their lifetime took away, now or earlier.
func (r *reconciler) allExpired(previous map[string]Expired) map[string]Expired {
	expired := maps.Clone(previous)
	for _, res := range r.results {
		if res.expired != nil {
			expired[res.desired.name] = *res.expired
		}
	}
	return expired
}

// inGrace returns the environments that stay for lifetime.grace.
func (r *reconciler) inGrace() []string {
	var names []string
	for _, k := range r.kept {
		if k.hold.rule == RuleGrace {
			names = append(names, k.Row.Name)
		}
	}
	for _, res := range r.results {
		if res.hold != nil && res.hold.rule == RuleGrace {
			names = append(names, res.desired.name)
		}
	}
	return names
}

// finalLifecycles returns the lifecycles with those of the new environments, and with the time at which pull requests
// were first seen closed.
func (r *reconciler) finalLifecycles() *lifecycles {
	ls := r.lifecycles
	all := *ls
	all.byName = maps.Clone(ls.byName)
	for name, e := range r.live.environments {
		if all.byName[name] == nil {
			all.byName[name] = beginLifecycle(ls, name, e)
		}
	}
	for _, name := range r.inGrace() {
		if l := *all.byName[name]; l.Closed.IsZero() {
			l.Closed = ls.in.now.UTC()
			all.byName[name] = &l
		}
	}
	return &all
}

// beginLifecycle is the lifecycle of a new environment.
func beginLifecycle(ls *lifecycles, name string, e *Remembered) *lifecycle {
	l := &lifecycle{
		Life: newLife(ls.in), name: name, desired: ls.desired[name], file: ls.in.file(name), profile: e.Row.Profile,
		settings: ls.in.cfg.LifetimeIn(e.Row.Profile, ls.in.file(name)), requests: ls.in.memory.Requests[name],
	}
	if p := ls.pushes[l.desired]; p.isKnown {
		l.Heads = p.heads
	}
	return l
}
