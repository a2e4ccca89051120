package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/gitrepo"
)

type deleteOptions struct {
	term                 *terminal.Process
	target               string
	breakLinks, ifExists bool
	onlyLease            bool // release
	commit               configrepo.CommitOptions
	client               *apiclient.Client // nil if no service is named
	owner                ownership
	answer               answerOutput
}

func newDeleteCmd(term *terminal.Process, runF func(context.Context, *deleteOptions) error) *cobra.Command {
	opts := &deleteOptions{term: term}
	cmd := &cobra.Command{
		Use:   "delete NAME|OWNER/REPO#NUMBER",
		Short: "Delete an environment with its namespace and data",
		Long: `delete removes the folder overlays/NAME and pushes that as one commit. The generator then removes
the environment, and Argo CD deletes it with its namespace and all data in it. Git keeps the files; the data
is lost.

It refuses while other environments link to it. With --break-links their links lead to the baseline instead.
For a pull request, it deletes only the file that adjusts the pull request's environment.

The JSON has the keys name, url, result (deleted or unchanged), dry_run, branch, commit, patch (of a dry run) and
review_url (with --branch).`,
		Example: `  previewctl delete jakub --dry-run
  previewctl delete jakub -m 'the redesign is merged'
  previewctl delete team --break-links --if-exists`,
	}
	opts.addTo(cmd, runF)
	return cmd
}

// addTo adds what the commands delete and release share.
func (o *deleteOptions) addTo(cmd *cobra.Command, runF func(context.Context, *deleteOptions) error) {
	cmd.Args = flags.OneEnvironment
	cmd.ValidArgsFunction = configrepo.Completer(o.term, &o.commit.Repo)("environment")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.target = args[0]
		if err := flags.CheckTarget(cmd, o.target); err != nil {
			return err
		}
		err := cmp.Or(o.commit.Check(cmd), o.owner.check(cmd))
		if err == nil {
			o.client, err = (&apiclient.Flags{}).Optional(cmd, o.term)
		}
		if err == nil {
			o.term, err = o.answer.check(cmd, o.term)
		}
		if err != nil {
			return err
		}
		return runF(cmd.Context(), o)
	}
	cmd.Flags().BoolVar(&o.breakLinks, "break-links", false, "delete it even if other environments link to it")
	cmd.Flags().BoolVar(&o.ifExists, "if-exists", false, "succeed if the environment doesn't exist")
	o.commit.AddFlags(cmd)
	o.owner.add(cmd)
	o.answer.add(cmd)
}

func runDelete(ctx context.Context, opts *deleteOptions) error {
	f, result, err := envfile.Commit(ctx, &opts.commit, opts.term, opts.target, opts.deletion(ctx))
	if err != nil {
		return err
	}
	opts.commit.Report(opts.term, result, "deleted "+f.Name)
	return opts.answer.print(newChangeAnswer(f, result, opts.commit, "deleted"))
}

func (o *deleteOptions) deletion(ctx context.Context) func(*envfile.File) (gitrepo.Edits, error) {
	return func(f *envfile.File) (gitrepo.Edits, error) {
		e := gitrepo.Edits{Message: gitrepo.Message{
			Subject:  configrepo.Subject("Delete environment " + f.Name),
			Trailers: []gitrepo.Trailer{{Key: "Environment", Value: f.Name}},
		}}
		if f.Content == nil {
			if o.ifExists {
				return e, nil
			}
			return e, f.Missing()
		}
		if err := cmp.Or(o.checkLease(f), o.owner.checkFile(ctx, o.client, f)); err != nil {
			return e, err
		}
		if others := f.LinkedFrom(); len(others) > 0 && !o.breakLinks {
			return e, fmt.Errorf("delete %s: other environments link to it: %s\n"+
				"link them to another environment first, or use --break-links to link them to the baseline",
				f.Name, strings.Join(others, ", "))
		}
		e.Delete = []string{envfile.FolderOf(f.Name)}
		return e, nil
	}
}
