// Package flags checks what a command is called with: arguments, flags, names and times. Its errors are usage errors.
package flags

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// UsageError is a mistake in how the command was called.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }

func (e UsageError) Unwrap() error { return e.Err }

// Usagef is a usage error that ends with where to read on.
func Usagef(cmd *cobra.Command, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return UsageError{fmt.Errorf("%w\nsee %s --help", err, cmd.CommandPath())}
}

func IsUsage(err error) bool {
	_, ok := errors.AsType[UsageError](err)
	return ok || isUnknownCommand(err)
}

// isUnknownCommand recognises the one usage error that cobra makes itself and has no type for.
func isUnknownCommand(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "unknown command ")
}
