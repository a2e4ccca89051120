package configrepo

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/buildinfo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/gitrepo"
)

// CommitOptions are the flags of every command that changes the GitOps repository.
type CommitOptions struct {
	Repo                      Flags
	Proposal, message, author string
	DryRun, sign, signIsSet   bool

	Made string // the commit that says it, once there is one
}

func (o *CommitOptions) AddFlags(cmd *cobra.Command) {
	o.Repo.Add(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.DryRun, "dry-run", false, "only show the difference that would be committed")
	f.StringVar(&o.Proposal, "branch", "", "push to a new branch of this name, and say where it becomes a pull request")
	f.StringVarP(&o.message, "message", "m", "", "why, for the commit message; what is changed it says by itself")
	f.StringVar(&o.author, "author", "", `author of the commit, as "Name <address>" (default: as Git's configuration and environment say)`)
	f.BoolVar(&o.sign, "sign", false, "sign the commit with the key that Git's configuration names (default: as commit.gpgSign says)")
}

var authorPattern = regexp.MustCompile(`^([^<>]+) <([^<> ]+)>$`)

// Check checks the flags, before anything is read.
func (o *CommitOptions) Check(cmd *cobra.Command) error {
	o.signIsSet = cmd.Flags().Changed("sign")
	switch {
	case o.author != "" && !authorPattern.MatchString(o.author):
		return flags.Usagef(cmd, `--author %q is not like "Ada Lovelace <ada@example.dev>"`, o.author)
	case o.Proposal != "" && !flags.IsBranch(o.Proposal):
		return flags.Usagef(cmd, "--branch %q is not a branch's name of letters, digits and . _ - /", o.Proposal)
	case o.Proposal != "" && o.Repo.Local:
		return flags.Usagef(cmd, "--branch pushes and --local doesn't: use one of them")
	}
	return flags.CheckText(cmd, "--message", o.message)
}

// Open finds the repository with the commit's author and signature.
func (o *CommitOptions) Open(ctx context.Context, env *terminal.Process) (*Repository, error) {
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
	return o.Repo.Open(ctx, env, as)
}

// Edit is what a command makes of the newest state of the repository. It is called again after a lost race.
type Edit func(fsys fs.FS) (gitrepo.Edits, error)

// Commit makes the edit one commit of the branch, or shows it.
func (o *CommitOptions) Commit(ctx context.Context, env *terminal.Process, do Edit) (gitrepo.Result, error) {
	repo, err := o.Open(ctx, env)
	if err != nil {
		return gitrepo.Result{}, err
	}
	return o.CommitTo(ctx, env, repo, do)
}

func (o *CommitOptions) CommitTo(ctx context.Context, env *terminal.Process, repo *Repository, do Edit) (gitrepo.Result, error) {
	defer env.NoticeIfSlow("the GitOps repository takes its time; others may be pushing to it too")()
	change := func(_ context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) { return o.edits(repo, tree, do) }
	switch {
	case o.DryRun:
		result, err := repo.DryRun(ctx, change)
		if err == nil {
			env.PrintPatch(result.Patch)
		}
		return result, err
	case o.Proposal != "":
		return repo.remote.Propose(ctx, o.Proposal, change)
	}
	return repo.Update(ctx, change)
}

// edits are the command's, in the folder of the repository that is its, with what every commit message has.
func (o *CommitOptions) edits(repo *Repository, tree fs.FS, do Edit) (gitrepo.Edits, error) {
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
	inside.Message.Trailers = append(inside.Message.Trailers, gitrepo.Trailer{Key: "Previewctl-Version", Value: buildinfo.Read().Version})
	return inside, nil
}

// maxSubject is what Git's tools show of a subject.
const maxSubject = 72

// Subject is the first of the texts that fits a commit's subject.
func Subject(texts ...string) string {
	for _, text := range texts {
		if utf8.RuneCountInString(text) <= maxSubject {
			return text
		}
	}
	return terminal.Truncate(texts[len(texts)-1], maxSubject)
}

func InvalidPolicy(err error) error {
	return fmt.Errorf("%w\nnothing is committed while that is so; see all problems with previewctl check in a clone of the repository", err)
}
