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

// builder builds environments from several commits.
type builder struct {
	clone    *gitrepo.Clone
	working  *gitrepo.Tree
	repos    map[string]*overlay.Repo // by commit; "" is the working tree
	problems []string
	failed   bool // an environment of the working tree can't be built
}

func newBuilder(clone *gitrepo.Clone, working *gitrepo.Tree) *builder {
	return &builder{clone: clone, working: working, repos: map[string]*overlay.Repo{}}
}

// addPatch adds the diff of the manifests to a change. A failed build is a problem, not an error.
func (b *builder) addPatch(ctx context.Context, c *Change) error {
	before, err := b.manifests(ctx, c.Before)
	if errors.Is(err, gitrepo.ErrNoCommit) {
		b.addProblem("%s: run git fetch --unshallow, or git fetch, to compare with the current manifests", err)
	} else if err != nil {
		b.addProblem("build the current %s: %s", c.Environment, err)
	}
	after, afterErr := b.manifests(ctx, c.After)
	if afterErr != nil {
		b.failed = true
		b.addProblem("build %s: %s", c.Environment, afterErr)
	}
	if c.Unknown = err != nil || afterErr != nil; c.Unknown {
		return ctx.Err()
	}
	if c.Before != nil && c.After != nil {
		if err = copyIgnored(c.After.IgnoreDifferences, before, after); err != nil {
			return err
		}
	}
	if c.Copies, err = newCopies(before, after); err != nil {
		return err
	}
	c.Patch, err = gitrepo.Patch(ctx, before, after)
	return err
}

func (b *builder) addProblem(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(b.problems, text) {
		b.problems = append(b.problems, text)
	}
}

// manifests builds a row and returns a file for each object. A nil row has none.
func (b *builder) manifests(ctx context.Context, r *preview.Row) (map[string][]byte, error) {
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

// repo returns the files of a commit. The revision of a working tree has only zeros.
func (b *builder) repo(ctx context.Context, commit string) (*overlay.Repo, error) {
	if strings.Trim(commit, "0") == "" {
		commit = ""
	}
	if known := b.repos[commit]; known != nil {
		return known, nil
	}
	tree := b.working
	if commit != "" {
		var err error
		if tree, err = b.clone.Commit(ctx, commit); err != nil {
			return nil, err
		}
	}
	b.repos[commit] = overlay.New(tree)
	return b.repos[commit], nil
}
