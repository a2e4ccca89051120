package cli

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/preview"
)

// commitOptions are the flags of every command that changes the GitOps repository.
type commitOptions struct {
	repo                      repoOptions
	proposal, message, author string
	dryRun, sign, signIsSet   bool

	made string // the commit that says it, once there is one
}

func (o *commitOptions) flags(cmd *cobra.Command) {
	o.repo.flags(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "only show the difference that would be committed")
	f.StringVar(&o.proposal, "branch", "", "push to a new branch of this name, and say where it becomes a pull request")
	f.StringVarP(&o.message, "message", "m", "", "why, for the commit message; what is changed it says by itself")
	f.StringVar(&o.author, "author", "", `author of the commit, as "Name <address>" (default: as Git's configuration and environment say)`)
	f.BoolVar(&o.sign, "sign", false, "sign the commit with the key that Git's configuration names (default: as commit.gpgSign says)")
}

var authorPattern = regexp.MustCompile(`^([^<>]+) <([^<> ]+)>$`)

// check checks the flags, before anything is read.
func (o *commitOptions) check(cmd *cobra.Command) error {
	o.signIsSet = cmd.Flags().Changed("sign")
	switch {
	case o.author != "" && !authorPattern.MatchString(o.author):
		return usagef(cmd, `--author %q is not like "Ada Lovelace <ada@example.dev>"`, o.author)
	case o.proposal != "" && !isBranch(o.proposal):
		return usagef(cmd, "--branch %q is not a branch's name of letters, digits and . _ - /", o.proposal)
	case o.proposal != "" && o.repo.local:
		return usagef(cmd, "--branch pushes and --local doesn't: use one of them")
	}
	return checkText(cmd, "--message", o.message)
}

// checkText refuses what shows as something else than it is, or what a shell or Kubernetes would replace later.
func checkText(cmd *cobra.Command, flag, text string) error {
	if why := textProblem(text); why != "" {
		return usagef(cmd, "%s %s", flag, why)
	}
	return nil
}

// checkLine is checkText for a text of one line.
func checkLine(cmd *cobra.Command, flag, text string) error {
	if strings.ContainsAny(text, "\r\n") {
		return usagef(cmd, "%s has more than one line: write it as one", flag)
	}
	return checkText(cmd, flag, text)
}

func textProblem(text string) string {
	switch {
	case !utf8.ValidString(text) || hides(text):
		return "has characters that don't show, or that steer a terminal: leave them out"
	case strings.Contains(text, "$("):
		return `has "$(", which Kubernetes and shells replace by something else: write it without`
	}
	return ""
}

// open finds the repository with the commit's author and signature.
func (o *commitOptions) open(ctx context.Context, env *process) (*configRepo, error) {
	as := gitrepo.Options{}
	if m := authorPattern.FindStringSubmatch(o.author); m != nil {
		as.Author = gitrepo.Person{Name: m[1], Email: m[2]}
	}
	if o.signIsSet {
		as.Signing = gitrepo.SignNever
		if o.sign {
			as.Signing = gitrepo.SignAlways
		}
	}
	return o.repo.open(ctx, env, as)
}

// edit is what a command makes of the newest state of the repository. It is called again after a lost race.
type edit func(fsys fs.FS) (gitrepo.Edits, error)

// commit makes the edit one commit of the branch, or shows it.
func (o *commitOptions) commit(ctx context.Context, env *process, do edit) (gitrepo.Result, error) {
	repo, err := o.open(ctx, env)
	if err != nil {
		return gitrepo.Result{}, err
	}
	return o.commitTo(ctx, env, repo, do)
}

func (o *commitOptions) commitTo(ctx context.Context, env *process, repo *configRepo, do edit) (gitrepo.Result, error) {
	defer env.patience("the GitOps repository takes its time; others may be pushing to it too")()
	change := func(_ context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) { return o.edits(repo, tree, do) }
	switch {
	case o.dryRun:
		result, err := repo.DryRun(ctx, change)
		if err == nil {
			env.printPatch(result.Patch)
		}
		return result, err
	case o.proposal != "":
		return repo.remote.Propose(ctx, o.proposal, change)
	}
	return repo.Update(ctx, change)
}

// edits are the command's, in the folder of the repository that is its, with what every commit message has.
func (o *commitOptions) edits(repo *configRepo, tree fs.FS, do edit) (gitrepo.Edits, error) {
	fsys, err := repo.sub(tree)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	e, err := do(fsys)
	if err != nil {
		return e, err
	}
	inside := gitrepo.Edits{Write: map[string][]byte{}, Message: e.Message}
	for name, content := range e.Write {
		inside.Write[path.Join(repo.folder, name)] = content
	}
	for _, name := range e.Delete {
		inside.Delete = append(inside.Delete, path.Join(repo.folder, name))
	}
	if o.message != "" {
		inside.Message.Body = strings.TrimSpace(o.message + "\n\n" + inside.Message.Body)
	}
	inside.Message.Trailers = append(inside.Message.Trailers, gitrepo.Trailer{Key: "Previewctl-Version", Value: buildVersion().Version})
	return inside, nil
}

// maxSubject is what Git's tools show of a subject.
const maxSubject = 72

// subjectOf is the first of the texts that fits a commit's subject.
func subjectOf(texts ...string) string {
	for _, text := range texts {
		if utf8.RuneCountInString(text) <= maxSubject {
			return text
		}
	}
	return cut(texts[len(texts)-1], maxSubject)
}

// report says what became of a change; done is what was done in a few words.
func (o *commitOptions) report(env *process, r gitrepo.Result, done string) {
	if !o.dryRun {
		o.made = r.Commit
	}
	if r.ServerOutput != "" {
		for line := range strings.Lines(r.ServerOutput) {
			env.tell("remote: " + preview.Printable(line))
		}
	}
	switch {
	case r.Unchanged:
		env.say("unchanged: commit %s of branch %s says that already", shortCommit(r.Commit), r.Branch)
	case o.dryRun:
		env.tell(fmt.Sprintf("note: nothing was committed: this is a dry run on commit %s of branch %s", shortCommit(r.Base), r.Branch))
	case o.proposal != "":
		env.say("%s: commit %s on the new branch %s", done, shortCommit(r.Commit), r.Branch)
		env.say("%s", howToPropose(r))
	case o.repo.local:
		env.say("%s: commit %s on branch %s of this clone; git push brings it into force", done, shortCommit(r.Commit), r.Branch)
	default:
		env.say("%s: commit %s on branch %s", done, shortCommit(r.Commit), r.Branch)
		if o.repo.inClone {
			env.tell("note: it was pushed; the clone that you are in gets it with: git pull")
		}
	}
}

func howToPropose(r gitrepo.Result) string {
	if r.ReviewURL != "" {
		return "Open a pull request: " + r.ReviewURL
	}
	return "It is in force once that branch is merged: open a pull request for it where the repository lives, or merge it by hand"
}

func shortCommit(sha string) string { return sha[:min(len(sha), 10)] }
