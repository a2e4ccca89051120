// Package cli is previewctl: one file per command, each with its options, its flags and its work.
//
// It knows the terminal, the file system and the service's HTTP API, and puts packages preview, overlay and gitrepo to
// work on them. It must not decide anything about environments itself: a name, a rule or a manifest computed here would
// be a second opinion beside the service's.
//
// Commands are built with cobra, which brings help, completion for four shells and generated reference pages; terminals
// are told from pipes by go-isatty; tables are aligned by the standard library's tabwriter.
package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/preview"
)

// Main runs previewctl with the process's arguments and streams and returns its exit code.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, thisProcess(), os.Args[1:])
}

func run(ctx context.Context, env *process, args []string) int {
	root := newRootCmd(env)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		report(env, err)
	}
	return exitCode(err)
}

// report prints an error, a line of it at a time, so that nothing in it can steer the terminal.
func report(env *process, err error) {
	if errors.Is(err, errReported) {
		return
	}
	for i, line := range strings.Split(err.Error(), "\n") {
		prefix := "previewctl: "
		if i > 0 {
			prefix = "  "
		}
		env.tell(prefix + preview.Printable(line))
	}
}

func newRootCmd(env *process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "previewctl",
		Short: "Preview environments by pull request, through Argo CD",
		Long: `previewctl sets up and checks the GitOps repository of PreviewSet, makes and changes environments in it, each time with one
Git commit, and asks the service what has become of them. It needs Git, or the service's address, never the cluster.

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
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetIn(env.In)
	cmd.SetOut(env.Out)
	cmd.SetErr(env.Err)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usagef(cmd, "%w", err) })
	cmd.AddCommand(
		newInitCmd(env, runInit), newCheckCmd(env, runCheck), newRenderCmd(env, runRender), newListCmd(env, runList),
		newShowCmd(env, runShow), newOpenCmd(env, runOpen), newEnvCmd(env, runEnv), newWaitCmd(env, runWait), newPlanCmd(env, runPlan), newCICmd(env, runCI),
		newWhyCmd(env, runWhy), newConfirmCmd(env, runConfirm),
		newWakeCmd(env, runAsk), newSleepCmd(env, runAsk), newExtendCmd(env, runAsk), newUsageCmd(env, runUsage),
		newCreateCmd(env, runCreate), newSetCmd(env, runSet), newDeleteCmd(env, runDelete),
		newEditCmd(env, runEdit), newHandoverCmd(env, runHandover), newAdoptCmd(env, runAdopt), newSlotCmd(env), newServiceCmd(env),
		newVersionCmd(env, runVersion), newExitCodesCmd(),
	)
	cmd.InitDefaultCompletionCmd()
	return cmd
}
