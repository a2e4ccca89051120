package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// guardWindow is the time in which removals are counted for limits.deletionsAtOnce.
const guardWindow = 10 * time.Minute

// deletionGuard stops many removals at once: a label was renamed or files were lost, and no person meant that.
type deletionGuard struct {
	most     int                      // limits.deletionsAtOnce
	percent  int                      // limits.deletionsAtOncePercent
	all      removalCount             // of all environments
	of       map[string]*removalCount // of the environments with a member of a repository
	recent   []time.Time              // the counted removals within guardWindow
	recentOf map[string][]time.Time   // by repository
}

// removalCount counts the removals within guardWindow, with those that would happen now.
type removalCount struct{ removed, before int }

// shareFrom is the smallest number of removals that can be too large a share.
const shareFrom = 4

// isMoreThan reports whether more than a share of the environments would go.
func (c removalCount) isMoreThan(percent int) bool {
	return c.removed >= shareFrom && 100*c.removed > percent*c.before // guard deletion-guard-share: false
}

// newDeletionGuard counts the environments that lose their label, file or claim now, and those that lost it within
// guardWindow. Environments that are guarded already aren't counted again.
func newDeletionGuard(
	in *input, existing []*desiredEnvironment, pendingMoves map[string]*Remembered, expired map[*desiredEnvironment]*hold,
) *deletionGuard {
	g := &deletionGuard{
		most: in.deletionsAtOnce(), percent: in.deletionsAtOncePercent(), of: map[string]*removalCount{},
		recent: recentRemovals(in, in.memory.Removals), recentOf: maps.Clone(in.memory.RemovalsOf),
	}
	g.all.removed, g.all.before = len(g.recent), len(g.recent)
	for repository, times := range g.recentOf {
		recent := recentRemovals(in, times)
		g.recentOf[repository], g.of[repository] = recent, &removalCount{removed: len(recent), before: len(recent)}
	}
	maps.DeleteFunc(g.recentOf, func(_ string, times []time.Time) bool { return len(times) == 0 })
	for _, e := range in.previous {
		if !e.IsGuarded && !e.IsLease {
			g.countEach(e, func(c *removalCount) { c.before++ })
		}
	}
	count := func(e *Remembered) {
		if in.isCounted(e) {
			g.countEach(e, func(c *removalCount) { c.removed++ })
		}
	}
	for _, desired := range existing {
		if desired.isLost() || expired[desired] != nil {
			count(desired.previous)
		}
	}
	for _, e := range pendingMoves {
		count(e)
	}
	return g
}

func recentRemovals(in *input, times []time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(times), func(t time.Time) bool { return in.now.Sub(t) >= guardWindow })
}

// isCounted reports whether the guard counts the removal of an environment. It was counted before if it is guarded, and
// a confirmed removal isn't a mistake. Nor is the end of a lease, however many end at once.
func (in *input) isCounted(e *Remembered) bool {
	return !e.IsGuarded && !in.isConfirmed(e.Row.Name) && !e.IsLease
}

// countEach changes the counts of all environments and of the repositories of one environment.
func (g *deletionGuard) countEach(e *Remembered, change func(*removalCount)) {
	change(&g.all)
	for _, repository := range e.repositories() {
		if g.of[repository] == nil {
			g.of[repository] = &removalCount{}
		}
		change(g.of[repository])
	}
}

// isActive reports whether too many would go for the removal of an environment now.
func (g *deletionGuard) isActive(e *Remembered) bool {
	return g.all.removed > g.most || // guard deletion-guard: false
		g.largeShareOf(e) != ""
}

// largeShareOf returns the group of the environment of which too large a share would go; empty if there is none.
func (g *deletionGuard) largeShareOf(e *Remembered) string {
	for _, repository := range e.repositories() {
		if c := g.of[repository]; c != nil && c.isMoreThan(g.percent) {
			return "the environments of " + repository
		}
	}
	if g.all.isMoreThan(g.percent) {
		return "all environments"
	}
	return ""
}

// bound returns the bound that the removals exceed, as a part of a sentence.
func (g *deletionGuard) bound(e *Remembered) string {
	if group := g.largeShareOf(e); group != "" && g.all.removed <= g.most {
		return fmt.Sprintf("more than %d%% of %s within 10 minutes", g.percent, group)
	}
	return fmt.Sprintf("more than the %d that may go within 10 minutes", g.most)
}

// isLost reports whether a live environment has lost its label, file or claim. The end of a pull request isn't counted:
// a direct read showed it closed, and no mistake in configuration causes that.
func (d *desiredEnvironment) isLost() bool {
	if !d.isDedicated {
		return d.isAbandoned() && (d.previous.Row.Source != FromPullRequest || d.departed > 0)
	}
	m := d.members[0]
	return d.lacksLabel() && !d.file.Adopted && m.membership != nil && !m.isStillLabelled()
}

// stops reports whether a removal waits for confirmation. A removal that was guarded before stays guarded, however few
// are left of them. A lease goes.
func (g *deletionGuard) stops(e *Remembered) bool {
	if e.IsLease {
		return false
	}
	return e.IsGuarded || // guard guarded-before: false
		g.isActive(e)
}

// withGuardedMoves returns the environments with holds for the pull requests that were guarded before: they stay in
// their dedicated environment.
func withGuardedMoves(
	in *input, environments []*desiredEnvironment, pendingMoves map[string]*Remembered,
) []*desiredEnvironment {
	inactive := &deletionGuard{most: in.deletionsAtOnce(), percent: 100} // it stops only moves that were stopped before
	with := slices.Clone(environments)
	for i, desired := range with {
		isGuarded := func(m *member) bool { return moveHold(in, desired, m, pendingMoves, inactive) != nil }
		if !slices.ContainsFunc(desired.members, isGuarded) {
			continue
		}
		with[i] = desired.withOwnMembers()
		for _, m := range with[i].members {
			m.hold = cmp.Or(m.hold, moveHold(in, desired, m, pendingMoves, inactive))
		}
	}
	return with
}

// moveHold keeps a pull request in its dedicated environment if too many would leave theirs at once.
func moveHold(
	in *input, desired *desiredEnvironment, m *member, pendingMoves map[string]*Remembered, g *deletionGuard,
) *hold {
	dedicated := pendingMoves[m.subject()]
	if dedicated == nil || in.isConfirmed(dedicated.Row.Name) || !g.stops(dedicated) {
		return nil
	}
	return &hold{
		rule: RuleWithheld, needsConfirmation: true, isGuard: true,
		reason: fmt.Sprintf("it would move to %s together with many others, %s", desired.name, g.bound(dedicated)),
		remedy: "undo the label or claim that moves it, or previewctl confirm " + dedicated.Row.Name + " to remove it",
	}
}
