package preview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// hold is why a pull request gets no environment, or keeps the one that it had as it was.
type hold struct {
	rule, reason, remedy string
	// withheld says that it follows from configuration, or takes many at once, and from nothing that its author did:
	// somebody may confirm that it is meant.
	withheld bool
	// over says that this is evidence for the end of a live environment (docs/decisions/0004-evidence-rule.md): its author took the label
	// away. All other rules keep new environments out and leave live ones as they are.
	over bool
}

// The rules by which a pull request is held, in the order in which they are asked. The words are stable: scripts and
// metrics use them.
const (
	ruleUnlabelled = "unlabelled"
	ruleJoin       = "join"
	ruleSlot       = "slot"
	ruleConflict   = "conflict"
	ruleLink       = "link"
	ruleFork       = "fork"
	ruleApproval   = "approval"
	ruleDraft      = "draft"
	ruleProfile    = "profile"
	ruleFile       = "file"
	ruleUnread     = "unread"
	ruleUnchanged  = "unchanged"
	ruleRef        = "ref"
	ruleReady      = "ready"
	ruleLimit      = "limit"
	ruleWithheld   = "withheld"
	ruleTag        = "tag"
	ruleProtected  = "protected"
	ruleTaken      = "taken"
	ruleMoved      = "moved"
	ruleLabelled   = "labelled" // the one by which it is live
	ruleClosed     = "closed"   // one of the two by which it is gone
	ruleConfirmed  = "confirmed"
	ruleIdle       = "idle"    // nobody used it for too long
	ruleExpired    = "expired" // its end has come
	ruleGrace      = "grace"   // its pull request is closed, and it stays a while
)

// admit decides whether a pull request gets an environment, and with which profile by label ("" where no label says).
func admit(c *config.Config, pr PullRequest) (profile string, h *hold) {
	policy := c.Policy.PullRequests
	asked, profiles := labelled(pr.Labels, policy.Label)
	joined, _ := labelled(pr.Labels, policy.JoinLabel)
	switch {
	case !asked && !joined:
		return "", &hold{
			rule: ruleUnlabelled, over: true, reason: fmt.Sprintf("it has no label %q", policy.Label),
			remedy: fmt.Sprintf("label it %q to get a preview", policy.Label),
		}
	case pr.isFork() && policy.Forks != "approved":
		return "", forkHold(pr)
	case pr.Draft && policy.Drafts == "skip":
		return "", &hold{rule: ruleDraft, reason: "it is a draft, and drafts get no preview here", remedy: "mark it ready for review"}
	}
	return labelledProfile(c, profiles)
}

// isFork is true also where nobody knows where a pull request comes from.
func (pr PullRequest) isFork() bool {
	return pr.HeadRepositoryID == 0 || pr.HeadRepositoryID != pr.BaseRepositoryID
}

// approval holds a fork's pull request until a human who may push to the repository, and who is neither its author nor the
// commit's, has approved exactly its head commit (docs/guides/forks.md).
func (pr PullRequest) approval() *hold {
	if !pr.isFork() {
		return nil
	}
	if pr.Approvals == nil || len(pr.CommitAuthors) == 0 {
		return &hold{
			rule: ruleUnread, reason: "it comes from a fork, and who approved it isn't known: " + cmp.Or(pr.Problem, "that has not been read yet"),
			remedy: "wait; it is read again",
		}
	}
	if slices.Contains(pr.CommitAuthors, "") {
		return &hold{
			rule: ruleApproval, reason: fmt.Sprintf("it comes from a fork, and GitHub doesn't know who wrote commit %s, so nobody can be told to be somebody else", short(pr.HeadSHA)),
			remedy: "commit with an e-mail address that belongs to a GitHub account",
		}
	}
	for _, a := range pr.Approvals {
		own := strings.EqualFold(a.Reviewer, pr.Author) || slices.ContainsFunc(pr.CommitAuthors, func(l string) bool { return strings.EqualFold(l, a.Reviewer) })
		if a.SHA == pr.HeadSHA && a.Writer && !own {
			return nil
		}
	}
	return &hold{
		rule: ruleApproval, reason: fmt.Sprintf("it comes from a fork, and nobody has approved commit %s", short(pr.HeadSHA)),
		remedy: "somebody with write permission, who wrote neither the pull request nor the commit, approves it in a review of that commit",
	}
}

// short is a commit for people to read.
func short(sha string) string { return sha[:min(7, len(sha))] }

func forkHold(pr PullRequest) *hold {
	reason := "it comes from a fork, and forks get no preview here"
	if pr.HeadRepositoryID == 0 {
		reason = "the repository that it comes from is gone, so it counts as a fork, and forks get no preview here"
	}
	return &hold{rule: ruleFork, reason: reason, remedy: "push the branch to the repository itself and open the pull request from there"}
}

// labelled says whether one of the labels is the wanted one, and which profiles "wanted:profile" labels name. Case
// doesn't count.
func labelled(labels []string, wanted string) (asked bool, profiles []string) {
	for _, l := range labels {
		name, profile, picks := strings.Cut(strings.ToLower(strings.TrimSpace(l)), ":")
		if strings.TrimSpace(name) != strings.ToLower(wanted) {
			continue
		}
		asked = true
		if profile = strings.TrimSpace(profile); picks && !slices.Contains(profiles, profile) {
			profiles = append(profiles, profile)
		}
	}
	slices.Sort(profiles)
	return asked, profiles
}

func labelledProfile(c *config.Config, profiles []string) (string, *hold) {
	label := c.Policy.PullRequests.Label
	switch len(profiles) {
	case 0:
		return "", nil
	case 1:
		if _, ok := c.Policy.Profiles[profiles[0]]; ok {
			return profiles[0], nil
		}
		return "", &hold{
			rule: ruleProfile, reason: fmt.Sprintf("its label %q names no profile", config.Printable(label+":"+profiles[0])),
			remedy: "use a profile that there is; " + config.KnownNames(c.Policy.Profiles),
		}
	}
	for i, p := range profiles {
		profiles[i] = config.Printable(label + ":" + p)
	}
	return "", &hold{
		rule: ruleProfile, reason: "its labels name several profiles: " + strings.Join(profiles, ", "),
		remedy: "leave one of them",
	}
}
