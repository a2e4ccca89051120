package generator

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/history"
	"github.com/previewset/previewset/generator/metrics"
	"github.com/previewset/previewset/generator/visit"
	"github.com/previewset/previewset/internal/preview"
)

// stateLog logs, counts and keeps what changes from one snapshot to the next.
type stateLog struct {
	log     *slog.Logger
	metrics *metrics.Metrics
	events  *history.Log
	now     func() time.Time
}

// subject is the subject of a decision, and verdict its result.
type (
	subject struct {
		repository, environment string
		number                  int
	}
	verdict struct {
		outcome preview.Outcome
		rule    preview.Rule
	}
)

func subjectOf(d *preview.Decision) subject { return subject{d.Repository, d.Environment, d.Number} }

func verdictsOf(s *preview.Snapshot) map[subject]verdict {
	if s == nil {
		return nil
	}
	m := make(map[subject]verdict, len(s.Decisions))
	for i := range s.Decisions {
		d := &s.Decisions[i]
		v := verdict{d.Outcome, d.Rule}
		if v.outcome == preview.AsleepOutcome {
			v.outcome = preview.Live // states are logged by states
		}
		m[subjectOf(d)] = v
	}
	return m
}

// decisions logs changed decisions. New pull requests without a label aren't logged.
func (l *stateLog) decisions(before, after *preview.Snapshot) {
	old, current := verdictsOf(before), verdictsOf(after)
	for i := range after.Decisions {
		d := &after.Decisions[i]
		previous, known := old[subjectOf(d)]
		isUnlabelled := d.Outcome == preview.Held && d.Rule == preview.RuleUnlabelled && !known
		if previous != current[subjectOf(d)] && !isUnlabelled {
			l.log.Info("decision changed", "env", d.Environment, "repository", d.Repository, "pr", d.Number,
				"outcome", d.Outcome, "rule", d.Rule, "reason", d.Reason)
			l.keep(d.Environment, fmt.Sprintf("%s (%s): %s", d.Outcome, d.Rule, d.Reason))
		}
	}
}

// states logs and counts changed states of environments. Before is nil for the first snapshot.
func (l *stateLog) states(before *preview.Snapshot, next *answer.Published) {
	if before == nil {
		return
	}
	old := make(map[string]preview.State, len(before.Rows))
	for i := range before.Rows {
		old[before.Rows[i].Name] = before.Rows[i].State
	}
	decisions, memory := next.LiveDecisions(), next.Snapshot.Memory
	for i := range next.Snapshot.Rows {
		name, state := next.Snapshot.Rows[i].Name, next.Snapshot.Rows[i].State
		previous := old[name]
		if previous == "" || previous == state {
			continue
		}
		reason := ""
		if d := decisions[name]; d != nil {
			reason = d.Reason
		}
		l.log.Info("state changed", "env", name, "from", previous, "to", state, "reason", reason)
		l.keep(name, fmt.Sprintf("%s: %s", state, reason))
		if previous == preview.Asleep {
			l.metrics.Woken(wakeCause(before.Memory.Lives[name], memory, name))
		}
		if previous == preview.Waking && state == preview.Awake {
			l.metrics.WakeTook(memory.Lives[name].Took)
		}
	}
}

// phase keeps a new phase of an environment. Those of its state are kept by states.
func (l *stateLog) phase(environment string, p preview.Progress) {
	if p.Phase != preview.PhaseAsleep && p.Phase != preview.PhaseWaking {
		l.keep(environment, strings.TrimSuffix(string(p.Phase)+": "+p.Reason, ": "))
	}
}

// keep adds an event for the previews page.
func (l *stateLog) keep(environment, what string) {
	if environment != "" {
		l.events.Add(environment, history.Event{At: l.now(), What: what})
	}
}

// wakeCause returns the reason for which an environment woke. Slept is its lifecycle while it was asleep.
func wakeCause(slept preview.Life, m preview.Memory, name string) string {
	intent := m.Requests[name]
	isRequested := !intent.Woken.IsZero() && !intent.Woken.Before(slept.Changed)
	switch {
	case isRequested && intent.By == visit.Requester:
		return metrics.WokenByVisit
	case isRequested:
		return metrics.WokenByRequest
	case m.Lives[name].Pushed.After(slept.Changed):
		return metrics.WokenByPush
	}
	return metrics.WokenByLink
}
