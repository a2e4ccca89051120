package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

// inParallel bounds the requests about single pull requests of one repository.
const inParallel = 4

// withMissing adds to the listed pull requests those that the last read had, or that have an environment, and that the list
// lacks, unless GitHub, asked for that one directly, says that it is closed. Nothing else is evidence.
func (r *reading) withMissing(ctx context.Context, listed []preview.PullRequest, live func(int64) []int) ([]preview.PullRequest, error) {
	byNumber := make(map[int]preview.PullRequest, len(listed))
	for _, pr := range listed {
		byNumber[pr.Number] = pr
	}
	missing := r.missing(byNumber, live)              // guard missing-pull-request: $[:0]
	kept := make([]preview.PullRequest, len(missing)) // by index; number 0 where nothing is to be added
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(inParallel)
	for i, last := range missing {
		g.Go(func() error {
			if pr, open := r.direct(gctx, last); open {
				kept[i] = pr
			}
			return gctx.Err() // a read that was given up is no problem of the pull request
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, pr := range kept {
		switch {
		case pr.Number == 0:
		case pr.HeadSHA == "" && pr.Problem != "": // an earlier run had it
			if r.unread == nil {
				r.unread = map[int]string{}
			}
			r.unread[pr.Number] = pr.Problem
		default:
			byNumber[pr.Number] = pr
			r.kept[pr.Number] = pr.Problem != ""
		}
	}
	return sorted(byNumber), nil
}

// missing are the pull requests that the list should have. Of one that only an earlier run has read, no more is known than
// its number.
func (r *reading) missing(listed map[int]preview.PullRequest, live func(int64) []int) []preview.PullRequest {
	last := make(map[int]preview.PullRequest, len(r.entry.last))
	if live != nil {
		for _, number := range live(r.entry.id) { // guard missing-after-restart: $[:0]
			last[number] = preview.PullRequest{Number: number, BaseRepositoryID: r.entry.id}
		}
	}
	for _, pr := range r.entry.last {
		last[pr.Number] = pr
	}
	maps.DeleteFunc(last, func(number int, _ preview.PullRequest) bool { _, ok := listed[number]; return ok })
	return sorted(last)
}

// direct reads one pull request and says whether it counts as open. If it can't be read it does, as it was.
func (r *reading) direct(ctx context.Context, last preview.PullRequest) (preview.PullRequest, bool) {
	var found pullRequest
	_, err := r.get(ctx, fmt.Sprintf("%s/pulls/%d", r.path, last.Number), "", &found)
	if err == nil {
		switch {
		case found.Number != last.Number || found.Base.Repo == nil || found.Base.Repo.ID != last.BaseRepositoryID:
			err = errors.New("the answer is about another pull request")
		case found.State == "closed":
			return preview.PullRequest{}, false
		case found.labels() == nil:
			err = errors.New("the answer doesn't say how it is labelled")
		case found.State != "open":
			err = fmt.Errorf("it is neither open nor closed but %q", found.State)
		}
	}
	if err != nil {
		last.Problem = fmt.Sprintf("the list of pull requests lacks it and it can't be read directly: %v", err)
		return last, true // guard unreadable-counts-as-open: false
	}
	return found.fact(last.BaseRepositoryID), true
}

func sorted(byNumber map[int]preview.PullRequest) []preview.PullRequest {
	return slices.SortedFunc(maps.Values(byNumber), func(a, b preview.PullRequest) int { return cmp.Compare(a.Number, b.Number) })
}
