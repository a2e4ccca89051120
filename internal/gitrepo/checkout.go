package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// Checkout is the working tree of a local clone. A change is applied to its newest commit, committed on the current
// branch, and then written to the files and the index, for the touched paths only. Other staged or edited files stay
// as they are. Nothing is pushed, and no hooks run.
//
// The git program does all work in the clone, because it supports the index, sparse checkouts, linked working trees,
// filters and line ends. The branch moves only if it is still at the commit that the change was applied to.
type Checkout struct {
	opts Options // with the top of the working tree as Folder
	repo *Repository
}

// OpenCheckout finds the working tree around Options.Folder; URL and Branch are not used.
func OpenCheckout(ctx context.Context, o Options) (*Checkout, error) {
	c := &Checkout{opts: o.withDefaults()}
	top, err := c.runGit(ctx, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, fmt.Errorf("%w; go to the working tree of a clone", workingTreeError(o.Folder, err))
	}
	c.opts.Folder = top
	if c.opts.Branch, err = c.runGit(ctx, nil, "symbolic-ref", "--quiet", "--short", "HEAD"); err != nil {
		return nil, fmt.Errorf("%s: no branch is checked out; switch to one", top)
	}
	c.repo = repositoryAt(c.opts, &transport.Endpoint{Protocol: "file", Path: top})
	return c, nil
}

func (c *Checkout) runGit(ctx context.Context, stdin []byte, args ...string) (string, error) {
	out, err := runProgram(ctx, c.opts.Folder, c.opts.Environ, stdin, "git", args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

// Read returns the tree of the newest commit, without uncommitted changes.
func (c *Checkout) Read(ctx context.Context) (*Tree, error) { return c.repo.Read(ctx) }

// DryRun applies the change to the newest commit and returns the patch.
func (c *Checkout) DryRun(ctx context.Context, change Change) (Result, error) {
	return c.repo.DryRun(ctx, change)
}

// Update applies the change to the newest commit and commits it.
func (c *Checkout) Update(ctx context.Context, change Change) (Result, error) {
	for attempt := 1; ; attempt++ {
		start := time.Now()
		d, err := c.draftOnHead(ctx, change)
		if err != nil {
			return Result{}, err
		}
		if d.isUnchanged() {
			return c.resultOf(d, d.base, attempt), nil
		}
		files, err := c.commitInClone(ctx, d)
		switch {
		case err == nil:
			c.repo.base = d.commit
			return c.resultOf(d, d.commit, attempt), c.restoreFiles(ctx, files)
		case !errors.Is(err, ErrRace) || attempt == c.opts.Retry.Attempts:
			return Result{}, err
		}
		if err := sleepFor(ctx, c.opts.Retry.delay(attempt, time.Since(start))); err != nil {
			return Result{}, err
		}
	}
}

func (c *Checkout) resultOf(d *draft, commit plumbing.Hash, attempt int) Result {
	return Result{
		Commit: commit.String(), Base: d.base.String(), Branch: c.opts.Branch, Attempts: attempt, Unchanged: d.isUnchanged(),
	}
}

func (c *Checkout) draftOnHead(ctx context.Context, change Change) (*draft, error) {
	if _, err := c.repo.Read(ctx); err != nil {
		return nil, err
	}
	d, err := c.repo.newDraft(ctx, change, nil)
	if err != nil || d.isUnchanged() {
		return d, err
	}
	return d, c.repo.commitDraft(ctx, d)
}

// commitInClone moves the branch to the draft's commit and returns the changed files, unless one has uncommitted
// changes.
func (c *Checkout) commitInClone(ctx context.Context, d *draft) ([]string, error) {
	files, err := c.changedFiles(ctx, d)
	if err != nil {
		return nil, err
	}
	if err := c.checkCommitted(ctx, d.edits, files); err != nil {
		return nil, err
	}
	return files, c.moveBranch(ctx, d)
}

// changedFiles returns the files that differ between the draft and its base, sorted.
func (c *Checkout) changedFiles(ctx context.Context, d *draft) ([]string, error) {
	changes, err := treeDifference(ctx, c.repo.store, d.before, d.after)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, change := range changes {
		for _, name := range []string{change.From.Name, change.To.Name} {
			if name != "" {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// checkCommitted returns an error if a touched path is edited, staged, untracked, or ignored and would be
// overwritten.
func (c *Checkout) checkCommitted(ctx context.Context, e Edits, files []string) error {
	paths := append(e.touchedPaths(), files...)
	args := []string{
		"--literal-pathspecs", "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignored", "--",
	}
	out, err := c.runGit(ctx, nil, append(args, paths...)...)
	if err != nil {
		return err
	}
	var dirty []string
	for line := range strings.SplitSeq(out, "\x00") {
		if len(line) < 4 {
			continue
		}
		state, name := line[:2], line[3:]
		_, written := e.Write[name]
		if state != "!!" || written {
			dirty = append(dirty, fmt.Sprintf("%q", name))
		}
	}
	if len(dirty) == 0 {
		return nil
	}
	return fmt.Errorf("%w to %s; commit or remove them first", ErrUncommitted, strings.Join(dirty, ", "))
}

// moveBranch writes the draft's objects to the clone and moves the branch to its commit, unless the branch has moved.
func (c *Checkout) moveBranch(ctx context.Context, d *draft) error {
	var pack bytes.Buffer
	if _, err := packfile.NewEncoder(&pack, c.repo.store, false).Encode(d.objects, 0); err != nil {
		return err
	}
	if _, err := c.runGit(ctx, pack.Bytes(), "unpack-objects", "-q"); err != nil {
		return err
	}
	ref := plumbing.NewBranchReferenceName(c.opts.Branch).String()
	reason := "commit: " + d.edits.Message.Subject
	_, err := c.runGit(ctx, nil, "update-ref", "-m", reason, ref, d.commit.String(), d.base.String())
	if err == nil {
		return nil
	}
	head, headErr := c.runGit(ctx, nil, "rev-parse", "--verify", "--quiet", ref)
	if headErr == nil && head != d.base.String() {
		return fmt.Errorf("%w: %w", ErrRace, err)
	}
	return err
}

// restoreFiles writes the committed files to the working tree and the index.
func (c *Checkout) restoreFiles(ctx context.Context, files []string) error {
	list := []byte(strings.Join(files, "\x00"))
	_, err := c.runGit(ctx, list, "--literal-pathspecs", "restore", "--source=HEAD", "--staged", "--worktree", "--quiet",
		"--pathspec-from-file=-", "--pathspec-file-nul")
	if err != nil {
		return fmt.Errorf("the change is committed, but not in the working tree yet; "+
			"run git restore --staged --worktree -- %s: %w", strings.Join(files, " "), err)
	}
	return nil
}
