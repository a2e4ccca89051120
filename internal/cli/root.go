package cli

import (
	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
)

func newRootCmd(env *terminal.Process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "previewctl",
		Short: "Preview environments by pull request, through Argo CD",
		Long: `previewctl sets up and checks the GitOps repository of PreviewSet, makes and changes environments in it, each time with one
Git commit, and asks the service what has become of them. It needs Git, or the service, never the cluster: the service's
address is --server or PREVIEWSET_SERVER, the file with its token --api-token-file or PREVIEWSET_API_TOKEN_FILE.

From an empty folder to an environment that runs your branch of one service, everything else linked to the baseline:

  previewctl init previews --repo-url https://github.com/acme/previews.git --domain preview.example.dev --push
  cd previews
  previewctl create mine --service gateway=branch:my-branch
  previewctl create second --service orders=branch:other-branch`,
		Example: `  previewctl init previews
  previewctl check previews
  previewctl render acme/gateway#12 --dir previews`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          flags.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetIn(env.In)
	cmd.SetOut(env.Out)
	cmd.SetErr(env.Err)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flags.Usagef(cmd, "%w", err) })
	addGroups(cmd, env)
	cmd.AddCommand(newVersionCmd(env, runVersion), newExitCodesCmd())
	cmd.InitDefaultCompletionCmd()
	flags.Section(cmd)
	return cmd
}

// addGroups adds the commands as people look for them: by what they are for, and by what they need.
func addGroups(root *cobra.Command, env *terminal.Process) {
	for _, g := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"system", "Set up a GitOps repository, and check it before Argo CD sees it (needs its files):", []*cobra.Command{
			newInitCmd(env, runInit), newCheckCmd(env, runCheck), newRenderCmd(env, runRender), newPlanCmd(env, runPlan), newServiceCmd(env),
		}},
		{"write", "Make and change environments, a commit each (needs Git):", []*cobra.Command{
			newCreateCmd(env, runCreate), newSetCmd(env, runSet), newEditCmd(env, runEdit), newDeleteCmd(env, runDelete),
			newHandoverCmd(env, runHandover), newAdoptCmd(env, runAdopt), newSlotCmd(env), newCICmd(env, runCI),
		}},
		{"read", "See what has become of them (needs the service):", []*cobra.Command{
			newListCmd(env, runList), newShowCmd(env, runShow), newWhyCmd(env, runWhy), newOpenCmd(env, runOpen), newEnvCmd(env, runEnv),
			newWaitCmd(env, runWait), newUsageCmd(env, runUsage),
		}},
		{"ask", "Let them sleep, wake, stay or go (needs the service):", []*cobra.Command{
			newWakeCmd(env, runAsk), newSleepCmd(env, runAsk), newExtendCmd(env, runAsk), newConfirmCmd(env, runConfirm),
		}},
	} {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
}

// NewRootCommand returns previewctl with all its commands, for the generator of the reference pages.
func NewRootCommand() *cobra.Command { return newRootCmd(terminal.New()) }
