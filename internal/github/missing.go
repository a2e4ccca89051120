package github

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/previewset/previewset/internal/preview"
)

// readMissing adds missing pull requests to the listed ones. A pull request is missing if the previous read had it,
// or if it has an environment (live), but the list lacks it. It is left out only if GitHub's answer about this one
// pull request says that it is closed. No other answer is evidence.
func (r *repository) readMissing(
	ctx context.Context, api *repositoryAPI, listed []preview.PullRequest, live func(id int64) []int,
) (openPullRequests, error) {
	byNumber := make(map[int]preview.PullRequest, len(listed))
	for _, pr := range listed {
		byNumber[pr.Number] = pr
	}
	missing := r.missing(byNumber, live) // guard missing-pull-request: $[:0]
	found, isOpen := make([]preview.PullRequest, len(missing)), make([]bool, len(missing))
	err := readEach(ctx, len(missing), func(ctx context.Context, i int) {
		found[i], isOpen[i] = readDirectly(ctx, api, missing[i])
	})
	if err != nil {
		return openPullRequests{}, err
	}
	open := openPullRequests{asBefore: map[int]bool{}}
	for i, pr := range found {
		switch {
		case !isOpen[i]:
		case pr.HeadSHA == "" && pr.Problem != "": // only an earlier run of the service has read it
			if open.unknown == nil {
				open.unknown = map[int]string{}
			}
			open.unknown[pr.Number] = pr.Problem
		default:
			byNumber[pr.Number] = pr
			open.asBefore[pr.Number] = pr.Problem != ""
		}
	}
	open.all = sortByNumber(byNumber)
	return open, nil
}

// missing returns the pull requests that the list lacks. If only an earlier run of the service has read one, it has
// nothing but its number.
func (r *repository) missing(listed map[int]preview.PullRequest, live func(id int64) []int) []preview.PullRequest {
	expected := make(map[int]preview.PullRequest, len(r.last))
	if live != nil {
		for _, number := range live(r.identity.id) { // guard missing-after-restart: $[:0]
			expected[number] = preview.PullRequest{Number: number, BaseRepositoryID: r.identity.id}
		}
	}
	for _, pr := range r.last {
		expected[pr.Number] = pr
	}
	maps.DeleteFunc(expected, func(number int, _ preview.PullRequest) bool { _, ok := listed[number]; return ok })
	return sortByNumber(expected)
}

// readDirectly reads one pull request and reports whether it counts as open. An unreadable pull request counts as
// open and stays as in the previous read.
func readDirectly(ctx context.Context, api *repositoryAPI, last preview.PullRequest) (preview.PullRequest, bool) {
	var found pullRequestJSON
	_, err := api.get(ctx, fmt.Sprintf("%s/pulls/%d", api.path, last.Number), "", &found)
	switch {
	case err != nil:
	case found.Number != last.Number || found.Base.Repo == nil || found.Base.Repo.ID != last.BaseRepositoryID:
		err = errors.New("the answer is about another pull request")
	case found.State == "closed":
		return preview.PullRequest{}, false
	case found.labelNames() == nil:
		err = errors.New("the answer has no labels")
	case found.State != "open":
		err = fmt.Errorf("unknown state %q", found.State)
	}
	if err != nil {
		last.Problem = fmt.Sprintf("missing from the list of pull requests, and unreadable: %v", err)
		return last, true // guard unreadable-counts-as-open: false
	}
	return found.fact(last.BaseRepositoryID), true
}
