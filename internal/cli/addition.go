package cli

import (
	"context"
	"io/fs"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/filetree"
)

// addition adds files to the GitOps repository, in one commit.
type addition struct {
	subject string // of the commit
	added   string // what the command reports
	next    string // what to do next, if it added something
	files   func(*overlay.Repo) (map[string][]byte, error)
	check   func(*overlay.Repo) error // of the repository with the new files
}

// run commits the files and reports what they are and what to do next.
func (a addition) run(ctx context.Context, term *terminal.Process, commit *configrepo.CommitOptions) error {
	result, err := commit.Commit(ctx, term, a.edits)
	if err != nil {
		return err
	}
	commit.Report(term, result, a.added)
	if !commit.DryRun && !result.Unchanged {
		term.Answerf("\nNext: %s", a.next)
	}
	return nil
}

// edits returns the files to add to a tree, unless its previewset.yaml or the tree with them is invalid.
func (a addition) edits(fsys fs.FS) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Message: gitrepo.Message{Subject: configrepo.Subject(a.subject)}}
	repo := overlay.New(fsys)
	if _, err := repo.Config(); err != nil {
		return e, configrepo.InvalidPolicy(err)
	}
	var err error
	if e.Write, err = a.files(repo); err != nil {
		return e, err
	}
	return e, a.check(overlay.New(filetree.Edited(fsys, e.Write, nil)))
}
