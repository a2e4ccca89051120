package exitcode_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/previewset/previewset/internal/cli/exitcode"
	"github.com/previewset/previewset/internal/cli/flags"
	"github.com/previewset/previewset/internal/cli/terminaltest"
	"github.com/previewset/previewset/internal/cli/wait"
	"github.com/previewset/previewset/internal/gitrepo"
)

func TestOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"success", nil, 0},
		{"any error", errors.New("broken"), 1},
		{"wrong usage", flags.UsageError{Err: errors.New("no such flag")}, 2},
		{"the timeout", wait.ErrTimeUp, 3},
		{"a degraded environment", wait.ErrDegraded, 4},
		{"a removed environment", wait.ErrGone, 5},
		{"a held environment", wait.ErrHeld, 6},
		{"an unreachable repository", gitrepo.ErrUnreachable, 7},
		{"a refused push", gitrepo.ErrRefused, 8},
		{"a lost race", gitrepo.ErrRace, 9},
		{"a signal", context.Canceled, 130},
		{"the command of ci", exitcode.CommandError{Code: 42}, 42},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.err
			if err != nil {
				err = fmt.Errorf("create mine: %w", err)
			}
			if got := exitcode.Of(err); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
		})
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	env, _, said := terminaltest.New("", nil)
	exitcode.Report(env, exitcode.ErrReported)
	exitcode.Report(env, errors.New("broken\x1b[2J\ncorrect it"))
	if want := "previewctl: broken[2J\n  correct it\n"; said.String() != want {
		t.Errorf("standard error is %q, want %q", said, want)
	}
}
