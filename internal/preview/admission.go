package preview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// admission is the result of the rules for one pull request.
type admission struct {
	hold     *hold // nil if it passed
	failedAt int   // the index of the failed rule
	profile  string
	changed  []string                     // the services that it changes
	heads    map[string]config.ServiceRef // the same, at its head
}

// applicant is a pull request during its admission.
type applicant struct {
	*pullRequest
	admission
	in *input
}

// checkJoin holds a pull request that joins no environment, or several, or one that can't be joined.
func checkJoin(a *applicant) *hold {
	if !a.labels.isJoining || a.in.slotOf(a.owner) != "" {
		return nil
	}
	label := a.in.cfg.Policy.PullRequests.JoinLabel
	leave := fmt.Sprintf("label it %q, with a name of your choice", label+":checkout")
	if names := a.labels.joins; len(names) != 1 {
		reason := fmt.Sprintf("its label %q names no environment", label)
		if len(names) > 1 {
			reason, leave = "its labels join it to several environments: "+config.Printable(strings.Join(names, ", ")),
				"keep only one of these labels"
		}
		return &hold{rule: RuleJoin, reason: reason, remedy: leave}
	}
	name := a.labels.joins[0]
	if a.in.isSlot(name) {
		return &hold{
			rule: RuleJoin, reason: fmt.Sprintf("%s is a slot: only its holders' pull requests run there", name),
			remedy: "previewctl slot claim " + name + " --holders <login>, or join under another name",
		}
	}
	if a.in.cfg.Environments[name] != nil || a.in.previous[name] != nil {
		return nil
	}
	if why := a.in.cfg.Policy.NameProblem(name); why != "" {
		return &hold{
			rule:   RuleJoin,
			reason: fmt.Sprintf("%q can't be an environment's name: %s", config.Printable(name), why),
			remedy: leave,
		}
	}
	return nil
}

func checkLabel(a *applicant) *hold {
	if !a.labels.isUnlabelled() {
		return nil
	}
	label := a.in.cfg.Policy.PullRequests.Label
	return &hold{
		rule: RuleUnlabelled, allowsRemoval: true, reason: fmt.Sprintf("it has no label %q", label),
		remedy: fmt.Sprintf("label it %q to get a preview", label),
	}
}

func checkFork(a *applicant) *hold {
	if a.in.cfg.Policy.PullRequests.AcceptsForks() {
		return nil
	}
	return forkHold(a.PullRequest)
}

// forkHold holds a pull request from a fork where forks get no preview.
func forkHold(pr PullRequest) *hold {
	if !pr.isFork() {
		return nil
	}
	reason := "it comes from a fork, and forks get no preview here"
	if pr.HeadRepositoryID == 0 {
		reason = "the repository that it comes from is gone, so it counts as a fork, and forks get no preview here"
	}
	return &hold{
		rule:   RuleFork,
		reason: reason,
		remedy: pushBranchRemedy,
	}
}

const pushBranchRemedy = "push the branch to the repository itself and open the pull request from there"

func checkDraft(a *applicant) *hold {
	if !a.Draft || a.in.cfg.Policy.PullRequests.Drafts != "skip" {
		return nil
	}
	return &hold{
		rule:   RuleDraft,
		reason: "it is a draft, and drafts get no preview here",
		remedy: "mark it ready for review",
	}
}

// checkLabelProfile notes the profile that the label names.
func checkLabelProfile(a *applicant) *hold {
	label, profiles := a.in.cfg.Policy.PullRequests.Label, a.labels.profiles
	switch len(profiles) {
	case 0:
		return nil
	case 1:
		if _, ok := a.in.cfg.Policy.Profiles[profiles[0]]; ok {
			a.profile = profiles[0]
			return nil
		}
		return &hold{
			rule: RuleProfile, reason: fmt.Sprintf("its label %q names no profile", config.Printable(label+":"+profiles[0])),
			remedy: "use an existing profile; " + config.KnownNames(a.in.cfg.Policy.Profiles),
		}
	}
	names := make([]string, len(profiles))
	for i, p := range profiles {
		names[i] = config.Printable(label + ":" + p)
	}
	return &hold{
		rule: RuleProfile, reason: "its labels name several profiles: " + strings.Join(names, ", "),
		remedy: "keep only one of these labels",
	}
}

func checkApproval(a *applicant) *hold { return approvalHold(a.PullRequest) }

// commitHold holds the head commit of a pull request that a file names. It must pass the same rules about forks,
// approval and readiness as the head of a labelled pull request; their order in admissionRules is the same.
func commitHold(in *input, pr PullRequest, s *config.Service) *hold {
	if !in.cfg.Policy.PullRequests.AcceptsForks() {
		if h := forkHold(pr); h != nil {
			return h
		}
	}
	if h := approvalHold(pr); h != nil {
		return h
	}
	return headHold(in.facts, pr, s)
}

// approvalHold holds a pull request from a fork until a human with write permission, who wrote neither the pull request
// nor the commit, has approved exactly its head commit (docs/guides/forks.md).
func approvalHold(pr PullRequest) *hold {
	if !pr.isFork() {
		return nil
	}
	if pr.Approvals == nil || len(pr.CommitAuthors) == 0 {
		return &hold{
			rule:   RuleUnread,
			reason: "it comes from a fork, and who approved it isn't known: " + cmp.Or(pr.Problem, "that has not been read yet"),
			remedy: "wait; it is read again",
		}
	}
	if slices.Contains(pr.CommitAuthors, "") {
		return &hold{
			rule: RuleApproval,
			reason: fmt.Sprintf("it comes from a fork, and GitHub doesn't know the author of commit %s, "+
				"so it can't be checked that the reviewer is another person", short(pr.HeadSHA)),
			remedy: "commit with an e-mail address that belongs to a GitHub account",
		}
	}
	if slices.ContainsFunc(pr.Approvals, pr.isApprovedBy) {
		return nil
	}
	return &hold{
		rule: RuleApproval, reason: fmt.Sprintf("it comes from a fork without an approval of commit %s", short(pr.HeadSHA)),
		remedy: "ask another person with write permission for an approving review of that commit",
	}
}

// checkOwnerKnown holds a bot's pull request until it is known who labelled it.
func checkOwnerKnown(a *applicant) *hold {
	if a.isOwnerKnown() {
		return nil
	}
	return &hold{
		rule:   RuleUnread,
		reason: "a bot opened it, and who labelled it isn't known: " + cmp.Or(a.Problem, "that has not been read yet"),
		remedy: "wait; it is read again",
	}
}

// checkSlot holds the pull requests of people without a slot, if the policy requires slots.
func checkSlot(a *applicant) *hold {
	if a.in.cfg.Policy.Slots.Mode != "required" || a.in.slotOf(a.owner) != "" {
		return nil
	}
	login := a.owner
	if !config.IsLogin(login) {
		login = "<login>"
	}
	reason := cmp.Or(config.Printable(a.owner), "its author") + " holds no slot, and slots are required here"
	if lost := a.in.lostSlotText(a.owner); lost != "" {
		reason += "; " + lost
	}
	if place := a.in.slotQueuePlace(a.owner); place != nil {
		return &hold{
			rule: RuleSlot, queue: place, reason: reason + "; " + place.String(), remedy: "wait until a claim ends, or ask its holders",
		}
	}
	return &hold{rule: RuleSlot, reason: reason, remedy: "previewctl slot claim --holders " + login}
}

func checkHead(a *applicant) *hold {
	if config.IsSHA(a.HeadSHA) {
		return nil
	}
	return &hold{rule: RuleUnread, reason: "GitHub names no commit as its head", remedy: "push to its branch"}
}

// checkChangesKnown notes the services that the pull request changes.
func checkChangesKnown(a *applicant) *hold {
	changed, ok := changedServices(a.in.cfg, a.key, a.PullRequest)
	if !ok {
		return &hold{
			rule:   RuleUnread,
			reason: cmp.Or(a.Problem, "its changed files have not been read yet"),
			remedy: "wait; they are read again",
		}
	}
	a.changed = changed
	return nil
}

// checkDeployable holds a pull request until its head can be deployed for each service that it changes.
func checkDeployable(a *applicant) *hold {
	heads := make(map[string]config.ServiceRef, len(a.changed))
	for _, name := range a.changed {
		s := a.in.cfg.Policy.Services.Get(name)
		if h := headHold(a.in.facts, a.PullRequest, s); h != nil {
			return h
		}
		heads[name] = a.headRef()
	}
	a.heads = heads
	return nil
}

// headHold holds a head commit that a service can't run at yet.
func headHold(facts Facts, pr PullRequest, s *config.Service) *hold {
	// An attacker needs a minute to make two commits with the same first 7 characters.
	if pr.isFork() && !s.TagUses("SHA") {
		return &hold{
			rule: RuleApproval,
			reason: fmt.Sprintf("it comes from a fork, and the tag of service %s doesn't name the whole commit that was "+
				"approved", s.Name),
			remedy: "use {{ .SHA }} in that tag in " + config.PolicyFile,
		}
	}
	if pr.isFork() && s.Secrets == config.SecretsRequired {
		return &hold{
			rule: RuleFork,
			reason: fmt.Sprintf("it comes from a fork and changes service %s, which can't run without secrets, and code from "+
				"forks gets none", s.Name),
			remedy: pushBranchRemedy,
		}
	}
	return readyHold(facts, s, pr.HeadSHA)
}
