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

type serviceRenameOptions struct {
	serviceChange
	from, to string
}

func newServiceRenameCmd(
	term *terminal.Process, runF func(context.Context, *serviceRenameOptions) error,
) *cobra.Command {
	opts := &serviceRenameOptions{serviceChange: serviceChange{term: term}}
	cmd := &cobra.Command{
		Use:   "rename OLD NEW",
		Short: "Rename a service in all files that name it",
		Long: `rename moves kustomize-base/services/OLD and gives the service's Kubernetes Service the new name. It
changes the name in previewset.yaml, in the calls of other services, in profiles, in environment files, in the
baseline, and in the parameters of the admission policies. Addresses such as http://OLD/ in manifests follow
too. It keeps all other lines of these files, and checks the whole repository before the commit.

The manifests of a service from --from stay as they are: a patch renames its Service, and its workloads keep
their names. Other workloads get the new name; a StatefulSet starts with new volumes then. Links of environments
end for some seconds, until Argo CD has synced both sides.`,
		Example: `  previewctl service rename search catalog --dry-run
  previewctl service rename search catalog -m 'it has all products now'
  previewctl service rename admin backoffice --branch rename-admin`,
		Args:              twoNames,
		ValidArgsFunction: completeOne(configrepo.Completer(term, &opts.commit.Repo)("calls")),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.from, opts.to = args[0], args[1]
			for _, name := range args {
				if err := checkServiceName(cmd, name); err != nil {
					return err
				}
			}
			if opts.from == opts.to {
				return flags.Usagef(cmd, "both names are %s; use a new name", opts.to)
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

func twoNames(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		return flags.Usagef(cmd, "rename takes two names, but got %d; use rename OLD NEW", len(args))
	}
	return nil
}

func runServiceRename(ctx context.Context, opts *serviceRenameOptions) error {
	result, err := opts.commit.Commit(ctx, opts.term, opts.renaming)
	if err != nil {
		return err
	}
	opts.report(result, "renamed service "+opts.from+" to "+opts.to, "is")
	return nil
}

func (o *serviceRenameOptions) renaming(fsys fs.FS) (gitrepo.Edits, error) {
	subject := "Rename service " + o.from + " to " + o.to
	return o.edits(fsys, o.from, subject, func(r *overlay.Repo) (*services.Change, error) {
		return r.RenameService(o.from, o.to)
	})
}
