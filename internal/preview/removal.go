package preview

import "github.com/previewset/previewset/internal/config"

// decideLabelLoss decides about a live dedicated environment that has a hold h; nil if it has none. If its pull request
// lost the label, the environment is removed, unless configuration is the cause, or too many are removed at once. It
// returns the environment as it stays if it isn't removed, the final hold, and whether the removal counts.
func (r *reconciler) decideLabelLoss(
	desired *desiredEnvironment, h *hold,
) (previous *Remembered, final *hold, isCounted bool) {
	policy, m := r.in.cfg.Policy.PullRequests, desired.members[0]
	last := desired.previous.Members[0]
	orConfirm := ", or previewctl confirm " + desired.name + " to remove it"
	withheld := func(reason, remedy string) *hold {
		return &hold{rule: RuleWithheld, needsConfirmation: true, reason: reason, remedy: remedy + orConfirm}
	}
	switch {
	case h == nil || !h.allowsRemoval:
		last.Label = presentLabel(policy, m.labels) // it has this label now
		return desired.previous.withMember(false, last), h, false
	case r.in.isConfirmed(desired.name):
		return desired.previous.withMember(false, last), h, false
	case last.Label == "":
		reason := h.reason + ", and its earlier label is unknown, because saved state was lost"
		return desired.previous.withMember(false, last), withheld(reason, h.remedy), false
	case m.isStillLabelled(): // guard other-label: false
		reason := "the configured label has changed since it got its preview"
		return desired.previous.withMember(false, last), withheld(reason, h.remedy), false
	}
	isCounted = r.in.isCounted(desired.previous)
	if r.guard.stops(desired.previous) {
		reason := "it lost its label together with many others, " + r.guard.bound(desired.previous)
		return desired.previous.withMember(true, last), withheld(reason, "label it again"), isCounted
	}
	return desired.previous.withMember(false, last), h, isCounted
}

// withMember returns a copy of an environment with one member.
func (e *Remembered) withMember(isGuarded bool, member Member) *Remembered {
	as := *e
	as.IsGuarded, as.Members = isGuarded, []Member{member}
	return &as
}

// abandonedHold decides about a live named environment that nothing asks for any more. The end of its pull requests is
// evidence. An absent file or claim is evidence too, unless many are lost at once, or the config branch was rewritten.
func (r *reconciler) abandonedHold(desired *desiredEnvironment) *hold {
	removed := &hold{rule: RuleUnlabelled, allowsRemoval: true, reason: "nothing asks for it any more"}
	isConfigured := desired.previous.Row.Source != FromPullRequest
	confirm := "previewctl confirm " + desired.name + " to remove it"
	switch {
	case r.in.isConfirmed(desired.name):
		return removed
	case r.in.hasUnknownClaim(desired.name):
		return &hold{
			rule: RuleFile, needsConfirmation: true,
			reason: "its claim in " + config.SlotsFile + " is invalid, and no earlier one is known",
			remedy: "correct the claim, or " + confirm,
		}
	case !isConfigured && desired.departed == 0:
		if h := graceHold(r.in, r.lifecycles.byName[desired.name]); h != nil {
			return h
		}
		return removed
	case isConfigured && desired.previous.IsGuarded:
		return guardedHold("its file or claim is gone from the config branch, "+
			"which lost many at once or was force-pushed before", confirm)
	case isConfigured && r.in.isRewritten():
		return guardedHold("its file or claim is gone from the config branch, which was force-pushed", confirm)
	}
	if r.guard.stops(desired.previous) {
		reason := "it lost its file, claim or pull requests together with many others, " + r.guard.bound(desired.previous)
		h := guardedHold(reason, confirm)
		h.isCounted = true
		return h
	}
	removed.isCounted = true
	return removed
}

// guardedHold keeps an environment until it is asked for again, or a person confirms its removal.
func guardedHold(reason, confirm string) *hold {
	return &hold{
		rule: RuleWithheld, needsConfirmation: true, isGuard: true,
		reason: reason, remedy: "bring it back, or " + confirm,
	}
}

// expire removes an environment at the end of its lifetime, unless too many are removed at once.
func (r *reconciler) expire(desired *desiredEnvironment, h *hold) *result {
	res := &result{desired: desired, hold: h}
	res.isOwnSubject = !desired.isDedicated && (desired.isFromFile || desired.claim != nil || len(desired.members) == 0)
	outcome := memberKeptOut
	if r.in.isCounted(desired.previous) {
		res.countRemoval(desired.previous)
	}
	if !r.in.isConfirmed(desired.name) && r.guard.stops(desired.previous) {
		as := *desired.previous
		as.IsGuarded = true
		res.live, outcome = &as, memberStays
		res.hold = &hold{
			rule: RuleWithheld, needsConfirmation: true,
			reason: h.reason + ", as that of many others, " + r.guard.bound(desired.previous),
			remedy: "previewctl confirm " + desired.name + " to remove it, or previewctl extend " + desired.name,
		}
	} else {
		res.expired = &Expired{
			Rule: h.rule, Reason: h.reason, Heads: r.lifecycles.byName[desired.name].Heads,
			Members: desired.previous.Members,
		}
	}
	for _, m := range desired.members {
		if !desired.isDedicated && m.hold != nil && !m.isIn(desired.name) {
			res.members = append(res.members, memberResult{member: m, outcome: memberKeptOut, hold: m.hold})
		} else {
			res.members = append(res.members, memberResult{member: m, outcome: outcome, hold: res.hold})
		}
	}
	return res
}
