package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/previewset/previewset/internal/preview"
)

// comparison is how a commit lay to a ref when that was read last.
type comparison struct {
	etag  string
	holds bool
	wait  int // reads for which it isn't asked again: GitHub charges each time for what isn't there
}

// waitMissing is how many reads a commit that GitHub doesn't know isn't asked for again.
const waitMissing = 10

// wantedCommits says of the commits that are asked for which are held by the default branch, by a branch or tag that is
// asked for too, or are any branch's head: to compare them with all branches would cost a request for each. Every fork's
// commits can be read through the repository, so that a commit is there says nothing. One that was held once stays so:
// otherwise a branch that is deleted would stop what runs.
func (r *reading) wantedCommits(ctx context.Context, facts preview.Repository, wants preview.Wants) (map[string]bool, error) {
	known, held := map[string]*comparison{}, make(map[string]bool, len(wants.Commits))
	for _, sha := range wants.Commits {
		for _, ref := range slices.Concat([]string{r.entry.defaultBranch}, wants.Branches, wants.Tags) {
			c := &comparison{holds: facts.Branches[ref] == sha || facts.Tags[ref] == sha}
			key := ref + "..." + sha
			if last := r.entry.comparisons[key]; last != nil {
				c = last
			}
			if !c.holds && validRef(ref) {
				var err error
				if c, err = r.compare(ctx, ref, sha, *c); err != nil {
					return nil, err
				}
			}
			known[key] = c
			if held[sha] = c.holds; c.holds {
				break
			}
		}
		if held[sha] {
			continue
		}
		key := "..." + sha
		c, err := r.headOf(ctx, sha, r.entry.comparisons[key])
		if err != nil {
			return nil, err
		}
		known[key], held[sha] = c, c.holds
	}
	r.entry.comparisons = known // what isn't asked for any more is forgotten
	return held, nil
}

// compare asks whether a ref comes after a commit, or is at it. Where GitHub knows one of them not, or no common history, it
// doesn't.
func (r *reading) compare(ctx context.Context, ref, sha string, last comparison) (*comparison, error) {
	if last.wait > 0 {
		last.wait--
		return &last, nil
	}
	var body struct {
		Status string `json:"status"`
	}
	a, err := r.get(ctx, r.path+"/compare/"+url.PathEscape(ref)+"..."+sha+"?per_page=1", last.etag, &body)
	switch {
	case statusOf(err) == http.StatusNotFound:
		return &comparison{wait: waitMissing}, nil
	case err != nil:
		return nil, fmt.Errorf("compare %s with commit %s: %w", ref, sha, err)
	case a.unchanged:
		return &last, nil
	}
	return &comparison{etag: a.etag, holds: body.Status == "behind" || body.Status == "identical"}, nil
}

// headOf asks whether a commit is the head of a branch.
func (r *reading) headOf(ctx context.Context, sha string, last *comparison) (*comparison, error) {
	switch {
	case last == nil:
		last = &comparison{}
	case last.holds:
		return last, nil
	case last.wait > 0:
		return &comparison{wait: last.wait - 1}, nil
	}
	var heads []struct {
		Commit struct {
			SHA string `json:"sha"`
		} `json:"commit"`
	}
	a, err := r.get(ctx, r.path+"/commits/"+sha+"/branches-where-head", last.etag, &heads)
	switch status := statusOf(err); {
	case status == http.StatusNotFound, status == http.StatusUnprocessableEntity:
		return &comparison{wait: waitMissing}, nil // GitHub doesn't know the commit
	case err != nil:
		return nil, fmt.Errorf("ask of which branches commit %s is the head: %w", sha, err)
	case a.unchanged:
		return last, nil
	}
	holds := false
	for _, h := range heads {
		holds = holds || h.Commit.SHA == sha
	}
	return &comparison{etag: a.etag, holds: holds}, nil
}
