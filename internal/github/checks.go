package github

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/github/paged"
	"github.com/previewset/previewset/internal/preview"
)

// maxDetailPages limits the lists that belong to one commit or pull request. Anyone with write access could make them
// long.
const maxDetailPages = 20

// commitChecks are the checks of one commit, as read last.
type commitChecks struct {
	statuses   []paged.Page[checkResult]
	runs       []paged.Page[checkResult]
	last       []preview.Check // result of the last complete read
	isComplete bool            // there was a complete read
}

// checkResult is a commit status or check run.
type checkResult struct {
	id      int64
	creator int64 // the account's ID, only of a status
	check   preview.Check
}

// checksByCommit are checks by commit SHA.
type checksByCommit map[string]*commitChecks

// checkResults is the result of a read.
type checkResults struct {
	byCommit map[string][]preview.Check
	failed   map[string]error // by commit; byCommit then has the result of the last complete read
}

// commitsToCheck returns the commits with wanted checks.
func commitsToCheck(facts preview.Repository, wants preview.Wants) []string {
	wanted := map[string]bool{}
	for _, pr := range facts.PullRequests {
		if wants.Checks != nil && wants.Checks(pr) {
			wanted[pr.HeadSHA] = true
		}
	}
	if wants.BranchChecks {
		for _, refs := range []map[string]string{facts.Branches, facts.Tags} {
			for _, sha := range refs {
				wanted[sha] = true
			}
		}
		for sha, isContained := range facts.Commits {
			if isContained {
				wanted[sha] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(wanted))
}

// readChecks reads the checks of the commits. Checks of other commits are forgotten.
func (c *checksByCommit) readChecks(ctx context.Context, api *repositoryAPI, commits []string) (checkResults, error) {
	now, failed := make(checksByCommit, len(commits)), make([]error, len(commits))
	for _, sha := range commits {
		if now[sha] = (*c)[sha]; now[sha] == nil {
			now[sha] = &commitChecks{}
		}
	}
	err := readEach(ctx, len(commits), func(ctx context.Context, i int) {
		failed[i] = now[commits[i]].update(ctx, api, commits[i])
	})
	if err != nil {
		return checkResults{}, err
	}
	*c = now
	results := checkResults{byCommit: make(map[string][]preview.Check, len(commits)), failed: map[string]error{}}
	for i, sha := range commits {
		if now[sha].isComplete {
			results.byCommit[sha] = now[sha].last
		}
		if failed[i] != nil {
			results.failed[sha] = failed[i]
		}
	}
	return results, nil
}

// update reads statuses and check runs of the commit in parallel.
func (c *commitChecks) update(ctx context.Context, api *repositoryAPI, sha string) error {
	if sha == "" {
		return errors.New("GitHub shows no commit")
	}
	path := api.path + "/commits/" + url.PathEscape(sha)
	statuses := paged.List[[]*statusJSON, checkResult]{
		Name: "list commit statuses", MaxPages: maxDetailPages, Get: api.get, Key: checkResultID,
		Path: func(page int) string { return path + "/statuses?" + paged.Query(page) },
		Decode: func(found []*statusJSON) ([]checkResult, error) {
			return paged.Items(found, (*statusJSON).result)
		},
	}
	runs := paged.List[checkRunsJSON, checkResult]{
		Name: "list check runs", MaxPages: maxDetailPages, Get: api.get, Key: checkResultID,
		Path: func(page int) string { return path + "/check-runs?filter=latest&" + paged.Query(page) },
		Decode: func(found checkRunsJSON) ([]checkResult, error) {
			return paged.Items(found.Runs, func(r *checkRunJSON) (checkResult, error) { return r.result(sha) })
		},
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { _, err := statuses.Update(gctx, &c.statuses); return err })
	g.Go(func() error { _, err := runs.Update(gctx, &c.runs); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	c.last, c.isComplete = append(newestStatuses(c.statuses), allCheckRuns(c.runs)...), true
	return nil
}

func checkResultID(c checkResult) int64 { return c.id }

// newestStatuses returns the newest status of each context and creator. GitHub lists the newest first.
func newestStatuses(pages []paged.Page[checkResult]) []preview.Check {
	type key struct {
		name    string
		creator int64
	}
	return uniqueChecks(pages, func(c checkResult) key { return key{c.check.Name, c.creator} })
}

// allCheckRuns returns all check runs. Runs with the same name and app belong to several suites, and all of them
// count.
func allCheckRuns(pages []paged.Page[checkResult]) []preview.Check {
	return uniqueChecks(pages, checkResultID)
}

// uniqueChecks returns the first check with each key.
func uniqueChecks[K comparable](pages []paged.Page[checkResult], key func(checkResult) K) []preview.Check {
	seen, out := map[K]bool{}, []preview.Check{}
	for _, p := range pages {
		for _, c := range p.Items {
			if k := key(c); !seen[k] {
				seen[k] = true
				out = append(out, c.check)
			}
		}
	}
	return out
}
