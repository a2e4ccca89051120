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
	"os"
	"os/signal"
	"syscall"

	"github.com/previewset/previewset/internal/cli/exitcode"
	"github.com/previewset/previewset/internal/cli/terminal"
)

// Main runs previewctl with the process's arguments and streams and returns its exit code.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	return run(ctx, terminal.New(), os.Args[1:])
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

func run(ctx context.Context, env *terminal.Process, args []string) int {
	root := newRootCmd(env)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		exitcode.Report(env, err)
	}
	return exitcode.Of(err)
}
