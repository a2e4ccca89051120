package visit

import (
	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/visit/pages"
	"github.com/previewset/previewset/internal/preview"
)

// kindOf returns the kind of the wake page.
func (v *Visits) kindOf(p *answer.Published, entry hostEntry) pages.Kind {
	switch {
	case entry.name == "":
		return pages.Unknown
	case entry.row != nil:
		return v.kindOfLive(p, entry.row)
	case entry.decision.Outcome == preview.Gone || hasExpired(p, entry.name):
		return pages.Gone
	case entry.decision.Rule == preview.RuleReady:
		return pages.Building
	}
	return pages.Held
}

// hasExpired reports whether an environment was removed by its lifetime.
func hasExpired(p *answer.Published, name string) bool {
	_, expired := p.Snapshot.Memory.Expired[name]
	return expired
}

func (v *Visits) kindOfLive(p *answer.Published, row *preview.Row) pages.Kind {
	switch row.State {
	case preview.Awake:
		return pages.Starting
	case preview.Waking:
		return pages.Waking
	case preview.Asleep:
		if !p.Snapshot.Memory.Lives[row.Name].Revoked.IsZero() {
			return pages.Held // it can't wake
		}
		if isWakeRequested(p.Snapshot.Memory.Requests[row.Name], p.Snapshot.Memory.Lives[row.Name]) {
			return pages.Queued
		}
		if v.limits.isPending(row.Name, v.now()) {
			return pages.Waking
		}
		return pages.Asleep
	}
	return pages.Starting
}

// isWakeRequested reports whether the last request about a sleeping environment is to wake it.
func isWakeRequested(i preview.Requests, l preview.Life) bool {
	return !i.Woken.IsZero() && !i.Woken.Before(l.Changed) && i.Woken.After(i.Slept)
}
