// Package configrepo reads and changes the GitOps repository: its flags, one commit for each command, and the report
// about it. It knows no file format; packages envfile and slotfile do.
package configrepo

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/previewset/previewset/internal/gitrepo"
)

// branch is the config branch, on a remote or in a working tree.
type branch interface {
	Read(ctx context.Context) (*gitrepo.Tree, error)
	DryRun(ctx context.Context, change gitrepo.Change) (gitrepo.Result, error)
	Update(ctx context.Context, change gitrepo.Change) (gitrepo.Result, error)
}

// Repository is the GitOps repository.
type Repository struct {
	branch
	remote *gitrepo.Repository // nil with --local
	folder string              // the folder with previewset.yaml, "." for the top
}

// files returns the files below the repository's folder.
func (r *Repository) files(tree fs.FS) (fs.FS, error) {
	if r.folder == "." {
		return tree, nil
	}
	return fs.Sub(tree, r.folder)
}

// ReadFiles returns the files of the newest commit.
func (r *Repository) ReadFiles(ctx context.Context) (fs.FS, error) {
	tree, err := r.Read(ctx)
	if err != nil {
		return nil, err
	}
	return r.files(tree)
}

// InvalidPolicy adds the remedy to an error of previewset.yaml.
func InvalidPolicy(err error) error {
	return fmt.Errorf("%w\n"+
		"nothing was committed; correct the policy, and see all problems with previewctl check in a clone", err)
}
