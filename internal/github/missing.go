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

// withMissing adds to the listed pull requests those that the last read had and the list has no longer, unless GitHub, asked
// for that one directly, says that it is closed. Nothing else is evidence.
func (r *reading) withMissing(ctx context.Context, listed []preview.PullRequest) ([]preview.PullRequest, error) {
	byNumber := make(map[int]preview.PullRequest, len(listed))
	for _, pr := range listed {
		byNumber[pr.Number] = pr
	}
	kept := make([]preview.PullRequest, len(r.entry.last)) // by index; number 0 where nothing is to be added
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(inParallel)
	for i, last := range r.entry.last {
		if _, present := byNumber[last.Number]; present {
			continue
		}
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
		if pr.Number != 0 {
			byNumber[pr.Number] = pr
			r.kept[pr.Number] = pr.Problem != ""
		}
	}
	return sorted(byNumber), nil
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
		case found.State != "open":
			err = fmt.Errorf("it is neither open nor closed but %q", found.State)
		}
	}
	if err != nil {
		last.Problem = fmt.Sprintf("the list of pull requests lacks it and it can't be read directly: %v", err)
		return last, true
	}
	return found.fact(last.BaseRepositoryID), true
}

func sorted(byNumber map[int]preview.PullRequest) []preview.PullRequest {
	return slices.SortedFunc(maps.Values(byNumber), func(a, b preview.PullRequest) int { return cmp.Compare(a.Number, b.Number) })
}
