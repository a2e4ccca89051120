// Package flags checks how a command is called: arguments, flags, names and times. Its errors are usage errors.
package flags

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// UsageError is a mistake in how the command is called.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }

func (e UsageError) Unwrap() error { return e.Err }

// Usagef returns a usage error that refers to the command's help.
func Usagef(cmd *cobra.Command, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return UsageError{fmt.Errorf("%w\nsee %s --help", err, cmd.CommandPath())}
}

// IsUsage reports whether err is a usage error.
func IsUsage(err error) bool {
	_, ok := errors.AsType[UsageError](err)
	return ok || isUnknownCommand(err)
}

// isUnknownCommand recognises the only usage error of cobra's own, which has no type.
func isUnknownCommand(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "unknown command ")
}
