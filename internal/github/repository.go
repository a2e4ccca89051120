package github

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

// repository keeps the last read of a repository, with the ETags of the answers. Its lock is held during a read.
type repository struct {
	mu sync.Mutex

	identity    identity
	list        pullRequestList
	refs        refsByName
	containment comparisonsByKey
	changes     changesByNumber
	checks      checksByCommit
	labellings  eventsByNumber
	approvals   approvalCache
	last        []preview.PullRequest // of the last complete read, by number; never changed
	closed      map[int]string        // ETags of the closed pull requests that the last read asked for, by number

	// costs are the expected costs after each of the last two reads; see repositoryAPI.get. Client.mu guards them.
	costs [2]int64
}

func newRepository(name string) *repository {
	return &repository{identity: identity{name: name}, changes: changesByNumber{}}
}

// read reads all facts that are wanted.
func (r *repository) read(ctx context.Context, api *repositoryAPI, wants preview.Wants) (preview.Repository, error) {
	facts := preview.Repository{ReadAt: time.Now()}
	var open openPullRequests
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		open, err = r.readPullRequests(gctx, api, wants)
		return err
	})
	g.Go(func() (err error) {
		facts.Branches, facts.Tags, err = r.refs.readRefs(gctx, api, wants)
		return err
	})
	if err := g.Wait(); err != nil {
		return preview.Repository{}, err
	}
	facts.ID, facts.FullName = r.identity.id, r.identity.fullName
	facts.PullRequests, facts.Unread, facts.Observed = open.all, open.unknown, open.observed
	var err error
	if facts.Commits, err = r.containment.readContainment(ctx, api, r.identity.defaultBranch, facts, wants); err != nil {
		return preview.Repository{}, err
	}
	if facts.Labels, err = r.readLabels(ctx, api, open.all, wants.Labels); err != nil {
		return preview.Repository{}, err
	}
	facts.PullRequests, facts.Checks, err = r.readDetails(ctx, api, open, facts, wants)
	return facts, err
}

// readPullRequests reads the open pull requests with their changes.
func (r *repository) readPullRequests(
	ctx context.Context, api *repositoryAPI, wants preview.Wants,
) (openPullRequests, error) {
	wait := r.changes.prefetch(ctx, api, wants)
	listed, err := r.list.readList(ctx, api, &r.identity)
	prefetched := wait()
	if err != nil {
		return openPullRequests{}, api.explainNotFound(err)
	}
	if len(listed) == 0 || r.identity.fullName == "" {
		if err = r.identity.refresh(ctx, api); err != nil {
			return openPullRequests{}, err
		}
	}
	for i := range listed { // an ID of 0 would equal that of a deleted fork
		listed[i].BaseRepositoryID = r.identity.id
	}
	maps.Copy(r.changes, prefetched)
	open, err := r.readInDoubt(ctx, api, listed, wants)
	if err != nil {
		return openPullRequests{}, err
	}
	return open, r.changes.fillChanges(ctx, api, open, wants.Changes, r.last)
}

// readDetails reads approvals, labellings and checks. It returns the pull requests with them, and the checks by
// commit.
func (r *repository) readDetails(
	ctx context.Context, api *repositoryAPI, open openPullRequests, facts preview.Repository, wants preview.Wants,
) ([]preview.PullRequest, map[string][]preview.Check, error) {
	var (
		approvals  map[int]*pullRequestApprovals
		labellings map[int]*pullRequestLabellings
		checks     checkResults
	)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		approvals, err = r.approvals.readApprovals(gctx, api, open, wants.Approvals)
		return err
	})
	g.Go(func() (err error) {
		labellings, err = r.labellings.readLabellings(gctx, api, open, wants.Labellings)
		return err
	})
	g.Go(func() (err error) {
		checks, err = r.checks.readChecks(gctx, api, commitsToCheck(facts, wants))
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	prs := make([]preview.PullRequest, 0, len(open.all))
	for _, pr := range open.all {
		needsChecks := wants.Checks != nil && wants.Checks(pr)
		pr.Stale = open.asBefore[pr.Number]
		approvals[pr.Number].addTo(&pr)
		labellings[pr.Number].addTo(&pr)
		if err := checks.failed[pr.HeadSHA]; err != nil && needsChecks {
			addProblem(&pr, fmt.Errorf("read the checks of %.7s: %w", pr.HeadSHA, err))
		}
		prs = append(prs, pr)
	}
	return prs, checks.byCommit, nil
}
