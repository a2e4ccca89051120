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

// ErrNoCommit says that the clone doesn't have that commit.
var ErrNoCommit = errors.New("there is no such commit in this clone")

// Clone is somebody's clone, to read: its commits, and its working tree as it would be committed. Nothing of it changes.
type Clone struct {
	opts   Options
	folder string
}

// OpenClone finds the clone around Options.Folder; URL and Branch are not used.
func OpenClone(ctx context.Context, o Options) (*Clone, error) {
	c := &Clone{opts: o.defaults()}
	prefix, err := c.git(ctx, nil, "rev-parse", "--show-prefix")
	if err != nil {
		return nil, fmt.Errorf("%w; go to a clone of the repository", withoutProgram(err))
	}
	c.folder = strings.TrimSuffix(prefix, "/")
	if c.folder == "" {
		c.folder = "."
	}
	return c, nil
}

// Folder is Options.Folder as seen from the top of the clone, "." for the top.
func (c *Clone) Folder() string { return c.folder }

func (c *Clone) git(ctx context.Context, environ []string, args ...string) (string, error) {
	o := c.opts
	o.Environ = append(slices.Clip(o.Environ), environ...)
	out, err := run(ctx, o, nil, "git", args...)
	return strings.TrimSuffix(string(out), "\n"), err
}

// Commit is what a commit of the clone holds: a SHA, or a name like HEAD.
func (c *Clone) Commit(ctx context.Context, name string) (*Tree, error) {
	sha, err := c.git(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("commit %s: %w", name, ErrNoCommit)
	}
	tree, err := c.git(ctx, nil, "rev-parse", "--verify", sha+"^{tree}")
	if err != nil {
		return nil, err
	}
	return c.tree(ctx, nil, sha, tree)
}

// WorkingTree is what a commit of everything in the working tree would hold, new files included and ignored ones left out.
// Its Commit is empty. Index and objects are made in a folder of their own, so that the clone stays as it is.
func (c *Clone) WorkingTree(ctx context.Context) (*Tree, error) {
	dir, err := os.MkdirTemp("", "previewctl-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	environ, err := c.scratch(ctx, dir)
	if err != nil {
		return nil, err
	}
	if _, err = c.git(ctx, environ, "add", "--all", "--", ":/"); err != nil {
		return nil, err
	}
	tree, err := c.git(ctx, environ, "write-tree")
	if err != nil {
		return nil, err
	}
	return c.tree(ctx, environ, "", tree)
}

// scratch makes Git use a copy of the index, and write objects elsewhere.
func (c *Clone) scratch(ctx context.Context, dir string) (environ []string, err error) {
	paths := map[string]string{"index": "", "objects": ""}
	for name := range paths {
		if paths[name], err = c.git(ctx, nil, "rev-parse", "--path-format=absolute", "--git-path", name); err != nil {
			return nil, err
		}
	}
	index := filepath.Join(dir, "index")
	content, err := os.ReadFile(paths["index"])
	if err == nil {
		err = os.WriteFile(index, content, 0o600) //nolint:gosec // G703: in a folder that we have just made
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil // nothing was ever added
	}
	if err != nil {
		return nil, fmt.Errorf("copy Git's index: %w", err)
	}
	objects := filepath.Join(dir, "objects")
	return []string{"GIT_INDEX_FILE=" + index, "GIT_OBJECT_DIRECTORY=" + objects, "GIT_ALTERNATE_OBJECT_DIRECTORIES=" + paths["objects"]},
		os.Mkdir(objects, 0o700)
}

// tree takes a tree and all that is in it out of the clone.
func (c *Clone) tree(ctx context.Context, environ []string, commit, tree string) (*Tree, error) {
	objects, err := c.git(ctx, environ, "rev-list", "--objects", "--no-object-names", tree)
	if err != nil {
		return nil, err
	}
	o := c.opts
	o.Environ = append(slices.Clip(o.Environ), environ...)
	pack, err := run(ctx, o, []byte(objects+"\n"), "git", "pack-objects", "--stdout", "--quiet")
	if err != nil {
		return nil, err
	}
	store := memory.NewStorage()
	if err = packfile.UpdateObjectStorage(store, bytes.NewReader(pack)); err != nil {
		return nil, fmt.Errorf("read what git packed: %w", err)
	}
	root, err := object.GetTree(store, plumbing.NewHash(tree))
	if err != nil {
		return nil, err
	}
	return &Tree{Commit: commit, store: store, root: root}, nil
}

// Hash is Git's hash of a file or folder.
func (t *Tree) Hash(name string) (string, error) {
	e, err := t.look("hash", name, wholly)
	if err != nil {
		return "", err
	}
	return e.hash.String(), nil
}

// Patch is the difference between two sets of files in Git's format.
func Patch(ctx context.Context, before, after map[string][]byte) (string, error) {
	store := memory.NewStorage()
	var roots [2]plumbing.Hash
	for i, files := range []map[string][]byte{before, after} {
		b := &builder{store: store}
		var err error
		if roots[i], err = b.build(plumbing.ZeroHash, Edits{Write: maps.Clone(files)}); err != nil {
			return "", err
		}
	}
	return (&Repository{store: store}).patch(ctx, &draft{before: roots[0], after: roots[1]})
}
