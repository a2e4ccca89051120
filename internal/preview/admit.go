package preview

import "github.com/previewset/previewset/internal/config"

// admissionRule is a rule that a pull request or an environment must pass. A check returns nil if it passes.
type admissionRule struct {
	rule Rule
	// isListed marks the rules that need only the list of pull requests. They decide which details are read at all.
	isListed bool
	// pullRequest checks a pull request, whatever environment it asks for.
	pullRequest func(*applicant) *hold
	// environment checks an environment, and plans it step by step in the draft.
	environment func(*draft) *hold
}

// admissionRules are all admission rules. The first that fails gives the decision. Limits come after them, because a
// limit is only asked about an environment that could exist.
var admissionRules = []admissionRule{
	{rule: RuleJoin, pullRequest: checkJoin},
	{rule: RuleUnlabelled, isListed: true, pullRequest: checkLabel},
	{rule: RuleFork, isListed: true, pullRequest: checkFork},
	{rule: RuleDraft, isListed: true, pullRequest: checkDraft},
	{rule: RuleProfile, isListed: true, pullRequest: checkLabelProfile},
	{rule: RuleApproval, pullRequest: checkApproval}, // guard fork-approval: drop
	{rule: RuleUnread, pullRequest: checkOwnerKnown},
	{rule: RuleSlot, pullRequest: checkSlot},
	{rule: RuleUnread, pullRequest: checkHead},
	{rule: RuleFile, environment: checkFile},
	{rule: RuleProfile, environment: checkMemberProfiles},
	{rule: RuleProfile, environment: checkProfile},
	{rule: RuleUnread, pullRequest: checkChangesKnown},
	{rule: RuleReady, pullRequest: checkDeployable},
	{rule: RuleUnchanged, environment: chooseServices},
	{rule: RuleRef, environment: resolveServices},
	{rule: RuleLink, environment: checkLinkCycle},
	{rule: RuleTag, environment: composeDraft},
	{rule: RuleMoved, environment: checkNamespaceKept},
	{rule: RuleTaken, environment: checkNameFree},
	{rule: RuleProtected, environment: checkNotProtected},
	{rule: RuleTaken, environment: checkApplicationFree},
	{rule: RuleTaken, environment: checkHostsFree},
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
	a := &applicant{in: &input{cfg: cfg}, pullRequest: &pullRequest{PullRequest: pr, labels: parseLabels(policy, pr.Labels)}}
	for _, r := range admissionRules {
		if r.isListed && r.pullRequest(a) != nil {
			return false
		}
	}
	return true
}

// admitEnvironment plans an environment. The admission is that of its pull request if it is a dedicated environment:
// the rules of both are then checked in one order.
func admitEnvironment(d *draft, a *admission) *hold {
	for i, r := range admissionRules {
		if a != nil && a.hold != nil && i == a.failedAt {
			return a.hold
		}
		if r.environment == nil {
			continue
		}
		if h := r.environment(d); h != nil {
			return h
		}
	}
	return nil
}

// dedicatedDraft plans the environment of one pull request.
func (d *drafter) dedicatedDraft(w *desired) (*draft, *hold) {
	m := w.members[0]
	made := &draft{drafter: d, desired: w, heads: m.heads, labels: m.profile}
	return made, admitEnvironment(made, m.admission)
}

// namedDraft plans an environment with the shared services of its members.
func (d *drafter) namedDraft(w *desired, heads map[string]config.ServiceRef) (*draft, *hold) {
	made := &draft{drafter: d, desired: w, heads: heads}
	return made, admitEnvironment(made, nil)
}
