// Package wait asks the service again and again until an environment is healthy or gone.
package wait

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/cli/terminal"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Result is what waiting ended with.
type Result struct {
	preview.Status
	Began time.Time
}

// Wait asks until the goal is reached; the error says how else it ended.
func (o *Options) Wait(ctx context.Context) (Result, error) {
	w := &waiter{Options: o, Result: Result{Began: o.Env.Now()}, progress: terminal.Progress{Process: o.Env}}
	defer w.progress.Clear()
	stop := o.Env.NoticeIfSlow(terminal.SlowService) // of the first answer: after it the progress says where it is
	for {
		done, err := w.askInTime(ctx)
		stop()
		if done || err != nil {
			return w.Result, err
		}
		passed := o.Env.Now().Sub(w.Began)
		if passed >= o.Timeout {
			return w.Result, w.timeUp()
		}
		w.progress.Show(o.Target+": "+w.line, "("+output.Duration(passed)+")")
		select {
		case <-ctx.Done():
			return w.Result, ctx.Err()
		case <-time.After(min(o.Every, o.Timeout-passed)):
		}
	}
}

// waiter is one time of waiting.
type waiter struct {
	*Options
	Result
	progress terminal.Progress
	line     string // what it is waiting for now
	heard    bool   // the service has answered once
	seen     bool   // it was live
	failing  time.Time
}

// leastAnswer is how long the service has to answer where the time is nearly up.
const leastAnswer = time.Second

// askInTime asks the service once, and doesn't wait for its answer longer than for the goal.
func (w *waiter) askInTime(ctx context.Context) (done bool, err error) {
	if w.Timeout == 0 {
		return w.ask(ctx)
	}
	within, cancel := context.WithTimeout(ctx, max(leastAnswer, w.Timeout-w.Env.Now().Sub(w.Began)))
	defer cancel()
	done, err = w.ask(within)
	if ctx.Err() == nil && within.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
		w.line = cmp.Or(w.line, "the service hasn't answered")
		return false, w.timeUp()
	}
	return done, err
}

func (w *waiter) timeUp() error {
	return fmt.Errorf("%s isn't %s after %s, and %w: %s\nsee more with: previewctl show %s", w.Target, w.Goal, output.Duration(w.Env.Now().Sub(w.Began)), ErrTimeUp, w.line, w.Target)
}

// ask asks the service once. What may pass by itself is no error once the service has answered.
func (w *waiter) ask(ctx context.Context) (done bool, err error) {
	if w.Goal == "gone" {
		done, err = w.isGone(ctx)
	} else {
		done, err = w.isHealthy(ctx)
	}
	status, answered := errors.AsType[*apiclient.StatusError](err)
	switch {
	case err == nil:
		w.heard = true
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, ErrDegraded) || errors.Is(err, ErrGone) || errors.Is(err, ErrHeld):
		return false, err
	case (answered && status.Code >= 500 && status.Code != http.StatusNotImplemented) || (!answered && w.heard && errors.As(err, new(*apiclient.UnreachableError))):
		w.line, _, _ = strings.Cut(err.Error(), "\n")
		return false, nil
	}
	return done, err
}

// find looks for the environment; of one that isn't live it returns what was decided about it, nil where nothing was.
func (w *waiter) find(ctx context.Context) (*preview.Status, *preview.Decision, error) {
	name := w.Name
	if name == "" {
		name = w.Target
		if repository, number, ok := config.ParsePullRequest(w.Target); ok {
			answer, err := w.Client.Decisions(ctx, repository, number)
			d := apiclient.FirstOf(answer.Decisions, func(preview.Decision) bool { return true })
			if err != nil || d == nil || !apiclient.HasEnvironment(*d) {
				return nil, d, err
			}
			name = d.Environment
		}
	}
	s, err := w.Client.Environment(ctx, name, w.ConfigCommit)
	if err == nil {
		if w.Status = s; w.Found != nil {
			w.Found(ctx)
			w.Found = nil
		}
		w.seen = w.seen || w.isRead(s) // else it may be one from before
		return &s, nil, nil
	}
	if !apiclient.IsStatus(err, http.StatusNotFound) {
		return nil, nil, err
	}
	d, err := w.Client.DecisionAbout(ctx, name)
	return nil, d, err
}
