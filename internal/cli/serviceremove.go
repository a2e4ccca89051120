package cli

import (
	"context"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/configrepo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/services"
)

type serviceRemoveOptions struct {
	serviceChange
	name string
}

func newServiceRemoveCmd(
	term *terminal.Process, runF func(context.Context, *serviceRemoveOptions) error,
) *cobra.Command {
	opts := &serviceRemoveOptions{serviceChange: serviceChange{term: term}}
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a service that nothing uses",
		Long: `remove deletes kustomize-base/services/NAME, the service's entry in previewset.yaml, its place in the
baseline and in other kustomization files, and its name in the parameters of the admission policies. It keeps
all other lines of these files, and checks the whole repository before the commit.

It refuses while another service calls the service, or a profile or an environment file names it, and lists
these. Data stores stay; it names those that no other service uses.`,
		Example: `  previewctl service remove search --dry-run
  previewctl service remove search -m 'replaced by catalog'
  previewctl service remove admin --branch remove-admin`,
		Args:              flags.OneArg("service"),
		ValidArgsFunction: completeOne(configrepo.Completer(term, &opts.commit.Repo)("calls")),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.name = args[0]
			if err := checkServiceName(cmd, opts.name); err != nil {
				return err
			}
			if err := opts.commit.Check(cmd); err != nil {
				return err
			}
			return runF(cmd.Context(), opts)
		},
	}
	opts.commit.AddFlags(cmd)
	return cmd
}

func checkServiceName(cmd *cobra.Command, name string) error {
	if !flags.IsServiceName(name) {
		return flags.Usagef(cmd, "%q is not a service name; use a-z, 0-9 and hyphens, at most 22 characters", name)
	}
	return nil
}

// completeOne completes only the first argument.
func completeOne(complete cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, toComplete)
	}
}

func runServiceRemove(ctx context.Context, opts *serviceRemoveOptions) error {
	result, err := opts.commit.Commit(ctx, opts.term, opts.removal)
	if err != nil {
		return err
	}
	opts.report(result, "removed service "+opts.name, "was")
	return nil
}

func (o *serviceRemoveOptions) removal(fsys fs.FS) (gitrepo.Edits, error) {
	return o.edits(fsys, o.name, "Remove service "+o.name, func(r *overlay.Repo) (*services.Change, error) {
		return r.RemoveService(o.name)
	})
}
