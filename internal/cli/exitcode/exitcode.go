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

// ErrReported is a failure that the command has already printed.
var ErrReported = errors.New("failed")

// CommandError means that the command of ci ended with an exit code, which becomes previewctl's.
type CommandError struct{ Code int }

func (e CommandError) Error() string {
	return fmt.Sprintf("the command ended with exit code %d", e.Code)
}

// exit is a row of the table of exit codes.
type exit struct {
	code    int
	matches func(error) bool
	meaning string
}

// exits maps errors to exit codes; the first matching row counts. `previewctl help exit-codes` prints it.
var exits = []exit{
	{0, func(err error) bool { return err == nil }, "success, or no change was necessary"},
	{2, flags.IsUsage, "wrong usage: an unknown command or flag, a missing argument, or an invalid value"},
	{3, isErr(wait.ErrTimeUp), "wait, ci: the timeout passed before the environment was healthy, or gone"},
	{4, isErr(wait.ErrDegraded), "wait, ci: the environment was degraded, or its sync failed, for longer than --grace"},
	{5, isErr(wait.ErrGone), "wait, ci: the environment was removed"},
	{6, isErr(wait.ErrHeld), "wait, ci with --fail-on-held: the environment is held; previewctl why prints the rule"},
	{
		7, isErr(gitrepo.ErrUnreachable, gitrepo.ErrUnknownOutcome),
		"the GitOps repository is unreachable or didn't answer; try again",
	},
	{9, isErr(gitrepo.ErrRace), "other pushes were faster each time; nothing was committed, try again"},
	{
		8, isErr(gitrepo.ErrNoPermission, gitrepo.ErrNotFound, gitrepo.ErrRefused),
		"the GitOps repository doesn't exist for your token or key, or refuses the push; nothing was committed",
	},
	{130, isErr(context.Canceled), "interrupted by a signal"},
	{1, func(error) bool { return true }, "any other failure, or problems were found; standard error has the remedy"},
}

// isErr matches any of the target errors.
func isErr(targets ...error) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
}

// Of returns the exit code for an error.
func Of(err error) int {
	if command, ok := errors.AsType[CommandError](err); ok {
		return command.Code
	}
	for _, e := range exits {
		if e.matches(err) {
			return e.code
		}
	}
	return 1
}

// Help returns the table of exit codes.
func Help() string {
	var b strings.Builder
	b.WriteString("previewctl ends with one of these exit codes:\n")
	for _, e := range slices.SortedFunc(slices.Values(exits), func(a, b exit) int { return a.code - b.code }) {
		fmt.Fprintf(&b, "\n  %d  %s", e.code, e.meaning)
	}
	b.WriteString("\n\nIf the command of ci fails, its exit code is previewctl's.")
	return b.String()
}

// Report prints an error without hidden characters.
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
