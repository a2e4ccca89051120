// Package cli is previewctl: a file for each command, with its options, flags and work.
//
// newXCmd declares a command's flags, and parses and checks them into options. runX does the work. newXCmd receives
// runX as runF, so that tests can check the same flags and options without Git and the generator.
//
// The parts that commands share are subpackages. The package decides nothing about environments: names, rules and
// manifests come from packages preview and overlay, as in the generator.
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
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	defer stop()
	return run(ctx, terminal.New(), os.Args[1:])
}

// endSignals are the signals that cancel a command; ci then still deletes its environment. SIGHUP arrives when a
// runner's connection ends. nohup ignores it.
func endSignals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

func run(ctx context.Context, term *terminal.Process, args []string) int {
	root := newRootCmd(term)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		exitcode.Report(term, err)
	}
	return exitcode.Of(err)
}
