package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// update applies one change to a branch of the remote, with repeated attempts.
type update struct {
	repo   *Repository
	branch string // where the commit is pushed to
	change Change
	draft  *draft                 // of the newest tree
	start  time.Time              // of the critical part of the last attempt, in which other pushes can be faster
	sent   map[plumbing.Hash]bool // commits of pushes that may have arrived
	output string                 // of the server's hooks
	failed error                  // of the last attempt
}

// maxSilent limits the number of consecutive attempts without an answer of the remote, after the first push.
const maxSilent = 8

// attemptAll pushes until the remote has the commit, refuses it, or doesn't answer anymore. Before the first push, any
// error ends it. After a push without an answer it goes on, because the commit may have arrived.
func (u *update) attemptAll(ctx context.Context) (Result, error) {
	silent := 0
	for attempt := 1; ; attempt++ {
		result, done, err := u.attempt(ctx)
		result.Attempts, result.ServerOutput = attempt, u.output
		if done || (err != nil && len(u.sent) == 0) {
			return result, err
		}
		u.failed = err
		if silent++; !errors.Is(err, ErrUnreachable) {
			silent = 0
		}
		if attempt == u.repo.opts.Retry.Attempts || silent == maxSilent {
			return result, u.exhausted(attempt)
		}
		if err := sleepFor(ctx, u.repo.opts.Retry.delay(attempt, time.Since(u.start))); err != nil {
			return result, u.interrupted(err)
		}
	}
}

// firstDraft applies the change to the last read state of the branch, which can take long. The remote is listed for
// the push only afterwards, so that other pushes have little time to be faster.
func (u *update) firstDraft(ctx context.Context) (err error) {
	if u.repo.base.IsZero() {
		if err = u.repo.refresh(ctx); err != nil {
			return err
		}
	}
	u.draft, err = u.repo.newDraft(ctx, u.change, nil)
	return err
}

// attempt applies the change, lists the remote, applies the change again if there are newer commits, and pushes. done
// is true if no further attempt makes sense.
func (u *update) attempt(ctx context.Context) (result Result, done bool, err error) {
	if u.draft == nil {
		if err = u.firstDraft(ctx); err != nil {
			return Result{}, true, err
		}
	}
	u.start = time.Now()
	p, err := u.repo.remote.openPush(ctx)
	if err != nil {
		return Result{}, isPermanent(err), err
	}
	defer p.closeSession()
	result, done, err = u.catchUp(ctx, p.refs)
	if err != nil || done {
		return result, done || isPermanent(err), err
	}
	if u.draft.isUnchanged() {
		return u.resultWith(u.repo.base, true), true, nil
	}
	commit := u.draft.commit
	u.sent[commit] = true
	move := refChange{name: u.reference(), from: u.expected(), to: commit, objects: u.draft.objects}
	answer, err := p.send(ctx, u.repo.store, move)
	u.output = answer.hookOutput
	if err == nil {
		if !u.isProposal() {
			u.repo.base = commit
		}
		return u.resultWith(commit, false), true, nil
	}
	done, err = u.classify(ctx, answer, err)
	return Result{}, done, err
}

func (u *update) isProposal() bool                  { return u.branch != u.repo.opts.Branch }
func (u *update) reference() plumbing.ReferenceName { return plumbing.NewBranchReferenceName(u.branch) }

// expected returns the commit that the branch must have at the server for the push to be accepted.
func (u *update) expected() plumbing.Hash {
	if u.isProposal() {
		return plumbing.ZeroHash
	}
	return u.repo.base
}

// catchUp fetches newer commits and renews the draft. done is true if no push makes sense: the branch contains an
// earlier push without an answer, or the change fails on the newer commit.
func (u *update) catchUp(ctx context.Context, refs map[string]plumbing.Hash) (result Result, done bool, err error) {
	head, err := headOf(refs, u.repo.opts.Branch)
	if err != nil {
		return Result{}, false, err
	}
	if u.isProposal() {
		if at, ok := refs[u.reference().String()]; ok && u.sent[at] {
			return u.resultWith(at, false), true, nil
		} else if ok {
			return Result{}, true, fmt.Errorf("%w; name another, or delete it", ErrBranchExists)
		}
	}
	before := u.repo.base
	if u.repo.fetchBase(ctx, head) != nil {
		if err = u.repo.refresh(ctx); err != nil {
			return Result{}, false, err
		}
		head = u.repo.base
	}
	if at, ok := u.findSent(head, before); ok {
		return u.resultWith(at, false), true, nil
	}
	err = u.renewDraft(ctx, head)
	return Result{}, err != nil, err
}

// renewDraft builds the draft on head. A draft that is already on head keeps its commit, so that a repeated push
// can't add a second commit.
func (u *update) renewDraft(ctx context.Context, head plumbing.Hash) (err error) {
	if u.draft.base != head {
		if u.draft, err = u.repo.newDraft(ctx, u.change, u.draft); err != nil {
			return err
		}
	}
	if u.draft.isUnchanged() || !u.draft.commit.IsZero() {
		return nil
	}
	return u.repo.commitDraft(ctx, u.draft)
}

// findSent looks for a pushed commit of this update among the commits after before.
func (u *update) findSent(head, before plumbing.Hash) (plumbing.Hash, bool) {
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

// classify lists the remote to distinguish a lost race from a refusal. done is true if no further attempt makes
// sense.
func (u *update) classify(ctx context.Context, answer pushAnswer, cause error) (done bool, err error) {
	if answer.status == "" {
		cause = u.repo.remote.explain(cause)
		return isPermanent(cause), cause
	}
	cause = fmt.Errorf("%w: %s%s", ErrRefused, answer.status, quotedText(withoutPrefixes(answer.hookOutput)))
	if isTransientRefusal(answer.status) {
		return false, cause
	}
	refs, err := u.repo.remote.listForReading(ctx)
	if err != nil {
		return isPermanent(err), err
	}
	head, err := headOf(refs, u.repo.opts.Branch)
	if err != nil {
		return true, err
	}
	// If the branch didn't move, no other push is the cause.
	return head == u.repo.base, cause
}

// withoutPrefixes removes the "remote:" that Git puts before each line of a hook's output.
func withoutPrefixes(output string) string {
	var lines []string
	for line := range strings.Lines(output) {
		lines = append(lines, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "remote:")))
	}
	return strings.Join(lines, " ")
}

func (u *update) resultWith(commit plumbing.Hash, unchanged bool) Result {
	r := Result{Commit: commit.String(), Base: u.repo.base.String(), Branch: u.branch, Unchanged: unchanged}
	if u.draft != nil {
		r.Base = u.draft.base.String()
	}
	return r
}

func (u *update) exhausted(attempts int) error {
	if errors.Is(u.failed, ErrUnreachable) {
		return u.unknownOutcome(u.failed)
	}
	return fmt.Errorf("%w, %d times (%w); try again", ErrRace, attempts, u.failed)
}

func (u *update) interrupted(err error) error {
	if errors.Is(u.failed, ErrUnreachable) {
		return u.unknownOutcome(err)
	}
	return err
}

func (u *update) unknownOutcome(err error) error {
	return fmt.Errorf("%w: %w; look for commit %s in the branch before trying again",
		ErrUnknownOutcome, err, u.draft.commit)
}
