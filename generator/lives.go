package generator

import (
	"github.com/previewset/previewset/internal/preview"
)

// noteLives logs and counts how environments' states changed from an answer to the next.
func (g *Generator) noteLives(last, next *served) {
	if last == nil {
		return
	}
	was := make(map[string]string, len(last.snapshot.Rows))
	for i := range last.snapshot.Rows {
		was[last.snapshot.Rows[i].Name] = last.snapshot.Rows[i].State
	}
	decisions := next.decisions()
	for i := range next.snapshot.Rows {
		name, is := next.snapshot.Rows[i].Name, next.snapshot.Rows[i].State
		before := was[name]
		if before == "" || before == is {
			continue
		}
		reason := ""
		if d := decisions[name]; d != nil {
			reason = d.Reason
		}
		g.opts.Logger.Info("state changed", "env", name, "from", before, "to", is, "reason", reason)
		if before == preview.Asleep {
			g.metrics.wakes.WithLabelValues(wokenBy(last.snapshot.Memory.Lives[name], next.snapshot.Memory, name)).Inc()
		}
		if before == preview.Waking && is == preview.Awake {
			g.metrics.waking.Observe(next.snapshot.Memory.Lives[name].Took.Seconds())
		}
	}
}

// visitor is who asks in a request that is a visit's.
const visitor = "a visit"

// wokenBy says what woke an environment that was asleep.
func wokenBy(slept preview.Life, now preview.Memory, name string) string {
	intent := now.Intents[name]
	switch {
	case !intent.Woken.Before(slept.Changed) && !intent.Woken.IsZero() && intent.By == visitor:
		return "visit"
	case !intent.Woken.Before(slept.Changed) && !intent.Woken.IsZero():
		return "request"
	case now.Lives[name].Pushed.After(slept.Changed):
		return "push"
	}
	return "link"
}
