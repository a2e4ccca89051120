package preview

import "github.com/previewset/previewset/internal/config"

// admissionRule is a rule that a pull request or an environment must pass. A check returns nil if it passes.
type admissionRule struct {
	// needsOnlyList marks the rules that need only configuration and the pull request in GitHub's list. The service reads
	// more about a pull request only if it passes them. isAdmittedByList runs such a check without any facts.
	needsOnlyList bool
	// pullRequest checks a pull request, whatever environment it asks for.
	pullRequest func(*applicant) *hold
	// environment checks an environment, and plans it step by step.
	environment func(*plannedEnvironment) *hold
}

// admissionRules are the checks in their order. The first one that fails gives the decision.
//
// A pull request that an environment's file names has no label. Its commit passes commitHold instead, which repeats the
// rules about forks, approval and readiness.
//
// Some checks aren't in it, because they need other environments or members. Conflicts between the members of one
// environment are in share.go. Moves that the deletion guard stops are in guard.go. Expired environments that don't
// come back, and limits, are in limit.go; limits come last, because only an environment that passes all rules takes a
// place in a queue.
var admissionRules = []admissionRule{
	{pullRequest: checkJoin},
	{needsOnlyList: true, pullRequest: checkLabel},
	{needsOnlyList: true, pullRequest: checkFork},
	{needsOnlyList: true, pullRequest: checkDraft},
	{needsOnlyList: true, pullRequest: checkLabelProfile},
	{pullRequest: checkApproval}, // guard fork-approval: drop
	{pullRequest: checkOwnerKnown},
	{pullRequest: checkSlot},
	{pullRequest: checkHead},
	{environment: checkFile},
	{environment: checkMemberProfiles},
	{environment: checkProfile},
	{pullRequest: checkChangesKnown},
	{pullRequest: checkDeployable},
	{environment: chooseServices},
	{environment: resolveServices},
	{environment: checkSecrets},
	{environment: checkLinkCycle},
	{environment: composePlanned},
	{environment: checkNamespaceKept},
	{environment: checkNameFree},
	{environment: checkNotProtected},
	{environment: checkApplicationFree},
	{environment: checkHostsFree},
}

// admit checks every pull request.
func admit(in *input, pullRequests []*pullRequest) map[*pullRequest]*admission {
	admissions := make(map[*pullRequest]*admission, len(pullRequests))
	for _, pr := range pullRequests {
		a := &applicant{in: in, pullRequest: pr, admission: admission{failedAt: len(admissionRules)}}
		for i, r := range admissionRules {
			if r.pullRequest == nil {
				continue
			}
			if a.hold = r.pullRequest(a); a.hold != nil {
				a.failedAt = i
				break
			}
		}
		admissions[pr] = &a.admission
	}
	return admissions
}

// isAdmittedByList reports whether a pull request passes the rules that need only the list of pull requests.
func isAdmittedByList(cfg *config.Config, pr PullRequest) bool {
	policy := cfg.Policy.PullRequests
	a := &applicant{
		in:          &input{cfg: cfg},
		pullRequest: &pullRequest{PullRequest: pr, labels: parseLabels(policy, pr.Labels)},
	}
	for _, r := range admissionRules {
		if r.needsOnlyList && r.pullRequest(a) != nil {
			return false
		}
	}
	return true
}

// admitEnvironment plans an environment. For a dedicated environment, a is the admission of its pull request: the
// rules of both are then checked in one order. For a named environment a is nil: the admissions of its members were
// checked before, and a member that isn't admitted doesn't hold the others.
func admitEnvironment(planned *plannedEnvironment, a *admission) *hold {
	for i, r := range admissionRules {
		if a != nil && a.hold != nil && i == a.failedAt {
			return a.hold
		}
		if r.environment == nil {
			continue
		}
		if h := r.environment(planned); h != nil {
			return h
		}
	}
	return nil
}

// planDedicated plans the environment of one pull request.
func (p *planner) planDedicated(desired *desiredEnvironment) (*plannedEnvironment, *hold) {
	m := desired.members[0]
	planned := &plannedEnvironment{planner: p, desired: desired, heads: m.heads, labelProfile: m.profile}
	return planned, admitEnvironment(planned, m.admission)
}

// planNamed plans an environment with the shared services of its members.
func (p *planner) planNamed(
	desired *desiredEnvironment, heads map[string]config.ServiceRef,
) (*plannedEnvironment, *hold) {
	planned := &plannedEnvironment{planner: p, desired: desired, heads: heads}
	return planned, admitEnvironment(planned, nil)
}
