package github

import (
	"context"
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// approvalCache has reviews, commit authors and permissions, as read last.
type approvalCache struct {
	reviews     map[int]*reviewList
	authors     map[string]commitAuthors // by commit SHA
	permissions permissionsByLogin
}

// pullRequestApprovals are the approvals of one pull request during a read.
type pullRequestApprovals struct {
	reviews        *reviewList
	reviewsChanged bool     // the reviews changed since the last read
	approving      []review // the newest decision of each reviewer about each commit, if it approves
	authors        commitAuthors
	permissions    permissionsByLogin
	err            error
}

// readApprovals reads who approved the wanted pull requests, and whether the reviewers may push. Reviews that are no
// longer wanted are forgotten.
func (c *approvalCache) readApprovals(
	ctx context.Context, api *repositoryAPI, open openPullRequests, wanted func(preview.PullRequest) bool,
) (map[int]*pullRequestApprovals, error) {
	indexes := open.indexes(wanted)
	found := make(map[int]*pullRequestApprovals, len(indexes))
	for _, index := range indexes {
		pr := open.all[index]
		a := &pullRequestApprovals{authors: c.authors[pr.HeadSHA], reviews: c.reviews[pr.Number]}
		if a.reviews == nil {
			a.reviews = &reviewList{}
		}
		found[pr.Number] = a
	}
	err := readEach(ctx, len(indexes), func(ctx context.Context, i int) {
		pr := open.all[indexes[i]]
		found[pr.Number].readReviews(ctx, api, pr)
	})
	if err != nil {
		return nil, err
	}
	if err := c.permissions.readPermissions(ctx, api, found); err != nil {
		return nil, err
	}
	c.reviews, c.authors = map[int]*reviewList{}, map[string]commitAuthors{}
	for _, index := range indexes {
		pr := open.all[index]
		a := found[pr.Number]
		a.permissions = c.permissions
		c.reviews[pr.Number], c.authors[pr.HeadSHA] = a.reviews, a.authors
	}
	return found, nil
}

// readReviews reads the reviews and the authors of the head commit. It keeps the error.
func (a *pullRequestApprovals) readReviews(ctx context.Context, api *repositoryAPI, pr preview.PullRequest) {
	if a.reviewsChanged, a.err = a.reviews.updateReviews(ctx, api, pr.Number); a.err != nil {
		return
	}
	a.approving = a.reviews.approvals()
	a.authors, a.err = a.authors.readAuthors(ctx, api, pr.HeadSHA)
}

// addTo sets the approvals and commit authors of a pull request, or adds a problem. It does nothing if they weren't
// read.
func (a *pullRequestApprovals) addTo(pr *preview.PullRequest) {
	if a == nil {
		return
	}
	pr.Approvals, pr.CommitAuthors = nil, nil
	err := a.err
	for _, r := range a.approving {
		if p := a.permissions[strings.ToLower(r.login)]; p.err != nil {
			err = fmt.Errorf("read whether %s may push: %w", r.login, p.err)
		}
	}
	if err != nil {
		addProblem(pr, fmt.Errorf("read its approvals: %w", err))
		return
	}
	pr.CommitAuthors, pr.Approvals = a.authors.logins, make([]preview.Approval, 0, len(a.approving))
	for _, r := range a.approving {
		p := a.permissions[strings.ToLower(r.login)] // zero for a bot
		if p.notFound != nil {
			addProblem(pr, fmt.Errorf("read whether %s may push: %w", r.login, p.notFound))
		}
		isSame := p.userID == r.userID
		pr.Approvals = append(pr.Approvals, preview.Approval{
			Reviewer: r.login, SHA: r.sha, Writer: p.canWrite && isSame, Superseded: r.isSuperseded,
			Unread: r.isHuman && (p.notFound != nil || !isSame),
		})
	}
}
