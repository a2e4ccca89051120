package cli

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/gitrepo"
)

type setOptions struct {
	term   *terminal.Process
	target string
	flags  envfile.Flags
	commit configrepo.CommitOptions
	client *apiclient.Client // nil if no service is named
	owner  ownership
	answer answerOutput
}

func newSetCmd(term *terminal.Process, runF func(context.Context, *setOptions) error) *cobra.Command {
	opts := &setOptions{term: term}
	cmd := &cobra.Command{
		Use:   "set NAME|OWNER/REPO#NUMBER",
		Short: "Change the file of an environment",
		Long: `set changes the given keys in overlays/NAME/environment.yaml and keeps all other lines. It builds
the environment in memory, and pushes the change as one commit.

An empty value removes a key: --dataset ''. The value false does the same: --shared=false. SERVICE=default
removes a service, so that it follows the profile again.

The JSON has the keys name, url, result (changed or unchanged), dry_run, branch, commit, patch (of a dry run) and
review_url (with --branch).`,
		Example: `  previewctl set jakub --service products=tag:dev --service gateway=default
  previewctl set jakub --shared --purpose 'for the whole team'
  previewctl set jakub --component verbose --expires 7d --dry-run`,
		Args: flags.OneEnvironment,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.target = args[0]
			if err := flags.CheckTarget(cmd, opts.target); err != nil {
				return err
			}
			err := opts.flags.Check(cmd, term.Now())
			if err == nil && len(opts.flags.Settings) == 0 {
				err = flags.Usagef(cmd, "no change is given; use for example --profile full")
			}
			if err == nil {
				err = cmp.Or(opts.commit.Check(cmd), opts.owner.check(cmd))
			}
			if err == nil {
				opts.client, err = (&apiclient.Flags{}).Optional(cmd, term)
			}
			if err == nil {
				opts.term, err = opts.answer.check(cmd, term)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	complete := configrepo.Completer(term, &opts.commit.Repo)
	cmd.ValidArgsFunction = complete("environment")
	opts.flags.Add(cmd, complete)
	opts.commit.AddFlags(cmd)
	opts.owner.add(cmd)
	opts.answer.add(cmd)
	return cmd
}

func runSet(ctx context.Context, opts *setOptions) error {
	f, result, err := envfile.Commit(ctx, &opts.commit, opts.term, opts.target, opts.changedEnvironment(ctx))
	if err != nil {
		return err
	}
	opts.commit.Report(opts.term, result, "changed "+f.Name)
	if opts.flags.ChangesDataset() && !result.Unchanged {
		opts.term.Notef("stores that run already keep their data; the dataset fills only new ones. To start them anew: "+
			"previewctl reset %s", f.Name)
	}
	return opts.answer.print(newChangeAnswer(f, result, opts.commit, "changed"))
}

func (o *setOptions) changedEnvironment(ctx context.Context) func(*envfile.File) (gitrepo.Edits, error) {
	return func(f *envfile.File) (gitrepo.Edits, error) {
		if err := f.RequireExisting(); err != nil {
			return gitrepo.Edits{}, err
		}
		if err := o.owner.checkFile(ctx, o.client, f); err != nil {
			return gitrepo.Edits{}, err
		}
		return f.Change(o.flags.Settings)
	}
}
