package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/envfile"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/gitrepo"
)

type deleteOptions struct {
	env                  *terminal.Process
	what                 string
	breakLinks, ifExists bool
	commit               configrepo.CommitOptions
}

func newDeleteCmd(env *terminal.Process, runF func(context.Context, *deleteOptions) error) *cobra.Command {
	opts := &deleteOptions{env: env}
	cmd := &cobra.Command{
		Use:   "delete NAME|OWNER/REPO#NUMBER",
		Short: "Delete an environment that was made by hand, with its namespace and all data in it",
		Long: `delete removes the folder overlays/NAME and pushes that as one commit. The service then leaves the environment out of its
answer, and Argo CD deletes it with its namespace and all data in it. Git keeps the files, nothing keeps the data.

It refuses while other environments link to it; --break-links lets their links fall back to the baseline. Of a pull
request it deletes only the file that adjusts its environment.`,
		Example: `  previewctl delete jakub --dry-run
  previewctl delete jakub -m 'the redesign is merged'
  previewctl delete team --break-links --if-exists`,
		Args:              flags.OneEnvironment,
		ValidArgsFunction: configrepo.Completer(env, &opts.commit.Repo)("environment"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.what = args[0]
			if err := opts.commit.Check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.breakLinks, "break-links", false, "delete it even where other environments link to it")
	cmd.Flags().BoolVar(&opts.ifExists, "if-exists", false, "that there is no such environment is fine too")
	opts.commit.AddFlags(cmd)
	return cmd
}

func runDelete(ctx context.Context, opts *deleteOptions) error {
	w, result, err := envfile.Commit(ctx, &opts.commit, opts.env, opts.what, opts.edits)
	if err != nil {
		return err
	}
	opts.commit.Report(opts.env, result, "deleted "+w.Name)
	return nil
}

func (o *deleteOptions) edits(w *envfile.File) (gitrepo.Edits, error) {
	e := gitrepo.Edits{Message: gitrepo.Message{
		Subject:  configrepo.Subject("Delete environment " + w.Name),
		Trailers: []gitrepo.Trailer{{Key: "Environment", Value: w.Name}},
	}}
	if w.Content == nil {
		if o.ifExists {
			return e, nil
		}
		return e, w.Missing()
	}
	if others := w.LinkedFrom(); len(others) > 0 && !o.breakLinks {
		return e, fmt.Errorf("%s is linked to from %s\nlink those to another environment first, or say --break-links: their links then lead to the baseline", w.Name, output.List(others))
	}
	e.Delete = []string{envfile.FolderOf(w.Name)}
	return e, nil
}
