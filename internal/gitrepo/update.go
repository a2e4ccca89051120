package gitrepo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Retry bounds what is done about lost races. Zero values are the defaults.
type Retry struct {
	Attempts int           // until giving up; default 100
	Min, Max time.Duration // of the bound of a random wait; default 20 ms and 10 s
}

func (r Retry) defaults() Retry {
	r.Attempts = cmp.Or(r.Attempts, 100)
	r.Min = cmp.Or(r.Min, 20*time.Millisecond)
	r.Max = cmp.Or(r.Max, 10*time.Second)
	return r
}

// wait is how long to wait after the n-th lost attempt, n from 1, the last of which took so long: a random part of a
// bound that doubles, up to 16 times what an attempt takes. What it takes is the measure, because a wait is good for
// as many others as can push meanwhile, be the remote slow or fast; and the bound stops growing, because who has lost
// often would else lose to who has just come.
func (r Retry) wait(n int, took time.Duration) time.Duration {
	bound := took << min(n, 4)
	return rand.N(min(max(bound, r.Min), r.Max) + 1) //nolint:gosec // spreads waits; nothing secret depends on it
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// update is one change on its way to the remote.
type update struct {
	repo   *Repository
	branch string // where the commit goes
	change Change
	draft  *draft                 // of the newest tree
	start  time.Time              // when the last attempt began to depend on what others do
	sent   map[plumbing.Hash]bool // commits whose push may have arrived
	said   string
	last   error // of the last push
}

// maxSilent bounds how often in a row a remote may fail to answer once a push is on its way.
const maxSilent = 8

// run tries until the commit is in, or can't be.
func (u *update) run(ctx context.Context) (Result, error) {
	silent := 0
	for attempt := 1; ; attempt++ {
		result, done, err := u.try(ctx)
		result.Attempts, result.Said = attempt, u.said
		if done || (err != nil && len(u.sent) == 0) {
			return result, err
		}
		u.last = err
		if silent++; !errors.Is(err, ErrUnreachable) {
			silent = 0
		}
		if attempt == u.repo.opts.Retry.Attempts || silent == maxSilent {
			return result, u.exhausted(attempt)
		}
		if err := sleep(ctx, u.repo.opts.Retry.wait(attempt, time.Since(u.start))); err != nil {
			return result, u.interrupted(err)
		}
	}
}

// prepare applies the change to what the branch holds now, or held when it was read last. That can take long; the remote is
// only then asked for what to push to, so that others have little time to come first.
func (u *update) prepare(ctx context.Context) (err error) {
	if u.repo.base.IsZero() {
		if err = u.repo.refresh(ctx); err != nil {
			return err
		}
	}
	u.draft, err = u.repo.apply(ctx, u.change, nil)
	return err
}

// try is one attempt: apply the change, list, apply it again if there is something new, push. True is that there is nothing
// left to try.
func (u *update) try(ctx context.Context) (Result, bool, error) {
	if u.draft == nil {
		if err := u.prepare(ctx); err != nil {
			return Result{}, true, err
		}
	}
	u.start = time.Now()
	p, err := u.repo.remote.writable(ctx)
	if err != nil {
		return Result{}, isPermanent(err), err
	}
	defer p.close()
	result, arrived, err := u.renew(ctx, p)
	if err != nil || arrived {
		return result, arrived || isPermanent(err), err
	}
	if u.draft.unchanged() {
		return u.result(u.repo.base, true), true, nil
	}
	commit := u.draft.commit
	u.sent[commit] = true
	status, said, err := p.push(ctx, u.repo.store, u.ref(), u.old(), commit, u.draft.objects)
	u.said = said
	if err == nil {
		u.repo.base = u.baseAfter(commit)
		return u.result(commit, false), true, nil
	}
	return u.failed(ctx, status, err)
}

func (u *update) isProposal() bool            { return u.branch != u.repo.opts.Branch }
func (u *update) ref() plumbing.ReferenceName { return plumbing.NewBranchReferenceName(u.branch) }

// old is where the branch must be for the push to be taken.
func (u *update) old() plumbing.Hash {
	if u.isProposal() {
		return plumbing.ZeroHash
	}
	return u.repo.base
}

// baseAfter is the newest commit of the branch that is read, once the commit is in.
func (u *update) baseAfter(commit plumbing.Hash) plumbing.Hash {
	if u.isProposal() {
		return u.repo.base
	}
	return commit
}

// renew compares the remote with what the draft was built on, and builds it anew if need be. It notices a push of ours
// whose answer got lost.
func (u *update) renew(ctx context.Context, p *pushing) (result Result, arrived bool, err error) {
	head, err := branchHead(p.refs, u.repo.opts.Branch)
	if err != nil {
		return Result{}, false, err
	}
	if u.isProposal() {
		if at, ok := p.refs[u.ref().String()]; ok && u.sent[at] {
			return u.result(at, false), true, nil
		} else if ok {
			return Result{}, true, fmt.Errorf("%w; name another, or delete it", ErrBranchExists)
		}
	}
	before := u.repo.base
	if u.repo.fetch(ctx, head) != nil {
		if err = u.repo.refresh(ctx); err != nil {
			return Result{}, false, err
		}
		head = u.repo.base
	}
	if at, ok := u.landed(head, before); ok {
		return u.result(at, false), true, nil
	}
	err = u.redraft(ctx, head)
	return Result{}, err != nil, err
}

// redraft brings the draft up to date. One that is keeps its commit: pushed again, it can't be in twice.
func (u *update) redraft(ctx context.Context, head plumbing.Hash) (err error) {
	if u.draft.base != head {
		if u.draft, err = u.repo.apply(ctx, u.change, u.draft); err != nil {
			return err
		}
	}
	if u.draft.unchanged() || !u.draft.commit.IsZero() {
		return nil
	}
	return u.repo.commit(ctx, u.draft)
}

// landed looks for a push of ours among the commits that came since before.
func (u *update) landed(head, before plumbing.Hash) (plumbing.Hash, bool) {
	seen := map[plumbing.Hash]bool{before: true}
	for next := []plumbing.Hash{head}; len(next) > 0 && len(u.sent) > 0; {
		h := next[len(next)-1]
		next = next[:len(next)-1]
		if u.sent[h] {
			return h, true
		}
		if c, err := object.GetCommit(u.repo.store, h); err == nil && !seen[h] {
			next = append(next, c.ParentHashes...)
		}
		seen[h] = true
	}
	return plumbing.ZeroHash, false
}

// failed looks at the remote to learn what a failed push means.
func (u *update) failed(ctx context.Context, status string, cause error) (Result, bool, error) {
	if status == "" {
		cause = explain(cause)
		return Result{}, isPermanent(cause), cause
	}
	cause = fmt.Errorf("%w: %s%s", ErrRefused, status, quote(hookText(u.said)))
	if isTransient(status) {
		return Result{}, false, cause
	}
	refs, err := u.repo.remote.readable(ctx)
	if err != nil {
		return Result{}, isPermanent(err), err
	}
	head, err := branchHead(refs, u.repo.opts.Branch)
	if err != nil {
		return Result{}, true, err
	}
	// A refusal while the branch stands still isn't about others.
	return Result{}, head == u.repo.base, cause
}

// hookText is what hooks printed, without the marks that Git puts before each line.
func hookText(said string) string {
	var lines []string
	for line := range strings.Lines(said) {
		lines = append(lines, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "remote:")))
	}
	return strings.Join(lines, " ")
}

func (u *update) result(commit plumbing.Hash, unchanged bool) Result {
	r := Result{Commit: commit.String(), Base: u.repo.base.String(), Branch: u.branch, Unchanged: unchanged}
	if u.draft != nil {
		r.Base = u.draft.base.String()
	}
	return r
}

func (u *update) exhausted(attempts int) error {
	if errors.Is(u.last, ErrUnreachable) {
		return u.unknown(u.last)
	}
	return fmt.Errorf("%w, %d times (%w); try again", ErrRace, attempts, u.last)
}

func (u *update) interrupted(err error) error {
	if errors.Is(u.last, ErrUnreachable) {
		return u.unknown(err)
	}
	return err
}

func (u *update) unknown(err error) error {
	return fmt.Errorf("%w: %w; look for commit %s in the branch before trying again", ErrUnknownOutcome, err, u.draft.commit)
}
