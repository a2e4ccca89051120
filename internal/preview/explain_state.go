package preview

import (
	"cmp"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// sleepReasons are the causes of sleep in words.
var sleepReasons = map[config.SleepCause]string{
	config.SleptIdle:    "it had no activity",
	config.SleptOutside: "it had no activity outside of working hours",
	SleptMaxAwake: "it was awake for as long as lifetime.sleep.maxAwake allows without a push, a visit or an " +
		"extension",
	SleptAsked:     "a person put it to sleep",
	SleptRevoked:   "a commit from a fork in it isn't approved any more",
	SleptPreempted: "it is a lease, and another environment needed its place",
	SleptAtStart:   "its profile starts asleep, and it wakes on the first visit",
	SleptForLimit:  "it had no activity, and another environment needed its place",
}

// stateExplainer explains the state of live environments.
type stateExplainer struct {
	*resolved
	scheduler *scheduler
}

// describe adds to the decision about a live environment its links, its state, and when it sleeps and ends.
func (e stateExplainer) describe(d *Decision, l *lifecycle) {
	for _, note := range e.linked.notes[l.name] {
		d.Reason += "; " + config.Printable(note)
	}
	state := e.states[l.name]
	d.State = state.State
	if reason := l.revocationReason(e.input, state.State); reason != "" {
		d.Reason += "; " + config.Printable(reason)
		d.Remedy = cmp.Or(d.Remedy, reapproveRemedy)
	}
	if reason := e.stateReason(state); reason != "" {
		d.Reason += "; " + reason
		d.Remedy = cmp.Or(d.Remedy, wakeRemedy(l.name, state))
	}
	if state.position > 0 {
		d.Queue = state.queuePlace()
	}
	since := l.Since.UTC().Truncate(time.Second)
	d.LiveSince, d.SlotClaim = &since, e.slotClaim(l.name)
	d.SleepsAt = e.announced(e.nextSleep(l, state))
	ends, isFixed := e.endOf(l, state)
	d.ExpiresAt = e.announced(ends)
	d.ExpiresAnyway = d.ExpiresAt != nil && isFixed
	if state.State == Asleep {
		d.Outcome, d.Since = AsleepOutcome, state.Changed.UTC().Truncate(time.Second)
		d.NotStarted = state.Why == SleptAtStart
	}
}

// nextSleep returns when an environment sleeps without further use; zero is unknown or never.
func (e stateExplainer) nextSleep(l *lifecycle, state runState) time.Time {
	at, stops := e.scheduler.sleepsWithLinks(l, e.states, map[*lifecycle]bool{}), l.stopsAt(e.input)
	if state.State == Asleep || stops.IsZero() || !at.IsZero() && at.Before(stops) {
		return at
	}
	return stops
}

func wakeRemedy(name string, state runState) string {
	if state.State != Asleep || state.position > 0 {
		return ""
	}
	if state.Why == SleptAtStart {
		return "visit it, request a review of its pull request, or previewctl wake " + name
	}
	return "visit it, push to it, or previewctl wake " + name
}

// queuePlace is the place of a sleeping environment that waits to wake.
func (s runState) queuePlace() *QueuePlace {
	return &QueuePlace{Name: string(limitAwake), Position: s.position}
}

func (e stateExplainer) stateReason(state runState) string {
	switch {
	case state.position > 0:
		return "it waits to wake: " + reachedText(limitAwake, e.cfg.Policy.Limits.Awake, *state.queuePlace())
	case state.State == Waking:
		return "it has been waking since " + moment(state.Changed)
	case state.State != Asleep:
		return ""
	}
	return "it has been asleep since " + moment(state.Changed) + because(sleepReasons[state.Why])
}

// announced returns a future time for a decision; nil if it is unknown.
func (e stateExplainer) announced(t time.Time) *time.Time {
	if t.IsZero() || !e.isClockReliable() {
		return nil
	}
	t = latest(t, e.now).UTC().Truncate(time.Second)
	return &t
}

// endOf returns when an environment ends without further activity. isFixed is true if activity doesn't move it.
func (e stateExplainer) endOf(l *lifecycle, state runState) (at time.Time, isFixed bool) {
	if !l.Closed.IsZero() {
		return l.graceEnd(e.now), true
	}
	at, rule := e.lifecycles.expiry(l, state.State)
	isFixed = rule == RuleExpired
	if released := e.slotReleasedAt(l.name); !released.IsZero() && (at.IsZero() || released.Before(at)) {
		return released, true
	}
	return at, isFixed
}
