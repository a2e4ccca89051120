package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// Checkout is the working tree of somebody's clone. A change is applied to its newest commit, committed on the branch
// that is checked out, and then brought into the files and the index, for the touched paths alone: whatever else is
// staged or edited stays as it is. Nothing is pushed, and no hooks run.
//
// Git's own program does what has to do with the clone: index, sparse checkouts, linked working trees, filters and
// line ends are its business. The branch is moved only from the commit that was built on, as on a remote.
type Checkout struct {
	opts   Options
	folder string // the top
	repo   *Repository
}

// OpenCheckout finds the working tree around Options.Folder; URL and Branch are not used.
func OpenCheckout(ctx context.Context, o Options) (*Checkout, error) {
	o = o.defaults()
	c := &Checkout{opts: o}
	top, err := c.git(ctx, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, fmt.Errorf("%w; go to the working tree of a clone", withoutProgram(err))
	}
	c.folder = top
	c.opts.Folder = top
	o = c.opts
	if o.Branch, err = c.git(ctx, nil, "symbolic-ref", "--quiet", "--short", "HEAD"); err != nil {
		return nil, fmt.Errorf("%s: no branch is checked out; switch to one", top)
	}
	c.repo = newRepository(o, &transport.Endpoint{Protocol: "file", Path: top})
	return c, nil
}

func withoutProgram(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("git isn't installed, which a working tree needs")
	}
	return err
}

func (c *Checkout) git(ctx context.Context, stdin []byte, args ...string) (string, error) {
	out, err := run(ctx, c.opts, stdin, "git", args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

// Read returns the tree of the newest commit, without what isn't committed.
func (c *Checkout) Read(ctx context.Context) (*Tree, error) { return c.repo.Read(ctx) }

// DryRun applies the change to the newest commit and tells what would be committed.
func (c *Checkout) DryRun(ctx context.Context, change Change) (Result, error) {
	return c.repo.DryRun(ctx, change)
}

// Update applies the change to the newest commit and commits it.
func (c *Checkout) Update(ctx context.Context, change Change) (Result, error) {
	for attempt := 1; ; attempt++ {
		start := time.Now()
		if _, err := c.repo.Read(ctx); err != nil {
			return Result{}, err
		}
		d, err := c.repo.draft(ctx, change)
		if err != nil {
			return Result{}, err
		}
		result := Result{Commit: c.repo.base.String(), Base: d.base.String(), Branch: c.repo.opts.Branch, Attempts: attempt, Unchanged: d.unchanged()}
		if d.unchanged() {
			return result, nil
		}
		result.Commit = d.commit.String()
		files, err := c.files(d)
		if err == nil {
			err = c.checkClean(ctx, d.edits, files)
		}
		if err == nil {
			err = c.commit(ctx, d)
		}
		switch {
		case err == nil:
			c.repo.base = d.commit
			return result, c.restore(ctx, files)
		case !errors.Is(err, ErrRace) || attempt == c.opts.Retry.Attempts:
			return Result{}, err
		}
		if err := sleep(ctx, c.opts.Retry.wait(attempt, time.Since(start))); err != nil {
			return Result{}, err
		}
	}
}

// files are those that differ between the draft and what it was built on, sorted.
func (c *Checkout) files(d *draft) ([]string, error) {
	before, err := object.GetTree(c.repo.store, d.before)
	if err != nil {
		return nil, err
	}
	after, err := object.GetTree(c.repo.store, d.after)
	if err != nil {
		return nil, err
	}
	changes, err := object.DiffTree(before, after)
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

// checkClean refuses where something uncommitted is in the way: edited, staged, untracked, or ignored and overwritten.
func (c *Checkout) checkClean(ctx context.Context, e Edits, files []string) error {
	paths := append(e.paths(), files...)
	args := []string{"--literal-pathspecs", "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignored", "--"}
	out, err := c.git(ctx, nil, append(args, paths...)...)
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

// commit puts the draft's objects into the clone and moves the branch, unless it has moved.
func (c *Checkout) commit(ctx context.Context, d *draft) error {
	var pack bytes.Buffer
	if _, err := packfile.NewEncoder(&pack, c.repo.store, false).Encode(d.objects, 0); err != nil {
		return err
	}
	if _, err := c.git(ctx, pack.Bytes(), "unpack-objects", "-q"); err != nil {
		return err
	}
	ref := plumbing.NewBranchReferenceName(c.repo.opts.Branch).String()
	_, err := c.git(ctx, nil, "update-ref", "-m", "commit: "+d.edits.Message.Subject, ref, d.commit.String(), d.base.String())
	if err == nil {
		return nil
	}
	if head, headErr := c.git(ctx, nil, "rev-parse", "--verify", "--quiet", ref); headErr == nil && head != d.base.String() {
		return fmt.Errorf("%w: %w", ErrRace, err)
	}
	return err
}

// restore brings the committed files into the working tree and the index.
func (c *Checkout) restore(ctx context.Context, files []string) error {
	list := []byte(strings.Join(files, "\x00"))
	_, err := c.git(ctx, list, "--literal-pathspecs", "restore", "--source=HEAD", "--staged", "--worktree", "--quiet",
		"--pathspec-from-file=-", "--pathspec-file-nul")
	if err != nil {
		return fmt.Errorf("the change is committed, but not in the working tree yet; run git restore --staged --worktree -- %s: %w",
			strings.Join(files, " "), err)
	}
	return nil
}
