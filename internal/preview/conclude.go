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
	desired, h := p.desired, p.hold
	m := desired.members[0]
	res := &result{desired: desired}
	previous := desired.previous
	isAdopted := h != nil && h.allowsRemoval && desired.file.Adopted
	isMember := previous != nil && len(previous.Members) > 0
	if isMember && h != nil {
		var isCounted bool
		if previous, h, isCounted = r.decideLabelLoss(desired, h); isCounted {
			res.countRemoval(desired.previous)
		}
	}
	if res.hold = h; h == nil {
		res.planned, res.live = p.planned, &p.planned.composed.environment
		res.members = []memberResult{{member: m, outcome: memberRuns}}
		return res
	}
	res.members = []memberResult{{member: m, outcome: memberKeptOut, hold: h}}
	switch {
	case isAdopted && h.allowsRemoval:
		res.followUp = &desiredEnvironment{name: desired.name, file: desired.file, isFromFile: true, previous: previous}
	case previous != nil && !isMember:
		res.live, res.members[0].outcome = previous, memberStays
	case previous != nil && !h.allowsRemoval: // guard held-stays-live: $ && h.needsConfirmation
		res.live, res.members[0].outcome = previous, memberKept
	}
	return res
}

// concludeNamed decides about a named environment and its members.
func (r *reconciler) concludeNamed(p proposal) *result {
	desired, h := p.desired, p.hold
	res := &result{desired: desired, hold: h}
	if h != nil {
		for _, m := range desired.members {
			if m.hold == nil && !m.isIn(desired.name) {
				m.hold = h
			}
		}
	}
	switch {
	case h == nil:
		res.planned, res.live = p.planned, &p.planned.composed.environment
	case desired.previous != nil && !h.allowsRemoval:
		as := *desired.previous
		if h.rule != RuleGrace {
			as.Members = desired.rememberedMembers(r.in.cfg.Policy.PullRequests)
		}
		if h.isGuard {
			as.IsGuarded = true
		}
		res.live = &as
	}
	if h != nil && h.isCounted && r.in.isCounted(desired.previous) {
		res.countRemoval(desired.previous)
	}
	for _, m := range desired.members {
		last := r.concludeMember(desired, m, h)
		res.members = append(res.members, last)
		dedicated := r.pendingMoves[m.subject()]
		isStopped := last.dedicated != nil && last.dedicated.IsGuarded
		if dedicated != nil && r.in.isCounted(dedicated) && (last.outcome == memberRuns || isStopped) {
			res.countRemoval(dedicated)
		}
	}
	isWithoutMembers := res.live != nil && len(desired.orphans) == 0 && !hasMember(desired)
	res.isOwnSubject = desired.isFromFile || desired.claim != nil || isWithoutMembers
	return res
}

// hasMember reports whether a pull request is in the environment, or comes into it.
func hasMember(desired *desiredEnvironment) bool {
	return slices.ContainsFunc(desired.members, desired.isMember)
}

// concludeMember decides about a pull request that asks for a named environment.
func (r *reconciler) concludeMember(desired *desiredEnvironment, m *member, h *hold) memberResult {
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
	case m.hold != nil && m.isIn(desired.name):
		return memberResult{member: m, outcome: memberStays, hold: m.hold}
	case m.hold != nil:
		return memberResult{member: m, outcome: memberKeptOut, hold: m.hold}
	case h != nil:
		return memberResult{member: m, outcome: memberStays, hold: h}
	}
	return memberResult{member: m, outcome: memberRuns}
}
