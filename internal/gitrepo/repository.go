package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/memory"
)

// Repository is one branch of a remote repository. It keeps the objects that it has read, so that the next Read or
// Update fetches only newer ones. It isn't safe for concurrent use.
type Repository struct {
	opts   Options
	remote *remote
	store  *memory.Storage
	base   plumbing.Hash // the newest commit in store
	// tooLarge is the error for tooLargeHead, which isn't fetched again.
	tooLarge     error
	tooLargeHead plumbing.Hash
	// settings are read once, before the first commit. Another read after a lost race would take time.
	settings *settings
}

// NewRepository checks the options. It doesn't contact the remote.
func NewRepository(o Options) (*Repository, error) {
	o = o.withDefaults()
	endpoint, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if err := plumbing.NewBranchReferenceName(o.Branch).Validate(); err != nil {
		return nil, fmt.Errorf("branch %q: %w", o.Branch, err)
	}
	return repositoryAt(o, endpoint), nil
}

func repositoryAt(o Options, endpoint *transport.Endpoint) *Repository {
	return &Repository{
		opts: o, store: memory.NewStorage(),
		remote: &remote{endpoint: endpoint, timeout: o.Timeout, credentials: &credentials{opts: o, endpoint: endpoint}},
	}
}

// IsSSH reports whether the remote is read over SSH.
func (r *Repository) IsSSH() bool { return r.remote.endpoint.Protocol == "ssh" }

// Read returns the newest tree of the branch.
func (r *Repository) Read(ctx context.Context) (*Tree, error) {
	if err := r.refresh(ctx); err != nil {
		return nil, r.readError(err)
	}
	return newTree(r.store, r.base)
}

func (r *Repository) readError(err error) error {
	return fmt.Errorf("read branch %s of %s: %w", r.opts.Branch, r.remote.endpoint, err)
}

// refresh fetches the branch's head and makes it the base.
func (r *Repository) refresh(ctx context.Context) error {
	return r.withHead(ctx, func(head plumbing.Hash) error { return r.fetchBase(ctx, head) })
}

// withHead lists the remote and calls fetch with the branch's head. If fetch fails and the head has moved meanwhile,
// it tries again: a server needn't send a commit that isn't a head anymore.
func (r *Repository) withHead(ctx context.Context, fetch func(head plumbing.Hash) error) error {
	var failed error
	var last plumbing.Hash
	for range r.opts.Retry.Attempts {
		refs, err := r.remote.listForReading(ctx)
		if err != nil {
			return err
		}
		head, err := headOf(refs, r.opts.Branch)
		switch {
		case err != nil:
			return err
		case failed != nil && head == last:
			return failed
		}
		if failed = fetch(head); failed == nil {
			return nil
		}
		last = head
	}
	return failed
}

// fetchBase makes head the base and fetches the objects that the store lacks. It fetches all commits since the old
// base, because they show whether an earlier push without an answer has arrived.
func (r *Repository) fetchBase(ctx context.Context, head plumbing.Hash) error {
	if head == r.base {
		return nil
	}
	request := fetchRequest{want: head, have: r.base}
	if r.base.IsZero() {
		request.depth = 1
	}
	if err := r.remote.fetchInto(ctx, r.store, request); err != nil {
		return err
	}
	r.base = head
	return nil
}

// DryRun applies the change to the newest tree and returns the patch. It needs no permission to push.
func (r *Repository) DryRun(ctx context.Context, change Change) (Result, error) {
	if _, err := r.Read(ctx); err != nil {
		return Result{}, err
	}
	d, err := r.newDraft(ctx, change, nil)
	if err != nil {
		return Result{}, err
	}
	patch, err := patchOf(ctx, r.store, d.before, d.after)
	base := r.base.String()
	return Result{Commit: base, Base: base, Branch: r.opts.Branch, Unchanged: d.isUnchanged(), Patch: patch}, err
}

// Update applies the change to the newest tree of the branch, commits and pushes it.
func (r *Repository) Update(ctx context.Context, change Change) (Result, error) {
	return r.updateBranch(ctx, r.opts.Branch, change)
}

// Propose applies the change to the newest tree of the branch and pushes it as a new branch, for review.
func (r *Repository) Propose(ctx context.Context, branch string, change Change) (Result, error) {
	if err := plumbing.NewBranchReferenceName(branch).Validate(); err != nil {
		return Result{}, fmt.Errorf("branch %q: %w", branch, err)
	}
	if branch == r.opts.Branch {
		return Result{}, fmt.Errorf("branch %s is the base of the proposal; name a new branch", branch)
	}
	result, err := r.updateBranch(ctx, branch, change)
	if err == nil && !result.Unchanged {
		result.ReviewURL = reviewPage(r.remote.endpoint, r.opts.Branch, branch)
	}
	return result, err
}

func (r *Repository) updateBranch(ctx context.Context, branch string, change Change) (Result, error) {
	u := &update{repo: r, branch: branch, change: change, sent: map[plumbing.Hash]bool{}}
	result, err := u.attemptAll(ctx)
	if err != nil && !errors.As(err, new(*changeError)) {
		err = fmt.Errorf("push to branch %s of %s: %w", branch, r.remote.endpoint, err)
	}
	return result, err
}

func headOf(refs map[string]plumbing.Hash, branch string) (plumbing.Hash, error) {
	if head, ok := refs[plumbing.NewBranchReferenceName(branch).String()]; ok {
		return head, nil
	}
	if len(refs) == 0 {
		return plumbing.ZeroHash, fmt.Errorf("%w; push a first commit to it", ErrEmpty)
	}
	return plumbing.ZeroHash, fmt.Errorf("%w; push it, or name another%s", ErrNoBranch, otherBranches(refs))
}

// otherBranches returns a text with the branches of the remote if they are few.
func otherBranches(refs map[string]plumbing.Hash) string {
	var names []string
	for ref := range refs {
		if name := plumbing.ReferenceName(ref); name.IsBranch() {
			names = append(names, name.Short())
		}
	}
	if len(names) == 0 || len(names) > 5 {
		return ""
	}
	slices.Sort(names)
	return fmt.Sprintf(": there is %q", names)
}
