// Package configrepo reads and changes the GitOps repository for the commands: its flags, one commit for each command, and
// the report about it. It knows no file format; packages envfile and slotfile do.
package configrepo

import (
	"context"
	"io/fs"

	"github.com/previewset/previewset/internal/gitrepo"
)

// branch is the config branch, on a remote or in a working tree.
type branch interface {
	Read(ctx context.Context) (*gitrepo.Tree, error)
	DryRun(ctx context.Context, change gitrepo.Change) (gitrepo.Result, error)
	Update(ctx context.Context, change gitrepo.Change) (gitrepo.Result, error)
}

// Repository is the GitOps repository that a command works on.
type Repository struct {
	branch
	remote *gitrepo.Repository // nil with --local
	folder string              // that holds previewset.yaml, "." for the top
}

// sub is the part of a tree that previewctl works on.
func (r *Repository) sub(tree fs.FS) (fs.FS, error) {
	if r.folder == "." {
		return tree, nil
	}
	return fs.Sub(tree, r.folder)
}

// ReadFiles returns the newest state of the repository.
func (r *Repository) ReadFiles(ctx context.Context) (fs.FS, error) {
	tree, err := r.Read(ctx)
	if err != nil {
		return nil, err
	}
	return r.sub(tree)
}
