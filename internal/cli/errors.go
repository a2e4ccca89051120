package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/previewset/previewset/internal/gitrepo"
)

// errReported is a failure that the command has already told about.
var errReported = errors.New("failed")

// usageError is a mistake in how the command was called.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// usagef is a usage error that ends with where to read on.
func usagef(cmd *cobra.Command, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return usageError{fmt.Errorf("%w\nsee %s --help", err, cmd.CommandPath())}
}

// exit is a row of the table of exit codes.
type exit struct {
	code    int
	is      func(error) bool
	meaning string
}

// exits maps errors to exit codes: the first row that matches counts. `previewctl help exit-codes` prints it.
var exits = []exit{
	{0, func(err error) bool { return err == nil }, "done, or nothing had to be done"},
	{2, isUsage, "called wrongly: an unknown command or flag, a missing argument, a value that can't be right"},
	{3, isErr(errTimeUp), "wait, ci: time was up before the environment was healthy, or gone"},
	{4, isErr(errDegraded), "wait, ci: the environment is degraded, or its sync failed, for longer than --grace"},
	{5, isErr(errGone), "wait, ci: the environment went away"},
	{6, isErr(errHeld), "wait, ci, with --fail-on-held: the environment is held; why says by what"},
	{7, isErr(gitrepo.ErrUnreachable, gitrepo.ErrUnknownOutcome), "the GitOps repository couldn't be reached, or didn't answer; try again"},
	{9, isErr(gitrepo.ErrRace), "others pushed first every time; nothing was committed, try again"},
	{8, isErr(gitrepo.ErrNoPermission, gitrepo.ErrNotFound, gitrepo.ErrRefused), "the GitOps repository isn't there for your token or key, or refuses the push; nothing was committed"},
	{130, isErr(context.Canceled), "interrupted by a signal"},
	{1, func(error) bool { return true }, "failed, or problems were found; standard error says what to do next"},
}

// isErr matches errors that are one of the given.
func isErr(targets ...error) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
}

func isUsage(err error) bool {
	_, ok := errors.AsType[usageError](err)
	return ok || isUnknownCommand(err)
}

// isUnknownCommand recognises the one usage error that cobra makes itself and has no type for.
func isUnknownCommand(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "unknown command ")
}

func exitCode(err error) int {
	if command, ok := errors.AsType[commandError](err); ok {
		return command.code
	}
	for _, e := range exits {
		if e.is(err) {
			return e.code
		}
	}
	return 1
}

func newExitCodesCmd() *cobra.Command {
	var b strings.Builder
	b.WriteString("previewctl ends with one of these exit codes:\n")
	for _, e := range slices.SortedFunc(slices.Values(exits), func(a, b exit) int { return a.code - b.code }) {
		fmt.Fprintf(&b, "\n  %d  %s", e.code, e.meaning)
	}
	b.WriteString("\n\nci ends with the exit code of its command where that fails.")
	return &cobra.Command{Use: "exit-codes", Short: "What previewctl's exit codes mean", Long: b.String()}
}

// noArgs, maxOneArg and oneArg say in words what cobra's own checks say in numbers.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		return usagef(cmd, "there is no command %q", args[0])
	}
	return usagef(cmd, "%s takes no arguments, but was given %q", cmd.Name(), args)
}

func maxOneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usagef(cmd, "%s takes one %s, but was given %q", cmd.Name(), what, args)
		}
		return nil
	}
}

func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usagef(cmd, "%s takes exactly one %s, but was given %d arguments", cmd.Name(), what, len(args))
		}
		return nil
	}
}

// checkOutput checks what -o was given.
func checkOutput(cmd *cobra.Command, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return usagef(cmd, "--output %q is none of %s", value, strings.Join(allowed, ", "))
}
