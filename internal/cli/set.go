package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/gitrepo"
)

type setOptions struct {
	env    *terminal.Process
	what   string
	flags  envfile.Flags
	commit configrepo.CommitOptions
}

func newSetCmd(env *terminal.Process, runF func(context.Context, *setOptions) error) *cobra.Command {
	opts := &setOptions{env: env}
	cmd := &cobra.Command{
		Use:   "set NAME|OWNER/REPO#NUMBER",
		Short: "Change an environment that was made by hand",
		Long: `set changes what its flags name in overlays/NAME/environment.yaml, and leaves all other lines as they are. It checks in
memory what Argo CD would make of it, and pushes it as one commit.

An empty value takes a key out: --dataset ''. So does =false: --shared=false, --keep-awake=false. SERVICE=default lets the
profile decide about a service again.`,
		Example: `  previewctl set jakub --service products=tag:dev --service gateway=default
  previewctl set jakub --shared --purpose 'for the whole team'
  previewctl set jakub --component debug --expires 7d --dry-run`,
		Args:              flags.OneEnvironment,
		ValidArgsFunction: configrepo.Completer(env, &opts.commit.Repo)("environment"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.what = args[0]
			err := opts.flags.Check(cmd, env.Now())
			if err == nil && len(opts.flags.Settings) == 0 {
				err = flags.Usagef(cmd, "nothing is said to be changed: name it, like --profile full")
			}
			if err == nil {
				err = opts.commit.Check(cmd)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.flags.Add(cmd, configrepo.Completer(env, &opts.commit.Repo))
	opts.commit.AddFlags(cmd)
	return cmd
}

func runSet(ctx context.Context, opts *setOptions) error {
	w, result, err := envfile.Commit(ctx, &opts.commit, opts.env, opts.what, opts.edits)
	if err != nil {
		return err
	}
	opts.commit.Report(opts.env, result, "changed "+w.Name)
	return nil
}

func (o *setOptions) edits(w *envfile.File) (gitrepo.Edits, error) {
	if err := w.RequireExisting(); err != nil {
		return gitrepo.Edits{}, err
	}
	return w.Change(o.flags.Settings)
}
