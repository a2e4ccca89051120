// Package gitrepo reads and changes one branch of a Git repository: shallow, in memory, commit by commit. A change is
// a function of the newest tree and is applied again to it after a lost push, so nobody's commit is merged, forced or
// lost. It knows Git and nothing of what the files mean.
//
// It speaks Git's protocol through go-git's transports and builds trees and packs itself, because go-git's Fetch and
// Push are made for whole clones: they list the remote once more each, walk the full tree on every push, and a fetch
// after a fetch of depth 1 asks for far more than what is new. The user's own programs are run where they know more
// than any library: git for its configuration, credential helpers and working trees, gpg and ssh-keygen for keys in
// agents and hardware. None of them is needed for a plain push with a token.
package gitrepo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/memory"
)

// Options say where a branch is, how to get at it, and who changes it. Only URL is needed.
type Options struct {
	// URL is https://, http://, ssh://, git@host:path or file://; without password, and without user except over SSH.
	URL    string
	Branch string // default main
	// Token is asked when a server wants to know who we are over HTTP; nil or "" asks Git's credential helpers.
	Token func() (string, error)
	// SSHKeyFile replaces the keys of the SSH agent and of ~/.ssh; KnownHostsFile replaces OpenSSH's files.
	SSHKeyFile, KnownHostsFile string
	// Author replaces the one that Git's environment and configuration name.
	Author Person
	// Signing of commits; by default as Git is configured.
	Signing Signing
	// SigningKey replaces user.signingKey.
	SigningKey string
	// Folder is where Git's configuration is looked up; default the current one.
	Folder string
	// Environ is the environment of the programs that are run and where GIT_AUTHOR_NAME, SSH_AUTH_SOCK and the like
	// are looked up; nil is the process's.
	Environ []string
	// Retry bounds what is done about lost races.
	Retry Retry
	// Timeout of one conversation with the remote; default one minute.
	Timeout time.Duration
}

// Person is an author or committer.
type Person struct{ Name, Email string }

func (o Options) defaults() Options {
	o.Branch = cmp.Or(o.Branch, "main")
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	o.Retry = o.Retry.defaults()
	return o
}

// Change is what somebody wants: a pure function from the newest tree to edits. It is called again, on a newer tree,
// after every lost race in which something changed that it has looked at; an error of it ends the update as it is.
type Change func(ctx context.Context, tree *Tree) (Edits, error)

// Result tells what an update did.
type Result struct {
	// Commit is the one that was made, or the newest one where the change changed nothing.
	Commit string
	// Base is the commit that it was built on.
	Base string
	// Branch is where it is now.
	Branch string
	// Unchanged: there was nothing to commit.
	Unchanged bool
	// Attempts is how many pushes it took.
	Attempts int
	// Patch is the difference in Git's format; of a dry run only.
	Patch string
	// Review is where a proposal can be opened as a pull request, where that is known.
	Review string
	// Said is what the server's hooks printed. It is anybody's text.
	Said string
}

// Repository is one branch of a remote repository. It keeps what it has read, so that the next read or update fetches
// only what is new. It isn't safe for concurrent use.
type Repository struct {
	opts   Options
	remote *remote
	store  *memory.Storage
	base   plumbing.Hash // the newest commit that store holds
	// settings are read with the first commit, once: a lost race must not read them again.
	settings *settings
}

// New checks the options. It reads nothing yet.
func New(o Options) (*Repository, error) {
	o = o.defaults()
	endpoint, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if err := plumbing.NewBranchReferenceName(o.Branch).Validate(); err != nil {
		return nil, fmt.Errorf("branch %q: %w", o.Branch, err)
	}
	return newRepository(o, endpoint), nil
}

func newRepository(o Options, endpoint *transport.Endpoint) *Repository {
	return &Repository{
		opts: o, store: memory.NewStorage(),
		remote: &remote{endpoint: endpoint, timeout: o.Timeout, credentials: newCredentials(o, endpoint)},
	}
}

// Read returns the newest tree of the branch.
func (r *Repository) Read(ctx context.Context) (*Tree, error) {
	if err := r.refresh(ctx); err != nil {
		return nil, fmt.Errorf("read branch %s of %s: %w", r.opts.Branch, r.remote.endpoint, err)
	}
	return newTree(r.store, r.base)
}

// refresh brings the base up to date. Between the list and the fetch somebody may push, and then the server doesn't have to
// send any more what was the branch's head: whether that was it, the next list shows.
func (r *Repository) refresh(ctx context.Context) error {
	var failed error
	var last plumbing.Hash
	for range r.opts.Retry.Attempts {
		refs, err := r.remote.readable(ctx)
		if err != nil {
			return err
		}
		head, err := branchHead(refs, r.opts.Branch)
		switch {
		case err != nil:
			return err
		case failed != nil && head == last:
			return failed
		}
		if failed = r.fetch(ctx, head); failed == nil {
			return nil
		}
		last = head
	}
	return failed
}

// fetch makes head the base, asking for what isn't there yet.
func (r *Repository) fetch(ctx context.Context, head plumbing.Hash) error {
	if head == r.base {
		return nil
	}
	if err := r.remote.fetch(ctx, r.store, head, r.base); err != nil {
		return err
	}
	r.base = head
	return nil
}

// DryRun applies the change to the newest tree and tells what would be committed. It needs no permission to push.
func (r *Repository) DryRun(ctx context.Context, change Change) (Result, error) {
	if _, err := r.Read(ctx); err != nil {
		return Result{}, err
	}
	d, err := r.apply(ctx, change, nil)
	if err != nil {
		return Result{}, err
	}
	patch, err := r.patch(ctx, d)
	return Result{Commit: r.base.String(), Base: r.base.String(), Branch: r.opts.Branch, Unchanged: d.unchanged(), Patch: patch}, err
}

// Update applies the change to the newest tree of the branch, commits and pushes it.
func (r *Repository) Update(ctx context.Context, change Change) (Result, error) {
	return r.update(ctx, r.opts.Branch, change)
}

// Propose applies the change to the newest tree of the branch and pushes it as a new branch, for review.
func (r *Repository) Propose(ctx context.Context, branch string, change Change) (Result, error) {
	if err := plumbing.NewBranchReferenceName(branch).Validate(); err != nil {
		return Result{}, fmt.Errorf("branch %q: %w", branch, err)
	}
	if branch == r.opts.Branch {
		return Result{}, fmt.Errorf("branch %s is the one that the proposal is for; name a new one", branch)
	}
	result, err := r.update(ctx, branch, change)
	if err == nil && !result.Unchanged {
		result.Review = reviewURL(r.remote.endpoint, r.opts.Branch, branch)
	}
	return result, err
}

func (r *Repository) update(ctx context.Context, branch string, change Change) (Result, error) {
	u := &update{repo: r, branch: branch, change: change, sent: map[plumbing.Hash]bool{}}
	result, err := u.run(ctx)
	if err != nil && !errors.As(err, new(*changeError)) {
		err = fmt.Errorf("push to branch %s of %s: %w", branch, r.remote.endpoint, err)
	}
	return result, err
}

func branchHead(refs map[string]plumbing.Hash, branch string) (plumbing.Hash, error) {
	if head, ok := refs[plumbing.NewBranchReferenceName(branch).String()]; ok {
		return head, nil
	}
	if len(refs) == 0 {
		return plumbing.ZeroHash, fmt.Errorf("%w; push what previewctl init wrote", ErrEmpty)
	}
	return plumbing.ZeroHash, fmt.Errorf("%w; push it, or name another%s", ErrNoBranch, nearby(refs))
}

// nearby names the branches that there are, as long as they are few.
func nearby(refs map[string]plumbing.Hash) string {
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
