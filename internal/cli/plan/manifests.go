package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/preview"
)

// planBuilder builds environments before and after.
type planBuilder struct {
	clone    *gitrepo.Clone
	working  *gitrepo.Tree
	trees    map[string]*overlay.Repo // by commit; "" is the working tree
	problems []string
	broken   bool // one of the working tree can't be built
}

// compare adds the difference of the manifests. What can't be built is a problem.
func (b *planBuilder) compare(ctx context.Context, c *Change) error {
	before, err := b.manifests(ctx, c.Before)
	if errors.Is(err, gitrepo.ErrNoCommit) {
		b.problem("%s: git fetch --unshallow, or git fetch, so that what is there now can be compared", err)
	} else if err != nil {
		b.problem("build %s as it is now: %s", c.Environment, err)
	}
	after, afterErr := b.manifests(ctx, c.After)
	if afterErr != nil {
		b.broken = true
		b.problem("build %s: %s", c.Environment, afterErr)
	}
	if c.Unknown = err != nil || afterErr != nil; c.Unknown {
		return ctx.Err()
	}
	if c.Before != nil && c.After != nil {
		if err = leaveAlone(c.After.IgnoreDifferences, before, after); err != nil {
			return err
		}
	}
	c.Patch, err = gitrepo.Patch(ctx, before, after)
	return err
}

// problem says each once.
func (b *planBuilder) problem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(b.problems, text) {
		b.problems = append(b.problems, text)
	}
}

// manifests are what a row is built to, a file each; none for nil.
func (b *planBuilder) manifests(ctx context.Context, r *preview.Row) (map[string][]byte, error) {
	if r == nil {
		return nil, nil
	}
	repo, err := b.repo(ctx, r.Revision)
	if err != nil {
		return nil, err
	}
	manifests, err := repo.Build(*r)
	if err != nil {
		return nil, err
	}
	return documents(r.Name, string(manifests))
}

func (b *planBuilder) repo(ctx context.Context, commit string) (*overlay.Repo, error) {
	if strings.Trim(commit, "0") == "" {
		commit = ""
	}
	if known := b.trees[commit]; known != nil {
		return known, nil
	}
	tree := b.working
	if commit != "" {
		var err error
		if tree, err = b.clone.Commit(ctx, commit); err != nil {
			return nil, err
		}
	}
	b.trees[commit] = overlay.New(tree)
	return b.trees[commit], nil
}
