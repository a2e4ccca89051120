package preview

import (
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// isApprovedBy is false for approvals by the authors, of other commits, and without write permission.
func (pr PullRequest) isApprovedBy(a Approval) bool {
	return a.SHA == pr.HeadSHA && a.Writer && !a.Superseded && !pr.isByReviewer(a)
}

// isByReviewer reports whether the reviewer is the author of the pull request or of its head commit.
func (pr PullRequest) isByReviewer(a Approval) bool {
	isReviewer := func(login string) bool { return strings.EqualFold(login, a.Reviewer) }
	return isReviewer(pr.Author) || a.SHA == pr.HeadSHA && slices.ContainsFunc(pr.CommitAuthors, isReviewer)
}

// isFork is true also if the origin of a pull request is unknown.
func (pr PullRequest) isFork() bool {
	return pr.HeadRepositoryID == 0 || pr.HeadRepositoryID != pr.BaseRepositoryID
}

// headRef returns the head commit, with its origin.
func (pr PullRequest) headRef() config.ServiceRef {
	ref := config.ServiceRef{SHA: pr.HeadSHA, Branch: pr.Branch, Number: pr.Number, Origin: config.OriginOwn}
	if pr.isFork() {
		ref.Origin = config.OriginFork
	}
	return ref
}

// isOwnerKnown is false for a bot's pull request until it is known who labelled it.
func (pr PullRequest) isOwnerKnown() bool { return !pr.Bot || pr.Labellings != nil }
