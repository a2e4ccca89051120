package github

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

// maxFiles is how many files of a pull request GitHub lists; with so many there may be more.
const maxFiles = 3000

// changes are the changed paths of a pull request, as long as its head and base are these.
type changes struct {
	head, base string
	paths      *preview.Changes
}

// of says whether they are the pull request's as it is.
func (c changes) of(pr preview.PullRequest) bool {
	return c.paths != nil && c.head == pr.HeadSHA && c.base == pr.BaseSHA
}

// withChanges fills in the changed paths where they are wanted. What can't be read is a problem of that pull request alone.
func (r *reading) withChanges(ctx context.Context, prs []preview.PullRequest, wanted func(preview.PullRequest) bool) ([]preview.PullRequest, error) {
	r.forgetClosed(prs)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(inParallel)
	read := make([]*preview.Changes, len(prs))
	for i, pr := range prs {
		if wanted == nil || r.kept[pr.Number] || !wanted(pr) {
			continue
		}
		if known := r.entry.changes[pr.Number]; known.of(pr) {
			prs[i].Changes = known.paths
			continue
		}
		g.Go(func() (err error) {
			if read[i], err = r.changedPaths(gctx, pr); err != nil {
				prs[i] = r.unreadable(pr, err)
			}
			return gctx.Err() // a read that was given up is no problem of the pull request
		})
	}
	err := g.Wait()
	for i, paths := range read {
		if paths != nil {
			prs[i].Changes = paths
			r.entry.changes[prs[i].Number] = changes{head: prs[i].HeadSHA, base: prs[i].BaseSHA, paths: paths}
		}
	}
	return prs, err
}

func (r *reading) forgetClosed(open []preview.PullRequest) {
	for number := range r.entry.changes {
		if _, found := find(open, number); !found {
			delete(r.entry.changes, number)
		}
	}
}

func find(prs []preview.PullRequest, number int) (preview.PullRequest, bool) {
	i, found := slices.BinarySearchFunc(prs, number, func(p preview.PullRequest, n int) int { return p.Number - n })
	if !found {
		return preview.PullRequest{}, false
	}
	return prs[i], true
}

// unreadable is what is told of a pull request whose changed paths can't be read: what was known, with its old head, so that
// paths and commit belong together.
func (r *reading) unreadable(pr preview.PullRequest, err error) preview.PullRequest {
	if last, known := find(r.entry.last, pr.Number); known && last.Changes != nil {
		pr = last
	}
	pr.Problem = fmt.Sprintf("list its changed files: %v", err)
	return pr
}

func (r *reading) changedPaths(ctx context.Context, pr preview.PullRequest) (*preview.Changes, error) {
	if pr.HeadSHA == "" {
		return nil, errors.New("GitHub doesn't tell its head commit")
	}
	files := 0
	var paths []string
	for page := 1; files < maxFiles; page++ {
		var found []*file
		a, err := r.get(ctx, fmt.Sprintf("%s/pulls/%d/files?per_page=%d&page=%d", r.path, pr.Number, perPage, page), "", &found)
		if err != nil {
			return nil, err
		}
		if found == nil { // go-github takes an empty body for an empty list
			return nil, errors.New("the answer has no list")
		}
		for _, f := range found {
			paths = f.addTo(paths)
		}
		files += len(found)
		if len(found) == 0 || (!a.next && len(found) < perPage) {
			return &preview.Changes{Paths: distinct(paths)}, nil
		}
	}
	return &preview.Changes{All: true}, nil
}

type file struct {
	Name     string `json:"filename"`
	Previous string `json:"previous_filename"`
}

func (f *file) addTo(paths []string) []string {
	if f == nil {
		return paths
	}
	for _, p := range []string{f.Name, f.Previous} {
		if p != "" {
			paths = append(paths, p)
		}
	}
	return paths
}

func distinct(paths []string) []string {
	slices.Sort(paths)
	return slices.Clip(slices.Compact(paths))
}
