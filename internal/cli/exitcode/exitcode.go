// Package exitcode maps errors to exit codes and prints errors.
package exitcode

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/cli/wait"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/gitrepo"
)

// ErrReported is a failure that the command has already told about.
var ErrReported = errors.New("failed")

// exit is a row of the table of exit codes.
type exit struct {
	code    int
	is      func(error) bool
	meaning string
}

// exits maps errors to exit codes: the first row that matches counts. `previewctl help exit-codes` prints it.
var exits = []exit{
	{0, func(err error) bool { return err == nil }, "done, or nothing had to be done"},
	{2, flags.IsUsage, "called wrongly: an unknown command or flag, a missing argument, a value that can't be right"},
	{3, isErr(wait.ErrTimeUp), "wait, ci: time was up before the environment was healthy, or gone"},
	{4, isErr(wait.ErrDegraded), "wait, ci: the environment is degraded, or its sync failed, for longer than --grace"},
	{5, isErr(wait.ErrGone), "wait, ci: the environment went away"},
	{6, isErr(wait.ErrHeld), "wait, ci, with --fail-on-held: the environment is held; why says by what"},
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

// CommandError is that the command ran and failed. Its exit code is ours.
type CommandError struct{ Code int }

func (e CommandError) Error() string {
	return fmt.Sprintf("the command ended with exit code %d", e.Code)
}

func Of(err error) int {
	if command, ok := errors.AsType[CommandError](err); ok {
		return command.Code
	}
	for _, e := range exits {
		if e.is(err) {
			return e.code
		}
	}
	return 1
}

// Report prints an error, a line of it at a time, so that nothing in it can steer the terminal.
func Report(env *terminal.Process, err error) {
	if errors.Is(err, ErrReported) {
		return
	}
	for i, line := range strings.Split(err.Error(), "\n") {
		prefix := "previewctl: "
		if i > 0 {
			prefix = "  "
		}
		env.Inform(prefix + config.Printable(line))
	}
}

// Help is the table of exit codes for a person.
func Help() string {
	var b strings.Builder
	b.WriteString("previewctl ends with one of these exit codes:\n")
	for _, e := range slices.SortedFunc(slices.Values(exits), func(a, b exit) int { return a.code - b.code }) {
		fmt.Fprintf(&b, "\n  %d  %s", e.code, e.meaning)
	}
	b.WriteString("\n\nci ends with the exit code of its command where that fails.")
	return b.String()
}
