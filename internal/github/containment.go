package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/previewset/previewset/internal/github/rest"
	"github.com/previewset/previewset/internal/preview"
)

// readsWithoutRetry is the number of reads during which a commit that GitHub doesn't know isn't requested again. Each
// such request costs quota.
const readsWithoutRetry = 10

// comparison tells whether a ref contains a commit, as read last.
type comparison struct {
	etag        string
	contains    bool
	readsToSkip int // number of reads without a request
}

// comparisonsByKey are comparisons by "ref...commit". The key "...commit" is for the heads of all branches.
type comparisonsByKey map[string]comparison

// readContainment reports for each wanted commit whether a branch or tag contains it. It compares the commit with the
// default branch and with the wanted branches and tags, and it asks for branches with the commit as head; a
// comparison with each branch would cost too many requests.
//
// The existence of a commit proves nothing, because a repository also shows the commits of its forks. A commit that
// was contained once stays contained. Otherwise the deletion of a branch would stop a running service.
func (c *comparisonsByKey) readContainment(
	ctx context.Context, api *repositoryAPI, defaultBranch string, facts preview.Repository, wants preview.Wants,
) (map[string]bool, error) {
	now, contained := comparisonsByKey{}, make(map[string]bool, len(wants.Commits))
	refs := slices.Concat([]string{defaultBranch}, wants.Branches, wants.Tags)
	for _, sha := range wants.Commits {
		for _, ref := range refs {
			isHead := facts.Branches[ref] == sha || facts.Tags[ref] == sha
			found, err := c.compareWithRef(ctx, api, ref, sha, isHead)
			if err != nil {
				return nil, err
			}
			now[ref+"..."+sha] = found
			if contained[sha] = found.contains; found.contains {
				break
			}
		}
		if contained[sha] {
			continue
		}
		found, err := c.isBranchHead(ctx, api, sha)
		if err != nil {
			return nil, err
		}
		now["..."+sha], contained[sha] = found, found.contains
	}
	*c = now
	return contained, nil
}

// compareWithRef asks whether a ref contains a commit. It doesn't if GitHub doesn't know the ref, the commit or a
// common ancestor.
func (c *comparisonsByKey) compareWithRef(
	ctx context.Context, api *repositoryAPI, ref, sha string, isHead bool,
) (comparison, error) {
	last, isKnown := (*c)[ref+"..."+sha]
	if !isKnown {
		last.contains = isHead
	}
	if last.contains || !isRefName(ref) {
		return last, nil
	}
	if last.readsToSkip > 0 {
		last.readsToSkip--
		return last, nil
	}
	var body struct {
		Status string `json:"status"`
	}
	a, err := api.get(ctx, api.path+"/compare/"+url.PathEscape(ref)+"..."+sha+"?per_page=1", last.etag, &body)
	switch {
	case rest.StatusOf(err) == http.StatusNotFound:
		return comparison{readsToSkip: readsWithoutRetry}, nil
	case err != nil:
		return comparison{}, fmt.Errorf("compare %s with commit %s: %w", ref, sha, err)
	case a.Unchanged:
		return last, nil
	}
	// The status tells where the commit is, as seen from the ref: behind it, so that the ref contains it.
	return comparison{etag: a.ETag, contains: body.Status == "behind" || body.Status == "identical"}, nil
}

// isBranchHead asks whether a commit is the head of a branch.
func (c *comparisonsByKey) isBranchHead(ctx context.Context, api *repositoryAPI, sha string) (comparison, error) {
	last := (*c)["..."+sha]
	switch {
	case last.contains:
		return last, nil
	case last.readsToSkip > 0:
		return comparison{readsToSkip: last.readsToSkip - 1}, nil
	}
	var heads []struct {
		Commit struct {
			SHA string `json:"sha"`
		} `json:"commit"`
	}
	a, err := api.get(ctx, api.path+"/commits/"+sha+"/branches-where-head", last.etag, &heads)
	switch status := rest.StatusOf(err); {
	case status == http.StatusNotFound, status == http.StatusUnprocessableEntity: // GitHub doesn't know the commit
		return comparison{readsToSkip: readsWithoutRetry}, nil
	case err != nil:
		return comparison{}, fmt.Errorf("list the branches with head %s: %w", sha, err)
	case a.Unchanged:
		return last, nil
	}
	contains := false
	for _, h := range heads {
		contains = contains || h.Commit.SHA == sha
	}
	return comparison{etag: a.ETag, contains: contains}, nil
}
