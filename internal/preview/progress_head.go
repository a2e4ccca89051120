package preview

import "slices"

// heldPhases are the phases of a head that isn't deployed, by the rule that holds it. A rule that isn't here needs a
// person: its phase is failed, because a required check that stays yellow would wait forever.
var heldPhases = map[Rule]Phase{
	RuleReady: PhaseChecks, RuleLimit: PhaseQueued, RuleUnread: PhaseQueued, RuleLeaving: PhaseQueued,
	RuleIdle: PhaseRemoved, RuleExpired: PhaseRemoved,
}

// afterApproval are the rules that are checked only for a commit that has passed the rules about forks and approvals.
var afterApproval = []Rule{
	RuleSlot, RuleFile, RuleReady, RuleUnchanged, RuleRef, RuleLink, RuleTag, RuleTaken, RuleProtected, RuleConflict,
	RuleLimit,
}

// HeadProgress returns the progress of a decision's pull request: of its head commit. Row is the live environment that
// the decision names, and environment that one's progress; nil without a live environment. A decision without a pull
// request is about the environment itself.
func HeadProgress(d *Decision, row *Row, environment *Progress) Progress {
	switch {
	case d.Outcome == Gone:
		return d.progress(PhaseRemoved)
	case d.Outcome == Held, row == nil, environment == nil, !d.IsDeployed(row):
		return d.progress(d.heldPhase())
	}
	return environment.WithDecision(d)
}

// WithDecision returns an environment's progress, with reason and beginning from its decision if it is asleep or waking:
// Argo CD's reason says nothing about that.
func (p Progress) WithDecision(d *Decision) Progress {
	if d != nil && (p.Phase == PhaseAsleep || p.Phase == PhaseWaking) {
		return d.progress(p.Phase)
	}
	return p
}

func (d *Decision) heldPhase() Phase {
	if d.Rule == RuleSlot && d.Queue != nil { // it gets a slot when a claim ends
		return PhaseQueued
	}
	if phase, ok := heldPhases[d.Rule]; ok {
		return phase
	}
	return PhaseFailed
}

// PhaseOnHold is the phase that lists for people show for a pull request or file that gets no preview until a person
// changes something. Nothing is broken. Reports to GitHub have PhaseFailed.
const PhaseOnHold Phase = "on hold"

// ListedPhase returns the phase of a decision without a live environment, as lists for people show it.
func (d *Decision) ListedPhase() Phase {
	if phase := HeadProgress(d, nil, nil).Phase; phase != PhaseFailed {
		return phase
	}
	return PhaseOnHold
}

// ListedPhases are the phases that lists show.
func ListedPhases() []Phase { return append(slices.Clone(Phases), PhaseOnHold) }

func (d *Decision) progress(phase Phase) Progress {
	p := Progress{Phase: phase, Reason: d.Reason, Remedy: d.Remedy}
	if !d.Since.IsZero() {
		since := d.Since
		p.Since = &since
	}
	return p
}

// IsDeployed reports whether a live environment has the head of the decision's pull request. The environment of several
// pull requests has it if a service runs at it. A pull request that runs may change no service with a commit.
func (d *Decision) IsDeployed(row *Row) bool {
	runsHead := func(s RunningService) bool { return s.Commit == d.HeadSHA }
	return d.Number == 0 || d.Rule == RuleLabelled || row.HeadSHA == d.HeadSHA ||
		slices.ContainsFunc(row.Services, runsHead)
}

// AllowsDeployment reports whether GitHub may get a deployment of the head. GitHub runs a repository's workflows about
// deployments from the deployed commit, with its secrets. So the commit must be in a live environment, or have passed
// all rules about forks and approvals.
func (d *Decision) AllowsDeployment(row *Row) bool {
	if d.Outcome == Gone || d.HeadSHA == "" || d.Number == 0 {
		return false
	}
	if d.Outcome != Held && row != nil && d.IsDeployed(row) {
		return true
	}
	return slices.Contains(afterApproval, d.Rule)
}
