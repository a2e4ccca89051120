package cli

import (
	"context"
	"io/fs"
	"slices"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/services"
)

// serviceChange is a change of a service that exists.
type serviceChange struct {
	term   *terminal.Process
	commit configrepo.CommitOptions
	// isPublic is true for a public service: the admission policies change with it. notes are those of the change.
	isPublic bool
	notes    []string
}

// edits computes a change of a service, and refuses it where it adds problems to the repository.
func (c *serviceChange) edits(
	fsys fs.FS, service, subject string, change func(r *overlay.Repo) (*services.Change, error),
) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Message: gitrepo.Message{Subject: configrepo.Subject(subject)}}
	repo := overlay.New(fsys)
	before, err := repo.Config()
	if err != nil {
		return e, configrepo.InvalidPolicy(err)
	}
	changed, err := change(repo)
	if err != nil {
		return e, err
	}
	if s := before.Policy.Services.Get(service); s != nil {
		c.isPublic = s.Public
	}
	c.notes = changed.Notes
	e.Write, e.Delete = changed.Write, changed.Delete
	edited := filetree.Edited(fsys, e.Write, e.Delete)
	after, err := overlay.New(edited).Config()
	if err != nil {
		return e, err
	}
	if err := checkEnvironmentNames(repo.Names(), before, after); err != nil {
		return e, err
	}
	return e, newProblems(context.Background(), fsys, edited)
}

// newProblems returns the problems that a change adds to a repository.
func newProblems(ctx context.Context, before, after fs.FS) error {
	report, err := overlay.New(after).Check(ctx)
	if err != nil || len(report.Problems) == 0 {
		return err
	}
	known, err := overlay.New(before).Check(ctx)
	if err != nil {
		return err
	}
	added := slices.DeleteFunc(report.Problems, func(p config.Problem) bool {
		return slices.ContainsFunc(known.Problems, func(k config.Problem) bool {
			return k.File == p.File && k.Message == p.Message
		})
	})
	return added.Err()
}

// report prints the result, the notes and the next step. Verb is "is" for a service that still exists, else "was".
func (c *serviceChange) report(result gitrepo.Result, done, verb string) {
	c.commit.Report(c.term, result, done)
	for _, n := range c.notes {
		c.term.Notef("%s", config.Printable(n))
	}
	if c.isPublic && !c.commit.DryRun && !result.Unchanged {
		c.term.Answerf("It %s public, so the admission policies have changed: kubectl apply -k appsets", verb)
	}
}
