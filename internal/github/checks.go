package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

// maxDetailPages bounds the lists that belong to one commit or pull request: anybody who may write there could make them long.
const maxDetailPages = 20

// checks are the results of one commit as they were read last.
type checks struct {
	statuses []page[result]
	runs     []page[result]
	last     []preview.Check // what the last whole read told
	read     bool            // there was one
}

// result is a commit status or check run.
type result struct {
	id      int64
	creator string // of a status, with "[bot]"
	check   preview.Check
}

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
		for sha, held := range facts.Commits {
			if held {
				wanted[sha] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(wanted))
}

// wantedChecks reads the results of the commits. Where those of one can't be read, what was read of the same commit
// before stays, and the error says why.
func (r *reading) wantedChecks(ctx context.Context, commits []string) (map[string][]preview.Check, map[string]error, error) {
	known, failed := make(map[string]*checks, len(commits)), make([]error, len(commits))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(inParallel)
	for i, sha := range commits {
		k := r.entry.checks[sha]
		if k == nil {
			k = &checks{}
		}
		known[sha] = k
		g.Go(func() error {
			if err := r.readChecks(gctx, sha, k); err != nil {
				failed[i] = fmt.Errorf("read the checks of %.7s: %w", sha, err)
			}
			return gctx.Err() // a read that was given up is no problem of the commit
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	r.entry.checks = known // what isn't asked for any more is forgotten
	told, errs := make(map[string][]preview.Check, len(commits)), map[string]error{}
	for i, sha := range commits {
		if known[sha].read {
			told[sha] = known[sha].last
		}
		if failed[i] != nil {
			errs[sha] = failed[i]
		}
	}
	return told, errs, nil
}

func (r *reading) readChecks(ctx context.Context, sha string, k *checks) error {
	if sha == "" {
		return errors.New("GitHub doesn't tell the commit")
	}
	path := r.path + "/commits/" + url.PathEscape(sha)
	statuses := list[result]{what: "list commit statuses", most: maxDetailPages, key: func(s result) int64 { return s.id }}
	statuses.read = func(ctx context.Context, number int, last page[result]) (page[result], bool, error) {
		return conditional(ctx, r, path+"/statuses?"+numbered(number), last, func(found []*status) ([]result, error) { return each(found, (*status).result) })
	}
	runs := list[result]{what: "list check runs", most: maxDetailPages, key: func(c result) int64 { return c.id }}
	runs.read = func(ctx context.Context, number int, last page[result]) (page[result], bool, error) {
		return conditional(ctx, r, path+"/check-runs?filter=latest&"+numbered(number), last, func(found checkRuns) ([]result, error) {
			return each(found.Runs, func(c *checkRun) (result, error) { return c.result(sha) })
		})
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { _, err := statuses.all(gctx, &k.statuses); return err })
	g.Go(func() error { _, err := runs.all(gctx, &k.runs); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	k.last, k.read = append(newest(k.statuses), every(k.runs)...), true
	return nil
}

// newest is the newest status of each context and creator; GitHub lists it first.
func newest(pages []page[result]) []preview.Check {
	seen, out := map[[2]string]bool{}, []preview.Check{}
	for _, p := range pages {
		for _, s := range p.items {
			if key := [2]string{s.check.Name, s.creator}; !seen[key] {
				seen[key] = true
				out = append(out, s.check)
			}
		}
	}
	return out
}

// every is all check runs: those of one name and app come from several suites, and all of them count.
func every(pages []page[result]) []preview.Check {
	seen, out := map[int64]bool{}, []preview.Check{}
	for _, p := range pages {
		for _, c := range p.items {
			if !seen[c.id] {
				seen[c.id] = true
				out = append(out, c.check)
			}
		}
	}
	return out
}

type status struct {
	ID      int64  `json:"id"`
	Context string `json:"context"`
	State   string `json:"state"`
	Creator *user  `json:"creator"`
}

func (s *status) result() (result, error) {
	if s == nil || s.ID == 0 {
		return result{}, errors.New("the answer has a status without an ID")
	}
	creator := s.Creator.login()
	app := strings.TrimSuffix(creator, "[bot]")
	return result{id: s.ID, creator: creator, check: preview.Check{Name: s.Context, App: app, Green: s.State == "success"}}, nil
}

type checkRuns struct {
	Runs []*checkRun `json:"check_runs"`
}

type checkRun struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	HeadSHA    string `json:"head_sha"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
	App        *struct {
		Slug string `json:"slug"`
	} `json:"app"`
}

func (c *checkRun) result(sha string) (result, error) {
	switch {
	case c == nil || c.ID == 0:
		return result{}, errors.New("the answer has a check run without an ID")
	case !strings.EqualFold(c.HeadSHA, sha):
		return result{}, fmt.Errorf("the answer has a check run of another commit, %.7s", c.HeadSHA)
	}
	check := preview.Check{Name: c.Name, Green: c.Status == "completed" && c.Conclusion == "success"}
	if c.App != nil {
		check.App = c.App.Slug
	}
	return result{id: c.ID, check: check}, nil
}
