package configrepo

import (
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
)

// Report says what became of a change; done is what was done in a few words.
func (o *CommitOptions) Report(env *terminal.Process, r gitrepo.Result, done string) {
	if !o.DryRun {
		o.Made = r.Commit
	}
	if r.ServerOutput != "" {
		for line := range strings.Lines(r.ServerOutput) {
			env.Inform("remote: " + config.Printable(line))
		}
	}
	switch {
	case r.Unchanged:
		env.Answerf("unchanged: commit %s of branch %s says that already", output.ShortCommit(r.Commit), r.Branch)
	case o.DryRun:
		env.Inform(fmt.Sprintf("note: nothing was committed: this is a dry run on commit %s of branch %s", output.ShortCommit(r.Base), r.Branch))
	case o.Proposal != "":
		env.Answerf("%s: commit %s on the new branch %s", done, output.ShortCommit(r.Commit), r.Branch)
		env.Answerf("%s", howToPropose(r))
	case o.Repo.Local:
		env.Answerf("%s: commit %s on branch %s of this clone; git push brings it into force", done, output.ShortCommit(r.Commit), r.Branch)
	default:
		env.Answerf("%s: commit %s on branch %s", done, output.ShortCommit(r.Commit), r.Branch)
		if o.Repo.InClone {
			env.Inform("note: it was pushed; the clone that you are in gets it with: git pull")
		}
	}
}

func howToPropose(r gitrepo.Result) string {
	if r.ReviewURL != "" {
		return "Open a pull request: " + r.ReviewURL
	}
	return "It is in force once that branch is merged: open a pull request for it where the repository lives, or merge it by hand"
}
