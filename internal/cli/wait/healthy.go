package wait

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/cli/output"
	"github.com/previewset/previewset/internal/preview"
)

func (w *waiter) isHealthy(ctx context.Context) (bool, error) {
	status, decision, err := w.find(ctx)
	switch {
	case err != nil:
		return false, err
	case status == nil:
		return false, w.absent(decision)
	case status.Ready == nil:
		return false, errors.New("the service knows no cluster, so it can't tell whether an environment is healthy\nrun it beside Argo CD, or with --kubeconfig")
	}
	if missing := w.missing(*status); missing != "" {
		w.failing, w.line = time.Time{}, missing
		return false, w.explain(ctx)
	}
	if status.State == preview.Asleep || status.State == preview.Waking {
		w.failing, w.line = time.Time{}, "it is "+status.State
		if status.State == preview.Asleep {
			w.line += "; wake it with: previewctl wake " + status.Name
		}
		return false, nil
	}
	w.line = status.Reason
	if *status.Ready {
		return true, nil
	}
	return false, w.degraded(status.Failing)
}

// absent is about an environment that isn't live.
func (w *waiter) absent(d *preview.Decision) error {
	switch {
	case w.seen || (d != nil && d.Outcome == preview.Gone && d.Since.After(w.Began) && w.ConfigCommit == ""):
		why := ""
		if d != nil {
			why = ": " + d.Reason
		}
		return fmt.Errorf("%s won't become healthy: %w%s", w.Target, ErrGone, why)
	case d == nil:
		w.line = "the service doesn't know it yet"
	case d.Outcome == preview.Held && w.FailHeld:
		return fmt.Errorf("%s won't become healthy: %w by rule %s: %s\n%s", w.Target, ErrHeld, d.Rule, d.Reason, d.Remedy)
	default:
		w.line = fmt.Sprintf("it is %s: %s", d.Outcome, d.Reason)
		if d.Remedy != "" {
			w.line += "; " + d.Remedy
		}
	}
	return nil
}

// isRead says whether what the service answers is of the commit of the config branch that is waited for.
func (w *waiter) isRead(s preview.Status) bool {
	return w.ConfigCommit == "" || (s.ConfigRead != nil && *s.ConfigRead)
}

// missing is what tells that the environment isn't yet the one that is waited for: that the service hasn't read of it, or a
// commit that isn't in it.
func (w *waiter) missing(s preview.Status) string {
	if !w.isRead(s) {
		return fmt.Sprintf("the service hasn't read commit %s of the config branch yet", output.ShortCommit(w.ConfigCommit))
	}
	contents := s.Contents()
	for _, wanted := range w.Commits {
		service, commit, one := strings.Cut(wanted, "=")
		if !one {
			service, commit = "", wanted
		}
		if !slices.ContainsFunc(contents, func(c preview.Content) bool {
			return strings.HasPrefix(c.Commit, commit) && (service == "" || c.Service == service)
		}) {
			return "commit " + wanted + " isn't in it yet"
		}
	}
	return ""
}

// explain adds why a live environment stays as it was.
func (w *waiter) explain(ctx context.Context) error {
	d, err := w.Client.DecisionAbout(ctx, w.Name)
	if err == nil && d != nil && d.Reason != "" {
		w.line += ": " + d.Reason
	}
	return err
}

// degraded is an error once it has been failing for the whole grace: what is starting may be degraded for a moment.
func (w *waiter) degraded(failing bool) error {
	now := w.Env.Now()
	switch {
	case !failing:
		w.failing = time.Time{}
	case w.failing.IsZero():
		w.failing = now
	}
	if failing && now.Sub(w.failing) >= w.Grace {
		return fmt.Errorf("%s: %w: %s\nsee more with: previewctl show %s", w.Target, ErrDegraded, w.line, w.Target)
	}
	return nil
}
