package cli

import (
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/buildinfo"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
)

// NewRootCommand returns previewctl with all its commands, for the generator of the reference pages.
func NewRootCommand() *cobra.Command { return newRootCmd(terminal.New()) }

func newRootCmd(term *terminal.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "previewctl",
		Short: "Manage preview environments through Git and Argo CD",
		Long: `previewctl creates and checks the GitOps repository of PreviewSet, creates and changes
environments with one Git commit each, and shows what the generator does with them. It uses Git and the
service's API, never the cluster.

The generator's address is --server or PREVIEWSET_SERVER. The file with its token is --api-token-file or
PREVIEWSET_API_TOKEN_FILE.

From an empty folder to an environment that runs your branch of one service:

  previewctl init previews --repo-url https://github.com/acme/previews.git --domain preview.example.dev --push
  cd previews
  previewctl service add web --repository acme/web --image ghcr.io/acme/web:1.0 --port 8080 --public
  previewctl create mine --service web=branch:my-branch`,
		Example: `  previewctl init previews
  previewctl check previews
  previewctl help exit-codes`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          flags.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.Version = buildinfo.Read().Version
	cmd.SetVersionTemplate("previewctl {{.Version}}\n")
	cmd.SetIn(term.In)
	cmd.SetOut(term.Out)
	cmd.SetErr(term.Err)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flags.Usagef(cmd, "%w", err) })
	addGroups(cmd, term)
	cmd.AddCommand(newVersionCmd(term, runVersion), newExitCodesCmd())
	cmd.InitDefaultCompletionCmd()
	flags.Section(cmd)
	return cmd
}

// addGroups adds the commands in groups by purpose and requirement.
func addGroups(root *cobra.Command, term *terminal.Process) {
	for _, g := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"system", "Create and check a GitOps repository (needs its files):", []*cobra.Command{
			newInitCmd(term, runInit), newCheckCmd(term, runCheck), newRenderCmd(term, runRender), newPlanCmd(term, runPlan),
			newServiceCmd(term), newStoreCmd(term), newDatasetCmd(term),
		}},
		{"write", "Create and change environments, one commit each (needs Git):", []*cobra.Command{
			newCreateCmd(term, runCreate), newSetCmd(term, runSet), newEditCmd(term, runEdit),
			newDeleteCmd(term, runDelete), newResetCmd(term, runReset), newHandoverCmd(term, runHandover),
			newAdoptCmd(term, runAdopt), newEventCmd(term, runEvent), newSlotCmd(term),
			newCICmd(term, runCI), newLeaseCmd(term, runLease), newReleaseCmd(term, runDelete),
		}},
		{"read", "Show environments (needs the generator):", []*cobra.Command{
			newListCmd(term, runList), newShowCmd(term, runShow), newWhyCmd(term, runWhy), newOpenCmd(term, runOpen),
			newEnvCmd(term, runEnv), newWaitCmd(term, runWait), newUsageCmd(term, runUsage), newMCPCmd(term, runMCP),
		}},
		{"request", "Wake, sleep, extend and redeploy environments, confirm removals (needs the generator):", []*cobra.Command{
			newWakeCmd(term, runRequest), newSleepCmd(term, runRequest), newExtendCmd(term, runRequest),
			newRedeployCmd(term, runRequest), newConfirmCmd(term, runConfirm),
		}},
	} {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
}
