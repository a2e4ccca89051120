package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay/yamldoc"
)

type setOptions struct {
	env    *process
	what   string
	flags  environmentFlags
	commit commitOptions
}

func newSetCmd(env *process, runF func(context.Context, *setOptions) error) *cobra.Command {
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
		Args:              oneEnvironment,
		ValidArgsFunction: completeFromRepo(env, &opts.commit.repo)("environment"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.what = args[0]
			err := opts.flags.check(cmd, env.Now())
			if err == nil && len(opts.flags.set) == 0 {
				err = usagef(cmd, "nothing is said to be changed: name it, like --profile full")
			}
			if err == nil {
				err = opts.commit.check(cmd)
			}
			if err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.flags.flags(cmd, completeFromRepo(env, &opts.commit.repo))
	opts.commit.flags(cmd)
	return cmd
}

func runSet(ctx context.Context, opts *setOptions) error {
	w, result, err := opts.commit.commitEnvironment(ctx, opts.env, opts.what, opts.edits)
	if err != nil {
		return err
	}
	opts.commit.report(opts.env, result, "changed "+w.name)
	return nil
}

func (o *setOptions) edits(w *world) (gitrepo.Edits, error) {
	if err := w.existing(); err != nil {
		return gitrepo.Edits{}, err
	}
	return w.change(o.flags.set)
}

// change applies settings to the file of an environment that has one.
func (w *world) change(settings []setting) (gitrepo.Edits, error) {
	d, err := yamldoc.Parse(w.file)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	changed, err := applySettings(settings, w.config.Policy, d)
	if err != nil {
		return gitrepo.Edits{}, err
	}
	return w.edits(d.Bytes(), gitrepo.Message{Subject: subjectOf(
		"Change environment "+w.name+": "+plural(changed), "Change environment "+w.name)})
}
