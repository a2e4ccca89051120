package cli

import (
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
)

func newServiceCmd(term *terminal.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "service",
		Short: "Add, list, rename and remove services",
		Long: `A service is a deployable part of the system. It has an entry in previewset.yaml and two
components in kustomize-base/services: run is the service itself, and link replaces it in environments where
it doesn't run.`,
		Example: `  previewctl service add search --image ghcr.io/acme/search:1.4.0 --port 8080 --probe-path /healthz
  previewctl service add mailer --from deploy/mailer --repository acme/mailer --branch add-mailer
  previewctl service list
  previewctl service rename mailer post`,
		Args: flags.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newServiceListCmd(term, runServiceList), newServiceAddCmd(term, runServiceAdd),
		newServiceUpdateCmd(term, runServiceUpdate),
		newServiceRenameCmd(term, runServiceRename), newServiceRemoveCmd(term, runServiceRemove),
	)
	return cmd
}
