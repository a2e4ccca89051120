package preview

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// guardWindow is the time in which removals are counted for limits.deletionsAtOnce.
const guardWindow = 10 * time.Minute

// deletionGuard stops many removals at once: a label was renamed or files were lost, and no person meant that.
type deletionGuard struct {
	recent   []time.Time // the counted removals within guardWindow
	isActive bool        // there are more than limits.deletionsAtOnce
	most     int
}

// newDeletionGuard counts the environments that lose now what asked for them, with those that did lately. Environments
// that are guarded already aren't counted again.
func newDeletionGuard(in *input, existing []*desired, pendingMoves map[string]*Remembered, expired map[*desired]*hold) deletionGuard {
	g := deletionGuard{most: in.deletionsAtOnce()}
	for _, t := range in.memory.Removals {
		if in.now.Sub(t) < guardWindow {
			g.recent = append(g.recent, t)
		}
	}
	n := len(g.recent)
	for _, w := range existing {
		if !w.previous.IsGuarded && !in.isConfirmed(w.name) && (w.isLost() || expired[w] != nil) {
			n++
		}
	}
	for _, e := range pendingMoves {
		if !e.IsGuarded && !in.isConfirmed(e.Row.Name) {
			n++
		}
	}
	g.isActive = n > g.most // guard deletion-guard: false
	return g
}

// isLost reports whether a live environment has lost its label, file or claim. The end of a pull request isn't counted:
// GitHub was asked about that pull request directly, so a mistake in configuration can't look like it.
func (w *desired) isLost() bool {
	if !w.isDedicated {
		return w.isAbandoned() && (w.previous.Row.Source != FromPullRequest || w.departed > 0)
	}
	m := w.members[0]
	return w.lacksLabel() && !w.file.Adopted && m.membership != nil && !m.isStillLabelled()
}

// stops reports whether a removal waits for confirmation. A removal that was guarded before stays guarded, however few
// are left of them.
func (g deletionGuard) stops(wasGuarded bool) bool {
	return wasGuarded || // guard guarded-before: false
		g.isActive
}

// withGuardedMoves returns the environments with holds for the pull requests that were guarded before: they stay in
// their dedicated environment.
func withGuardedMoves(in *input, environments []*desired, pendingMoves map[string]*Remembered) []*desired {
	inactive := deletionGuard{most: in.deletionsAtOnce()} // it stops only moves that were stopped before
	with := slices.Clone(environments)
	for i, w := range with {
		isGuarded := func(m *member) bool { return moveHold(in, w, m, pendingMoves, inactive) != nil }
		if !slices.ContainsFunc(w.members, isGuarded) {
			continue
		}
		with[i] = w.withOwnMembers()
		for _, m := range with[i].members {
			m.hold = cmp.Or(m.hold, moveHold(in, w, m, pendingMoves, inactive))
		}
	}
	return with
}

// moveHold keeps a pull request in its dedicated environment if too many would leave theirs at once.
func moveHold(in *input, w *desired, m *member, pendingMoves map[string]*Remembered, g deletionGuard) *hold {
	dedicated := pendingMoves[m.subject()]
	if dedicated == nil || in.isConfirmed(dedicated.Row.Name) || !g.stops(dedicated.IsGuarded) {
		return nil
	}
	return &hold{
		rule: RuleWithheld, needsConfirmation: true, isGuard: true,
		reason: fmt.Sprintf("it would move to %s together with many others, more than the %d that may within 10 minutes",
			w.name, g.most),
		remedy: "take back what moves it, or previewctl confirm " + dedicated.Row.Name + " to remove it",
	}
}
