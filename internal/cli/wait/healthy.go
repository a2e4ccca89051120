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
		return false, errors.New("the generator has no access to a cluster and doesn't know which environments are healthy\n" +
			"run it beside Argo CD, or with --kubeconfig")
	}
	if missing := w.missing(*status); missing != "" {
		w.failing, w.state = time.Time{}, missing
		return false, w.addReason(ctx)
	}
	if status.State == preview.Asleep || status.State == preview.Waking {
		w.failing, w.state = time.Time{}, "it is "+string(status.State)
		if status.State == preview.Asleep {
			w.state += "; wake it: previewctl wake " + status.Name
		}
		return false, nil
	}
	w.state = status.Reason
	if *status.Ready {
		return true, nil
	}
	return false, w.degraded(status.Failing)
}

// absent sets the state for an environment that doesn't exist, or returns an error if it won't exist.
func (w *waiter) absent(d *preview.Decision) error {
	switch {
	case w.existed || w.wasRemoved(d):
		reason := ""
		if d != nil {
			reason = ": " + d.Reason
		}
		return fmt.Errorf("%s won't become healthy: %w%s", w.Target, ErrGone, reason)
	case d == nil:
		w.state = "the generator doesn't know it yet"
	case d.Outcome == preview.Held && w.FailHeld:
		return fmt.Errorf("%s won't become healthy: %w by rule %s: %s\n%s", w.Target, ErrHeld, d.Rule, d.Reason, d.Remedy)
	default:
		w.state = fmt.Sprintf("it is %s: %s", d.Outcome, d.Reason)
		if d.Remedy != "" {
			w.state += "; " + d.Remedy
		}
	}
	return nil
}

// wasRemoved reports whether the environment was removed while this command waited. With a config commit, that may
// have been a previous environment of the same name.
func (w *waiter) wasRemoved(d *preview.Decision) bool {
	return d != nil && d.Outcome == preview.Gone && d.Since.After(w.Began) && w.ConfigCommit == ""
}

// isRead reports whether the generator has read the required config commit.
func (w *waiter) isRead(s preview.Status) bool {
	return w.ConfigCommit == "" || (s.ConfigRead != nil && *s.ConfigRead)
}

// missing returns the first requirement that the environment doesn't meet: the config commit, or a service's commit.
func (w *waiter) missing(s preview.Status) string {
	if !w.isRead(s) {
		return fmt.Sprintf("the generator hasn't read commit %s of the config branch yet", output.ShortCommit(w.ConfigCommit))
	}
	contents := s.Contents()
	for _, wanted := range w.Commits {
		service, commit, hasService := strings.Cut(wanted, "=")
		if !hasService {
			service, commit = "", wanted
		}
		if !slices.ContainsFunc(contents, func(c preview.Content) bool {
			return strings.HasPrefix(c.Commit, commit) && (service == "" || c.Service == service)
		}) {
			return "commit " + wanted + " doesn't run in it yet"
		}
	}
	return ""
}

// degraded returns an error after the grace. A starting environment may be degraded for a short time.
func (w *waiter) degraded(isFailing bool) error {
	now := w.Env.Now()
	switch {
	case !isFailing:
		w.failing = time.Time{}
	case w.failing.IsZero():
		w.failing = now
	}
	if isFailing && now.Sub(w.failing) >= w.Grace {
		return fmt.Errorf("%s won't become healthy: %w: %s\nsee details: previewctl show %s",
			w.Target, ErrDegraded, w.state, w.Target)
	}
	return nil
}
