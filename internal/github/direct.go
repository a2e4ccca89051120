package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// doubt is a pull request that the list alone doesn't decide about: the list lacks it, shows an older state than was
// known, or shows that it leaves its environment. GitHub may have answered from a copy that lags behind.
type doubt struct {
	last    preview.PullRequest // of the previous read; without it only the number and the repository
	hasLast bool
	known   preview.Known
	listed  *preview.PullRequest // nil if the list lacks it
	newest  time.Time            // the newest known or announced updated_at
}

// directRead is the result of a direct read. A pull request that is neither open nor closed couldn't be read.
type directRead struct {
	open     *preview.PullRequest
	isClosed bool
	etag     string
	err      error
}

// readInDoubt reads pull requests directly where the list alone is no evidence. A pull request is left out only if
// GitHub's answer about this one pull request says that it is closed. An older state than the known one is no answer.
func (r *repository) readInDoubt(
	ctx context.Context, api *repositoryAPI, listed []preview.PullRequest, wants preview.Wants,
) (openPullRequests, error) {
	open := newOpenPullRequests(listed)
	doubts := r.doubts(open.byNumber, wants)
	found := make([]directRead, len(doubts))
	err := readEach(ctx, len(doubts), func(ctx context.Context, i int) {
		found[i] = doubts[i].readDirectly(ctx, api, r.closed[doubts[i].last.Number])
	})
	if err != nil {
		return openPullRequests{}, err
	}
	r.closed = map[int]string{}
	for i, d := range doubts {
		open.decide(d, found[i])
		if found[i].isClosed {
			r.closed[d.last.Number] = found[i].etag
		}
	}
	open.all = sortByNumber(open.byNumber)
	return open, nil
}

// doubts returns the pull requests to read directly. Those without an environment that the list shows in an older state
// stay as they were.
func (r *repository) doubts(listed map[int]preview.PullRequest, wants preview.Wants) []doubt {
	var known map[int]preview.Known
	if wants.Live != nil {
		known = wants.Live(r.identity.id) // guard missing-after-restart: nil
	}
	all := make(map[int]doubt, len(known))
	for number, k := range known {
		last := preview.PullRequest{Number: number, BaseRepositoryID: r.identity.id}
		newest := k.Updated
		if announced := wants.Announced[number]; announced.After(newest) {
			newest = announced
		}
		all[number] = doubt{last: last, known: k, newest: newest}
	}
	for _, pr := range r.last {
		d := all[pr.Number]
		d.last, d.hasLast = pr, true
		if pr.Updated.After(d.newest) {
			d.newest = pr.Updated
		}
		all[pr.Number] = d
	}
	var doubts []doubt
	for _, number := range slices.Sorted(maps.Keys(all)) {
		d := all[number]
		_, isLive := known[number]
		if pr, ok := listed[number]; ok {
			d.listed = &pr
		}
		switch {
		case d.listed == nil:
			doubts = append(doubts, d) // guard missing-pull-request: skip
		case isLive && (d.isOlder(d.listed.Updated) || d.leaves()):
			doubts = append(doubts, d)
		case d.isOlder(d.listed.Updated):
			listed[number] = d.last
		}
	}
	return doubts
}

// isOlder reports whether an answer with this updated_at is older than the known state.
func (d *doubt) isOlder(updated time.Time) bool {
	return !updated.IsZero() && updated.Before(d.newest) // guard older-state: false
}

// leaves reports whether the list shows that the pull request leaves its environment.
func (d *doubt) leaves() bool {
	return d.known.NeedsDirectRead != nil && d.known.NeedsDirectRead(*d.listed) // guard leaves-in-list: false
}

// readDirectly reads one pull request. The request has no cache validator, unless the pull request is known to be
// closed: then only another answer is news, and an unchanged one costs no quota.
func (d *doubt) readDirectly(ctx context.Context, api *repositoryAPI, etag string) directRead {
	if !d.known.IsClosed {
		etag = ""
	}
	var found pullRequestJSON
	a, err := api.get(ctx, fmt.Sprintf("%s/pulls/%d", api.path, d.last.Number), etag, &found)
	switch {
	case err != nil:
	case a.Unchanged:
		return directRead{isClosed: true, etag: etag}
	case found.Number != d.last.Number || found.Base.Repo == nil || found.Base.Repo.ID != d.last.BaseRepositoryID:
		err = errors.New("the answer is about another pull request")
	case d.isOlder(found.updatedAt()):
		err = fmt.Errorf("GitHub answered with an older state, of %s, than the known one of %s",
			found.updatedAt().Format(time.RFC3339), d.newest.Format(time.RFC3339))
	case found.State == "closed":
		return directRead{isClosed: true, etag: a.ETag}
	case found.labelNames() == nil:
		err = errors.New("the answer has no labels")
	case found.State != "open":
		err = fmt.Errorf("unknown state %q", found.State)
	}
	if err != nil {
		return directRead{err: err} // guard unreadable-counts-as-open: directRead{isClosed: true}
	}
	pr := found.fact(d.last.BaseRepositoryID)
	return directRead{open: &pr}
}

// decide applies a direct read. A pull request that can't be read stays as in the previous read.
func (o *openPullRequests) decide(d doubt, found directRead) {
	number := d.last.Number
	switch {
	case found.open != nil && (d.listed == nil || !found.open.Updated.Before(d.listed.Updated)):
		o.byNumber[number], o.observed[number] = *found.open, false
	case found.isClosed:
		delete(o.byNumber, number)
		o.observed[number] = true
	case d.hasLast:
		last := d.last
		last.Problem = fmt.Sprintf("GitHub's list is no evidence about it, and it is unreadable: %v", found.problem())
		o.byNumber[number], o.asBefore[number] = last, true
	default: // only an earlier run of the service has read it
		delete(o.byNumber, number)
		o.unknown[number] = found.problem().Error()
	}
}

func (f directRead) problem() error {
	if f.err != nil {
		return f.err
	}
	return errors.New("GitHub answered with an older state than that of the list")
}
