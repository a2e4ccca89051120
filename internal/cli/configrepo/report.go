package configrepo

import (
	"strings"

	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
)

// Report prints the result of a commit; done describes the change, such as "created mine".
func (o *CommitOptions) Report(env *terminal.Process, r gitrepo.Result, done string) {
	if !o.DryRun {
		o.Made = r.Commit
	}
	if r.ServerOutput != "" {
		for line := range strings.Lines(r.ServerOutput) {
			env.Inform("remote: " + config.Printable(line))
		}
	}
	commit := output.ShortCommit(r.Commit)
	switch {
	case r.Unchanged:
		env.Answerf("unchanged: branch %s is at commit %s, which already has this", r.Branch, commit)
	case o.DryRun:
		env.Notef("dry run on commit %s of branch %s: nothing was committed", output.ShortCommit(r.Base), r.Branch)
	case o.Proposal != "":
		env.Answerf("%s: commit %s on the new branch %s", done, commit, r.Branch)
		env.Answerf("%s", howToPropose(r))
	case o.Repo.Local:
		env.Answerf("%s: commit %s on branch %s of this clone; bring it into force: git push", done, commit, r.Branch)
	default:
		env.Answerf("%s: commit %s on branch %s", done, commit, r.Branch)
		if o.Repo.inClone {
			env.Notef("the commit was pushed; update this clone: git pull")
		}
	}
}

func howToPropose(r gitrepo.Result) string {
	if r.ReviewURL != "" {
		return "Open a pull request: " + r.ReviewURL
	}
	return "It is in force after a merge of that branch: open a pull request, or merge it yourself"
}
