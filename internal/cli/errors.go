package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
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
	{1, func(error) bool { return true }, "failed, or problems were found; standard error says what to do next"},
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
	for _, code := range []int{0, 1, 2} {
		for _, e := range exits {
			if e.code == code {
				fmt.Fprintf(&b, "\n  %d  %s", e.code, e.meaning)
			}
		}
	}
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
