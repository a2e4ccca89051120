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
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	return run(ctx, thisProcess(), os.Args[1:])
}

// endings are the signals that end a command, which may have something to put away first: as ci has, also where a runner's
// connection or somebody's terminal goes. nohup keeps that one from it.
func endings() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
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

// NewRootCommand returns previewctl with all its commands, for the generator of the reference pages.
func NewRootCommand() *cobra.Command { return newRootCmd(thisProcess()) }

func newRootCmd(env *process) *cobra.Command {
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
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetIn(env.In)
	cmd.SetOut(env.Out)
	cmd.SetErr(env.Err)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usagef(cmd, "%w", err) })
	addGroups(cmd, env)
	cmd.AddCommand(newVersionCmd(env, runVersion), newExitCodesCmd())
	cmd.InitDefaultCompletionCmd()
	sectionFlags(cmd)
	return cmd
}

// addGroups adds the commands as people look for them: by what they are for, and by what they need.
func addGroups(root *cobra.Command, env *process) {
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
