package preview

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

const reapproveRemedy = "ask another person with write permission " +
	"for an approving review of the pull request's head commit"

// approval tells whether the commits from forks that run in an environment are still approved.
type approval int

const (
	approvalUnknown approval = iota // no read says it; nothing changes then
	approved
	revoked
)

// runningApproval is the approval of an environment's commits, by one read.
type runningApproval struct {
	is     approval
	readAt time.Time // the start of the read that shows a revoked approval
	reason string    // of a revoked approval
}

// checkRunning finds the approval of the commits that run in an environment. One revoked approval is enough. Commits
// that aren't the head of a pull request need none.
func checkRunning(in *input, e *Remembered) runningApproval {
	result := runningApproval{is: approved}
	for _, name := range slices.Sorted(maps.Keys(e.Run)) {
		s, ref := in.cfg.Policy.Services.Get(name), e.Run[name]
		if ref.Number == 0 {
			continue
		}
		checked := runningApproval{is: approvalUnknown}
		if s != nil {
			checked = checkCommit(in, strings.ToLower(s.Repository), ref)
		}
		switch checked.is {
		case revoked:
			return checked
		case approvalUnknown:
			result = checked
		case approved:
		}
	}
	return result
}

// checkCommit finds the approval of a commit of a pull request. Also an approval of the pull request's newer head is
// one: that commit comes next.
func checkCommit(in *input, repositoryKey string, ref config.ServiceRef) runningApproval {
	repository, isRead := in.readRepository(repositoryKey)
	pr, isOpen := openPullRequest(repository, ref.Number)
	approvesCommit := func(a Approval) bool { return a.SHA == ref.SHA && a.Writer && !pr.isByReviewer(a) }
	mayApprove := func(a Approval) bool { return a.SHA == ref.SHA && a.Unread }
	what := fmt.Sprintf("commit %s of %s#%d comes from a fork", short(ref.SHA), repositoryKey, ref.Number)
	result := runningApproval{is: revoked, readAt: repository.ReadAt.UTC()}
	switch {
	case !isRead || !isOpen || pr.Stale:
		return runningApproval{}
	case !pr.isFork():
		return runningApproval{is: approved}
	case !in.cfg.Policy.PullRequests.AcceptsForks():
		result.reason = what + ", and forks get no preview here"
		return result
	case pr.Approvals == nil:
		return runningApproval{}
	case approvalHold(pr) == nil || slices.ContainsFunc(pr.Approvals, approvesCommit):
		return runningApproval{is: approved}
	case slices.ContainsFunc(pr.Approvals, mayApprove):
		return runningApproval{}
	}
	result.reason = what + ", and isn't approved any more"
	return result
}
