package preview

import (
	"maps"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// scheduler answers which live environments are used, should sleep or should wake.
type scheduler struct {
	in         *input
	lifecycles *lifecycles
	live       *liveSet
}

// schedule returns the states after environments fell asleep: idle ones, those over maxAwake, and those that a person
// sent to sleep. An environment that an awake one links to stays awake.
func (s *scheduler) schedule() runStates {
	states, causes := maps.Clone(s.lifecycles.initial), map[*lifecycle]config.SleepCause{}
	for _, l := range s.alive() {
		if cause := s.sleepCause(l, states[l.name]); cause != "" {
			causes[l] = cause
		}
	}
	staysAwake := func(l *lifecycle) bool { return s.isAwake(l, states) && causes[l] == "" }
	for changed := true; changed; {
		changed = false
		for l := range causes {
			if causes[l] != SleptRevoked &&
				slices.ContainsFunc(l.linkedFrom, staysAwake) { // guard linked: false
				delete(causes, l)
				changed = true
			}
		}
	}
	for l, cause := range causes {
		states[l.name] = states[l.name].changedTo(Asleep, cause, s.in.now)
	}
	return states
}

// alive returns the environments that were live and still are, by name.
func (s *scheduler) alive() []*lifecycle {
	var all []*lifecycle
	for _, name := range slices.Sorted(maps.Keys(s.lifecycles.byName)) {
		if s.live.has(name) {
			all = append(all, s.lifecycles.byName[name])
		}
	}
	return all
}

// isAwake reports whether an environment is live, and awake or waking.
func (s *scheduler) isAwake(l *lifecycle, states runStates) bool {
	return states[l.name].State != Asleep && s.live.has(l.name)
}

// sleepCause returns why an awake environment should sleep now, or "". A person's request needs no measurement, and
// neither does a revoked approval. Nothing keeps the environment awake then.
func (s *scheduler) sleepCause(l *lifecycle, state runState) config.SleepCause {
	switch {
	case l.mustStop(s.in) && state.Why != SleptRevoked: // also if it sleeps: workloads can be kept awake in sleep
		return SleptRevoked
	case state.State == Asleep || l.isKeptAwake() ||
		l.heldUntil().After(s.in.now): // guard kept-awake: false
		return ""
	case l.isSentToSleep():
		return SleptAsked
	case state.State == Waking || !s.isActivityKnown(l):
		return ""
	}
	if at, cause := l.sleepsAt(state); !at.IsZero() &&
		!at.After(s.in.facts.Activity.At) { // guard idle-at-measurement: !at.After(s.in.now)
		return cause
	}
	return ""
}

// isActivityKnown reports whether the recent activity is known, by a reliable clock.
func (s *scheduler) isActivityKnown(l *lifecycle) bool { return l.isMeasured && s.in.isClockReliable() }

// isKeptAwake reports whether the file keeps the environment awake. Argo CD can't stop workloads that are handed over.
func (l *lifecycle) isKeptAwake() bool {
	return isKeptAwake(l.file) // guard stays-awake: false
}

func isKeptAwake(file *config.Environment) bool {
	return file.Lifetime.KeepAwake || len(file.Handover) > 0
}

// isSentToSleep reports whether a person put it to sleep, without a wake request or a push since.
func (l *lifecycle) isSentToSleep() bool {
	slept := l.requests.Slept
	return !slept.IsZero() && !slept.Before(l.requests.Woken) && !slept.Before(l.Pushed)
}

// sleepsAt returns when an environment sleeps without further activity; zero is never.
func (l *lifecycle) sleepsAt(state runState) (at time.Time, cause config.SleepCause) {
	at, cause = l.settings.SleepsAt(l.Active)
	if l.settings.MaxAwake > 0 {
		since := latest(latest(l.Pushed, state.Changed), latest(l.requests.Woken, l.requests.Renewed))
		if most := since.Add(l.settings.MaxAwake); at.IsZero() || most.Before(at) {
			return most, SleptMaxAwake
		}
	}
	return at, cause
}

// wakesNow reports whether a sleeping environment should wake.
func (s *scheduler) wakesNow(l *lifecycle, states runStates) bool {
	state := states[l.name]
	if state.State != Asleep || !l.canWake() {
		return false
	}
	isWoken := !l.requests.Woken.IsZero() && !l.requests.Woken.Before(state.Changed) && !l.isSentToSleep()
	isAwake := func(from *lifecycle) bool { return s.isAwake(from, states) }
	isApprovedAgain := state.Why == SleptRevoked
	isPushed, isReviewed := l.Pushed.After(state.Changed), false
	if state.Why == SleptAtStart { // most previews with a push are never visited
		isPushed, isReviewed = false, l.desired.isReviewRequested() && !l.isSentToSleep()
	}
	return isWoken || isApprovedAgain || isPushed || isReviewed || l.isKeptAwake() ||
		slices.ContainsFunc(l.linkedFrom, isAwake)
}

// canMakeRoom reports whether an environment may sleep for another one. It must be known to be idle.
func (s *scheduler) canMakeRoom(l *lifecycle, states runStates) bool {
	m := s.in.facts.Activity
	isAwake := func(from *lifecycle) bool { return s.isAwake(from, states) }
	return states[l.name].State == Awake && s.isActivityKnown(l) && m.Window > 0 && m.At.Sub(l.Active) >= m.Window &&
		!l.isKeptAwake() &&
		!l.heldUntil().After(s.in.now) && // guard kept-awake-at-limit: true
		!slices.ContainsFunc(l.linkedFrom, isAwake) // guard linked-at-limit: true
}

// sleepsWithLinks returns when an environment sleeps, and all that link to it; zero is unknown or never.
func (s *scheduler) sleepsWithLinks(l *lifecycle, states runStates, seen map[*lifecycle]bool) time.Time {
	seen[l] = true
	state := states[l.name]
	at, _ := l.sleepsAt(state)
	if state.State != Awake || !s.isActivityKnown(l) || l.isKeptAwake() || at.IsZero() {
		return time.Time{}
	}
	at = latest(at, l.heldUntil())
	for _, from := range l.linkedFrom {
		if seen[from] || !s.isAwake(from, states) {
			continue
		}
		theirs := s.sleepsWithLinks(from, states, seen)
		if theirs.IsZero() {
			return time.Time{}
		}
		at = latest(at, theirs)
	}
	return at
}
