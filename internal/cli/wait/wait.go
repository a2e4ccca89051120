// Package wait asks the generator repeatedly until an environment is healthy or gone.
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

// Result is the state at the end of waiting.
type Result struct {
	preview.Status
	Began time.Time
	// Cause says why the goal isn't reached.
	Cause string
}

// Wait asks until the goal is reached. The error is the other result.
func (o *Options) Wait(ctx context.Context) (Result, error) {
	w := &waiter{Options: o, Result: Result{Began: o.Env.Now()}, progress: terminal.Progress{Process: o.Env}}
	defer w.progress.Clear()
	stop := o.Env.NoticeIfSlow(terminal.SlowService) // only for the first answer; later the progress is visible
	for {
		done, err := w.askInTime(ctx)
		stop()
		if done || err != nil {
			return w.result(done), err
		}
		passed := o.Env.Now().Sub(w.Began)
		if passed >= o.Timeout {
			return w.result(false), w.timeUp()
		}
		w.progress.Show(o.Target+": "+w.state, "("+output.Duration(passed)+")")
		select {
		case <-ctx.Done():
			return w.result(false), ctx.Err()
		case <-time.After(min(o.Every, o.Timeout-passed)):
		}
	}
}

// waiter is the state of one call of Wait.
type waiter struct {
	*Options
	Result
	progress terminal.Progress
	state    string    // why the goal isn't reached yet
	answered bool      // the generator has answered once
	existed  bool      // the environment existed, as of the required config commit
	failing  time.Time // since when the environment is degraded; zero if it isn't
}

func (w *waiter) result(isReached bool) Result {
	r := w.Result
	if !isReached {
		r.Cause = w.state
	}
	return r
}

// minAnswerTime is how long the generator may take for an answer when the timeout is near.
const minAnswerTime = time.Second

// askInTime asks the generator once and limits the request by the timeout.
func (w *waiter) askInTime(ctx context.Context) (done bool, err error) {
	if w.Timeout == 0 {
		return w.ask(ctx)
	}
	limited, cancel := context.WithTimeout(ctx, max(minAnswerTime, w.Timeout-w.Env.Now().Sub(w.Began)))
	defer cancel()
	done, err = w.ask(limited)
	if ctx.Err() == nil && limited.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
		w.state = cmp.Or(w.state, "the generator hasn't answered")
		return false, w.timeUp()
	}
	return done, err
}

func (w *waiter) timeUp() error {
	return fmt.Errorf("%s isn't %s after %s: %w: %s\nsee details: previewctl show %s",
		w.Target, w.Goal, output.Duration(w.Env.Now().Sub(w.Began)), ErrTimeUp, w.state, w.Target)
}

// ask asks the generator once. After the first answer it ignores temporary failures of the generator.
func (w *waiter) ask(ctx context.Context) (done bool, err error) {
	if w.Goal == Gone {
		done, err = w.isGone(ctx)
	} else {
		done, err = w.isHealthy(ctx)
	}
	switch {
	case err == nil:
		w.answered = true
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, ErrDegraded) || errors.Is(err, ErrGone) || errors.Is(err, ErrHeld):
		return false, err
	case w.isTemporary(err):
		w.state, _, _ = strings.Cut(err.Error(), "\n")
		return false, nil
	}
	return done, err
}

func (w *waiter) isTemporary(err error) bool {
	if status, ok := errors.AsType[*apiclient.StatusError](err); ok {
		return status.Code >= 500 && status.Code != http.StatusNotImplemented
	}
	return w.answered && errors.As(err, new(*apiclient.UnreachableError))
}

// find returns the environment, or the decision about an environment that doesn't exist, or two nils if it is unknown.
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
		w.existed = w.existed || w.isRead(s) // without the config commit it may be a previous environment
		return &s, nil, nil
	}
	if !apiclient.IsStatus(err, http.StatusNotFound) {
		return nil, nil, err
	}
	d, err := w.Client.DecisionAbout(ctx, name)
	return nil, d, err
}

// addReason adds the decision's reason to the state.
func (w *waiter) addReason(ctx context.Context) error {
	d, err := w.Client.DecisionAbout(ctx, w.Name)
	if err == nil && d != nil && d.Reason != "" {
		w.state += ": " + d.Reason
	}
	return err
}
