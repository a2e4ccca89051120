package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/previewset/previewset/internal/github/paged"
	"github.com/previewset/previewset/internal/preview"
)

// maxFiles is the number of files that GitHub lists at most. A pull request with so many may have more.
const maxFiles = 3000

// changes are the changed paths of a pull request with this head and base.
type changes struct {
	head, base string
	paths      *preview.Changes
}

// isFor reports whether the pull request still has the same head and base.
func (c changes) isFor(pr preview.PullRequest) bool {
	return c.paths != nil && c.head == pr.HeadSHA && c.base == pr.BaseSHA
}

// changesByNumber are the changed paths of pull requests, as read last.
type changesByNumber map[int]changes

// fillChanges sets the Changes of the wanted pull requests. If they can't be read, it sets the Problem, and the pull
// request stays as in the previous read (last).
func (c changesByNumber) fillChanges(
	ctx context.Context, api *repositoryAPI, open openPullRequests, wanted func(preview.PullRequest) bool,
	last []preview.PullRequest,
) error {
	c.forgetClosed(open.all)
	wantedIndexes := open.indexes(wanted)
	paths, failed := make([]*preview.Changes, len(wantedIndexes)), make([]error, len(wantedIndexes))
	err := readEach(ctx, len(wantedIndexes), func(ctx context.Context, i int) {
		pr := open.all[wantedIndexes[i]]
		if known := c[pr.Number]; known.isFor(pr) {
			paths[i] = known.paths
			return
		}
		paths[i], failed[i] = readChangedPaths(ctx, api, pr)
	})
	for i, index := range wantedIndexes {
		pr := &open.all[index]
		if failed[i] != nil {
			*pr = withoutChanges(*pr, last, failed[i])
			continue
		}
		pr.Changes = paths[i]
		c[pr.Number] = changes{head: pr.HeadSHA, base: pr.BaseSHA, paths: paths[i]}
	}
	return err
}

func (c changesByNumber) forgetClosed(open []preview.PullRequest) {
	maps.DeleteFunc(c, func(number int, _ changes) bool {
		_, isOpen := findByNumber(open, number)
		return !isOpen
	})
}

// withoutChanges returns a pull request with unreadable changes. It takes the previous one including its old head, so
// that paths and commit belong together.
func withoutChanges(pr preview.PullRequest, last []preview.PullRequest, err error) preview.PullRequest {
	if previous, ok := findByNumber(last, pr.Number); ok && previous.Changes != nil {
		pr = previous
	}
	pr.Problem = fmt.Sprintf("list its changed files: %v", err)
	return pr
}

func readChangedPaths(ctx context.Context, api *repositoryAPI, pr preview.PullRequest) (*preview.Changes, error) {
	if pr.HeadSHA == "" {
		return nil, errors.New("GitHub shows no head commit")
	}
	files := 0
	var paths []string
	for page := 1; files < maxFiles; page++ {
		var found []*fileJSON
		a, err := api.get(ctx, fmt.Sprintf("%s/pulls/%d/files?%s", api.path, pr.Number, paged.Query(page)), "", &found)
		if err != nil {
			return nil, err
		}
		if found == nil {
			return nil, errors.New("the answer has no list")
		}
		for _, f := range found {
			paths = append(paths, f.paths()...)
		}
		files += len(found)
		if len(found) == 0 || (!a.HasNext && len(found) < paged.PerPage) {
			return &preview.Changes{Paths: sortUnique(paths)}, nil
		}
	}
	return &preview.Changes{All: true}, nil
}

type fileJSON struct {
	Name     string `json:"filename"`
	Previous string `json:"previous_filename"` // before a rename
}

func (f *fileJSON) paths() []string {
	if f == nil {
		return nil
	}
	return slices.DeleteFunc([]string{f.Name, f.Previous}, func(p string) bool { return p == "" })
}

func sortUnique(paths []string) []string {
	slices.Sort(paths)
	return slices.Clip(slices.Compact(paths))
}
