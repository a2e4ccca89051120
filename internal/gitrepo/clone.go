package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// Clone reads a local clone: its commits, and its working tree as git would commit it. It changes nothing in the
// clone.
type Clone struct {
	opts   Options
	folder string
}

// OpenClone finds the clone around Options.Folder; URL and Branch are not used.
func OpenClone(ctx context.Context, o Options) (*Clone, error) {
	c := &Clone{opts: o.withDefaults()}
	prefix, err := c.gitOutput(ctx, nil, "rev-parse", "--show-prefix")
	if err != nil {
		return nil, fmt.Errorf("%w; go to a clone of the repository", workingTreeError(o.Folder, err))
	}
	c.folder = strings.TrimSuffix(prefix, "/")
	if c.folder == "" {
		c.folder = "."
	}
	return c, nil
}

// Folder returns Options.Folder relative to the top of the clone; "." is the top.
func (c *Clone) Folder() string { return c.folder }

// gitOutput returns the output of git, run with additional variables.
func (c *Clone) gitOutput(ctx context.Context, variables []string, args ...string) (string, error) {
	out, err := runProgram(ctx, c.opts.Folder, append(slices.Clip(c.opts.Environ), variables...), nil, "git", args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

// Commit returns the content of a commit; name is a SHA or a name such as HEAD.
func (c *Clone) Commit(ctx context.Context, name string) (*Tree, error) {
	sha, err := c.gitOutput(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("commit %s: %w", name, ErrNoCommit)
	}
	root, err := c.gitOutput(ctx, nil, "rev-parse", "--verify", sha+"^{tree}")
	if err != nil {
		return nil, err
	}
	return c.loadTree(ctx, nil, sha, root)
}

// WorkingTreeOn returns the content of the working tree, as a commit of all its files would have it: with new files and
// without ignored ones. If the clone is behind the named commit, the changes of the commit are added, as a pull would.
// The tree's Commit is empty. Index and objects are written to a temporary folder, so the clone doesn't change.
func (c *Clone) WorkingTreeOn(ctx context.Context, commit string) (*Tree, error) {
	dir, err := os.MkdirTemp("", "previewctl-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	variables, err := c.redirectWrites(ctx, dir)
	if err != nil {
		return nil, err
	}
	if _, err = c.gitOutput(ctx, variables, "add", "--all", "--", ":/"); err != nil {
		return nil, err
	}
	root, err := c.gitOutput(ctx, variables, "write-tree")
	if err == nil {
		root, err = c.mergeTree(ctx, variables, root, commit)
	}
	if err != nil {
		return nil, err
	}
	return c.loadTree(ctx, variables, "", root)
}

// mergeTree returns the tree of root with the changes that a commit has and HEAD lacks. An empty commit has none.
func (c *Clone) mergeTree(ctx context.Context, variables []string, root, commit string) (string, error) {
	if commit == "" {
		return root, nil
	}
	if _, err := c.gitOutput(ctx, nil, "cat-file", "-e", commit+"^{commit}"); err != nil {
		isShallow, err := c.gitOutput(ctx, nil, "rev-parse", "--is-shallow-repository")
		if err != nil || isShallow == "true" { // the commit may be an old one
			return root, err
		}
		return "", fmt.Errorf("this clone lacks commit %.10s of the config branch: run git fetch", commit)
	}
	base, err := c.gitOutput(ctx, nil, "merge-base", "HEAD", commit)
	if err != nil || strings.HasPrefix(base, commit) { // no common commit, or the clone has it
		return root, nil //nolint:nilerr // without a common commit, the working tree replaces everything
	}
	for _, args := range [][]string{
		{"read-tree", "--empty"},
		{"read-tree", "-i", "-m", "--aggressive", base, commit, root},
	} {
		if _, err = c.gitOutput(ctx, variables, args...); err != nil {
			return "", err
		}
	}
	merged, err := c.gitOutput(ctx, variables, "write-tree")
	if err != nil {
		return "", fmt.Errorf("the working tree and commit %.10s of the config branch change the same files: "+
			"run git pull --rebase", commit)
	}
	return merged, nil
}

// redirectWrites returns variables that make git use a copy of the index in dir, and write new objects to dir.
func (c *Clone) redirectWrites(ctx context.Context, dir string) (variables []string, err error) {
	paths := map[string]string{"index": "", "objects": ""}
	for name := range paths {
		if paths[name], err = c.gitOutput(ctx, nil, "rev-parse", "--path-format=absolute", "--git-path", name); err != nil {
			return nil, err
		}
	}
	index := filepath.Join(dir, "index")
	content, err := os.ReadFile(paths["index"])
	if err == nil {
		err = os.WriteFile(index, content, 0o600) //nolint:gosec // G703: in a folder that was just created
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil // an empty index
	}
	if err != nil {
		return nil, fmt.Errorf("copy Git's index: %w", err)
	}
	objects := filepath.Join(dir, "objects")
	return []string{
		"GIT_INDEX_FILE=" + index,
		"GIT_OBJECT_DIRECTORY=" + objects,
		"GIT_ALTERNATE_OBJECT_DIRECTORIES=" + paths["objects"],
	}, os.Mkdir(objects, 0o700)
}

// loadTree copies a tree with everything below it into memory.
func (c *Clone) loadTree(ctx context.Context, variables []string, commit, root string) (*Tree, error) {
	objects, err := c.gitOutput(ctx, variables, "rev-list", "--objects", "--no-object-names", root)
	if err != nil {
		return nil, err
	}
	environ := append(slices.Clip(c.opts.Environ), variables...)
	stdin := []byte(objects + "\n")
	pack, err := runProgram(ctx, c.opts.Folder, environ, stdin, "git", "pack-objects", "--stdout", "--quiet")
	if err != nil {
		return nil, err
	}
	store := memory.NewStorage()
	if err = packfile.UpdateObjectStorage(store, bytes.NewReader(pack)); err != nil {
		return nil, fmt.Errorf("read the objects that git packed: %w", err)
	}
	tree, err := object.GetTree(store, plumbing.NewHash(root))
	if err != nil {
		return nil, err
	}
	return &Tree{Commit: commit, store: store, root: tree}, nil
}

// Patch returns the difference between two sets of files in Git's format.
func Patch(ctx context.Context, before, after map[string][]byte) (string, error) {
	store := memory.NewStorage()
	var roots [2]plumbing.Hash
	for i, files := range []map[string][]byte{before, after} {
		b := &treeBuilder{store: store}
		var err error
		if roots[i], err = b.apply(plumbing.ZeroHash, Edits{Write: maps.Clone(files)}); err != nil {
			return "", err
		}
	}
	return patchOf(ctx, store, roots[0], roots[1])
}
