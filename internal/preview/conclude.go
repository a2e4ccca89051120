package preview

import "slices"

// conclude decides about a proposal.
func (r *reconciler) conclude(p proposal) *result {
	if p.desired.isDedicated {
		return r.concludeDedicated(p)
	}
	return r.concludeNamed(p)
}

// concludeDedicated decides about the environment of one pull request.
func (r *reconciler) concludeDedicated(p proposal) *result {
	w, h := p.desired, p.hold
	m := w.members[0]
	res := &result{desired: w}
	previous := w.previous
	isAdopted := h != nil && h.allowsRemoval && w.file.Adopted
	isMember := previous != nil && len(previous.Members) > 0
	if isMember && h != nil {
		var isCounted bool
		if previous, h, isCounted = r.decideLabelLoss(w, h); isCounted {
			res.countRemoval(w.previous)
		}
	}
	if res.hold = h; h == nil {
		res.planned, res.live = p.planned, &p.planned.made.environment
		res.members = []memberResult{{member: m, outcome: memberRuns}}
		return res
	}
	res.members = []memberResult{{member: m, outcome: memberKeptOut, hold: h}}
	switch {
	case isAdopted && h.allowsRemoval:
		res.followUp = &desired{name: w.name, file: w.file, isFromFile: true, previous: previous}
	case previous != nil && !isMember:
		res.live, res.members[0].outcome = previous, memberStays
	case previous != nil && !h.allowsRemoval: // guard held-stays-live: $ && h.needsConfirmation
		res.live, res.members[0].outcome = previous, memberKept
	}
	return res
}

// concludeNamed decides about a named environment and its members.
func (r *reconciler) concludeNamed(p proposal) *result {
	w, h := p.desired, p.hold
	res := &result{desired: w, hold: h}
	if h != nil {
		for _, m := range w.members {
			if m.hold == nil && !m.isIn(w.name) {
				m.hold = h
			}
		}
	}
	switch {
	case h == nil:
		res.planned, res.live = p.planned, &p.planned.made.environment
	case w.previous != nil && !h.allowsRemoval:
		as := *w.previous
		if h.rule != RuleGrace {
			as.Members = w.rememberedMembers(r.in.cfg.Policy.PullRequests)
		}
		if h.isGuard {
			as.IsGuarded = true
		}
		res.live = &as
	}
	if h != nil && h.isCounted && r.in.isCounted(w.previous) {
		res.countRemoval(w.previous)
	}
	for _, m := range w.members {
		last := r.concludeMember(w, m, h)
		res.members = append(res.members, last)
		dedicated := r.pendingMoves[m.subject()]
		isStopped := last.dedicated != nil && last.dedicated.IsGuarded
		if dedicated != nil && r.in.isCounted(dedicated) && (last.outcome == memberRuns || isStopped) {
			res.countRemoval(dedicated)
		}
	}
	res.isOwnSubject = w.isFromFile || w.claim != nil || res.live != nil && len(w.orphans) == 0 && !hasMember(w)
	return res
}

// hasMember reports whether a pull request is in the environment, or comes into it.
func hasMember(w *desired) bool {
	return slices.ContainsFunc(w.members, w.isMember)
}

// concludeMember decides about a pull request that asks for a named environment.
func (r *reconciler) concludeMember(w *desired, m *member, h *hold) memberResult {
	dedicated := r.pendingMoves[m.subject()]
	switch {
	case m.hold != nil && dedicated != nil && !m.hold.allowsRemoval:
		last := dedicated.Members[0]
		last.Label = presentLabel(r.in.cfg.Policy.PullRequests, m.labels)
		isGuarded := dedicated.IsGuarded || m.hold.isGuard && r.guard.isActive(dedicated)
		return memberResult{
			member: m, outcome: memberKeepsDedicated, hold: m.hold,
			dedicated: dedicated.withMember(isGuarded, last),
		}
	case m.hold != nil && m.isIn(w.name):
		return memberResult{member: m, outcome: memberStays, hold: m.hold}
	case m.hold != nil:
		return memberResult{member: m, outcome: memberKeptOut, hold: m.hold}
	case h != nil:
		return memberResult{member: m, outcome: memberStays, hold: h}
	}
	return memberResult{member: m, outcome: memberRuns}
}
