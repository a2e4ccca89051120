package configrepo

import (
	"context"
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
	Repo Flags
	// DryRun shows the diff and commits nothing.
	DryRun bool
	// Proposal is the new branch to push to; "" is the config branch.
	Proposal string
	// Made is the hash of the commit. Report sets it.
	Made string

	message, author string
	sign, signIsSet bool
}

// AddFlags adds the flags to a command.
func (o *CommitOptions) AddFlags(cmd *cobra.Command) {
	o.Repo.Add(cmd)
	p := cmd.Flags()
	p.BoolVar(&o.DryRun, "dry-run", false, "show the diff and commit nothing")
	p.StringVar(&o.Proposal, "branch", "", "push to a new branch and print the URL to open a pull request")
	p.StringVarP(&o.message, "message", "m", "", "add a reason to the commit message")
	p.StringVar(&o.author, "author", "", `set the commit's author, "Name <address>" (default: Git's configuration)`)
	p.BoolVar(&o.sign, "sign", false, "sign the commit with Git's configured key (default: Git's commit.gpgSign)")
}

var authorPattern = regexp.MustCompile(`^([^<>]+) <([^<> ]+)>$`)

// Check checks the flags.
func (o *CommitOptions) Check(cmd *cobra.Command) error {
	o.signIsSet = cmd.Flags().Changed("sign")
	switch {
	case o.author != "" && !authorPattern.MatchString(o.author):
		return flags.Usagef(cmd, `--author %q is not an author; use for example "Ada Lovelace <ada@example.dev>"`, o.author)
	case o.Proposal != "" && !flags.IsBranch(o.Proposal):
		return flags.Usagef(cmd, "--branch %q is not a branch name; use letters, digits and . _ - /", o.Proposal)
	case o.Proposal != "" && o.Repo.Local:
		return flags.Usagef(cmd, "--branch pushes and --local doesn't; use one of them")
	}
	return flags.CheckText(cmd, "--message", o.message)
}

// Open finds the repository, with the commit's author and signature.
func (o *CommitOptions) Open(ctx context.Context, env *terminal.Process) (*Repository, error) {
	opts := gitrepo.Options{}
	if m := authorPattern.FindStringSubmatch(o.author); m != nil {
		opts.Author = gitrepo.Person{Name: m[1], Email: m[2]}
	}
	if o.signIsSet {
		opts.Signing = gitrepo.SignNever
		if o.sign {
			opts.Signing = gitrepo.SignAlways
		}
	}
	return o.Repo.Open(ctx, env, opts)
}

// Edit computes a command's edits from the files of the newest commit. It is called again after a lost push race.
type Edit func(fsys fs.FS) (gitrepo.Edits, error)

// Commit commits an edit, or shows its diff.
func (o *CommitOptions) Commit(ctx context.Context, env *terminal.Process, edit Edit) (gitrepo.Result, error) {
	repo, err := o.Open(ctx, env)
	if err != nil {
		return gitrepo.Result{}, err
	}
	return o.CommitTo(ctx, env, repo, edit)
}

// CommitTo is Commit for an open repository.
func (o *CommitOptions) CommitTo(
	ctx context.Context, env *terminal.Process, repo *Repository, edit Edit,
) (gitrepo.Result, error) {
	defer env.NoticeIfSlow(terminal.SlowCommit)()
	change := func(_ context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) { return o.edits(repo, tree, edit) }
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

// edits moves the command's edits to the repository's folder and completes the commit message.
func (o *CommitOptions) edits(repo *Repository, tree fs.FS, edit Edit) (gitrepo.Edits, error) {
	fsys, err := repo.files(tree)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	e, err := edit(fsys)
	if err != nil {
		return e, err
	}
	moved := gitrepo.Edits{Write: map[string][]byte{}, Message: e.Message}
	for name, content := range e.Write {
		moved.Write[path.Join(repo.folder, name)] = content
	}
	for _, name := range e.Delete {
		moved.Delete = append(moved.Delete, path.Join(repo.folder, name))
	}
	if o.message != "" {
		moved.Message.Body = strings.TrimSpace(o.message + "\n\n" + moved.Message.Body)
	}
	version := gitrepo.Trailer{Key: "Previewctl-Version", Value: buildinfo.Read().Version}
	moved.Message.Trailers = append(moved.Message.Trailers, version)
	return moved, nil
}

// maxSubject is the length of a subject that Git's tools show completely.
const maxSubject = 72

// Subject returns the first text that fits a commit's subject. It truncates the last one if none fits.
func Subject(texts ...string) string {
	for _, text := range texts {
		if utf8.RuneCountInString(text) <= maxSubject {
			return text
		}
	}
	return terminal.Truncate(texts[len(texts)-1], maxSubject)
}
