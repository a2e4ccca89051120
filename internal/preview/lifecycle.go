package preview

import (
	"time"

	"github.com/previewset/previewset/internal/config"
)

const (
	// clockStep is the longest time between two snapshots that isn't a clock jump or a pause of the generator, and the
	// largest tolerated difference to GitHub's clock.
	clockStep = 5 * time.Minute
	// measuredFor is how long a measurement is current.
	measuredFor = 3 * time.Minute
	// wakesFor is the longest time in state waking, whatever Argo CD reports.
	wakesFor = 15 * time.Minute
)

// lifecycle is a live environment with its activity and requests. Its state is in runStates, because later steps
// decide about it.
type lifecycle struct {
	Life
	name       string
	previous   *Remembered         // nil if it is new
	desired    *desiredEnvironment // nil if nothing asks for it now
	pushes     pushes
	file       *config.Environment
	profile    string
	settings   *config.LifetimeSettings
	requests   Requests
	isMeasured bool // its recent activity is known
	approval   runningApproval
	// linksTo are the environments that it links to, linkedFrom those that link to it.
	linksTo, linkedFrom []*lifecycle
}

// runState is the state of a live environment.
type runState struct {
	State    State
	Changed  time.Time
	Why      config.SleepCause
	Ticket   int // order in the queue if it waits to wake; else 0
	Took     time.Duration
	position int // the number that users see: its position in the queue now; else 0
}

// newRunState is the first state of an environment.
func newRunState(state State, now time.Time) runState {
	s := runState{State: state, Changed: now.UTC()}
	if state == Asleep {
		s.Why = SleptAtStart
	}
	return s
}

// changedTo returns the state after a change.
func (s runState) changedTo(state State, why config.SleepCause, now time.Time) runState {
	return runState{State: state, Changed: now.UTC(), Why: why, Took: s.Took}
}

// runStates are the states of the live environments by name.
type runStates map[string]runState

// lifecycles are the activity of the environments that were live.
type lifecycles struct {
	in       *input
	byName   map[string]*lifecycle
	initial  runStates // before this snapshot puts any to sleep or wakes any
	pushes   map[*desiredEnvironment]pushes
	desired  map[string]*desiredEnvironment // by name
	measured measurement
}

// updateLifecycles finds the activity of each environment that was live.
func updateLifecycles(in *input, ids *identities, environments []*desiredEnvironment) *lifecycles {
	ls := &lifecycles{
		in: in, byName: make(map[string]*lifecycle, len(in.previous)), initial: make(runStates, len(in.previous)),
		pushes:   make(map[*desiredEnvironment]pushes, len(environments)),
		desired:  make(map[string]*desiredEnvironment, len(environments)),
		measured: measure(in),
	}
	for _, desired := range environments {
		ls.pushes[desired] = findPushes(in, desired)
		if desired.previous != nil || ls.desired[desired.name] == nil {
			ls.desired[desired.name] = desired
		}
	}
	for name, previous := range in.previous {
		ls.update(name, previous)
	}
	ls.findLinks(previousTargets(in, ids))
	ls.propagateActivity()
	return ls
}

// newLife is the life of a new environment, or of one that memory doesn't know. It counts as just used.
func newLife(in *input) Life {
	now := in.now.UTC()
	return Life{Since: now.Truncate(time.Second), Unsure: !in.isClockReliable(), Changed: now, Pushed: now, Active: now}
}

// update finds the activity of one environment.
func (ls *lifecycles) update(name string, previous *Remembered) {
	in, now := ls.in, ls.in.now.UTC()
	l := &lifecycle{
		name: name, previous: previous, desired: ls.desired[name], file: in.file(name), profile: previous.Row.Profile,
		settings: in.cfg.LifetimeIn(previous.Row.Profile, in.file(name)), requests: in.memory.Requests[name],
	}
	l.pushes = ls.pushes[l.desired]
	ls.byName[name] = l
	life, ok := in.memory.Lives[name]
	if l.Life = life; !ok {
		l.Life = newLife(in)
		if in.memory.At.IsZero() { // memory was lost, so it may have been extended for any time
			l.requests.Renewed, l.requests.ExpiresNotBefore = now, now.Add(forEver)
		}
	}
	if l.Unsure && in.isClockReliable() {
		l.Since, l.Unsure = now.Truncate(time.Second), false
	}
	if l.desired != nil {
		l.recordPushes(now)
		if l.desired.source() == FromFile && previous.Row.Source != FromFile { // its fixed end counts from now on
			l.Since, l.Unsure = now.Truncate(time.Second), !in.isClockReliable()
		}
	}
	l.Active = latest(l.Active, latest(l.Pushed, latest(l.requests.Woken, l.requests.Renewed)))
	l.recordApproval(checkRunning(in, previous))
	state := runState{State: previous.Row.State, Changed: l.Changed, Why: l.Why, Ticket: l.Ticket, Took: l.Took}
	l.recordActivity(in, ls.measured, state)
	ls.initial[name] = finishWaking(in, name, state)
}

// isLease reports whether an environment is a lease. One that nothing asks for now is what it was.
func (l *lifecycle) isLease() bool {
	if l.desired != nil && !l.desired.isAbandoned() {
		return l.desired.isLease()
	}
	return l.previous != nil && l.previous.IsLease
}

// recordPushes notes new commits, and that the environment is asked for again.
func (l *lifecycle) recordPushes(now time.Time) {
	if p := l.pushes; p.isKnown && p.heads != l.Heads {
		if l.Heads != "" && isPush(p.heads, l.Heads) {
			l.Pushed = now
		}
		l.Heads = p.heads
	}
	if !l.desired.isAbandoned() {
		l.Closed = time.Time{}
	}
}

// recordActivity notes the last activity. Unknown activity counts as use. An environment that sleeps is an exception:
// it can only be visited, and visits are requests.
func (l *lifecycle) recordActivity(in *input, m measurement, s runState) {
	used, ok := in.facts.Activity.isUsed(in.cfg, l.previous.Row)
	l.isMeasured = m.isCurrent && // guard measurement-is-new: true
		ok // guard namespace-is-measured: true
	switch {
	case l.isMeasured && used:
		l.Active = latest(l.Active, in.facts.Activity.At.UTC())
	case l.isMeasured && (s.State != Asleep || s.Changed.After(in.memory.Measured)): // else it slept through the gap
		l.Active = latest(l.Active, m.gap) // guard gap: skip
	case !l.isMeasured && s.State != Asleep: // guard unknown-use: false
		l.Active = latest(l.Active, in.now.UTC())
	}
	if len(l.file.Handover) > 0 { // the use by a developer's tools isn't measured
		l.Active = latest(l.Active, in.now.UTC())
	}
}

// finishWaking returns the state of an environment after Argo CD found it ready, or after wakesFor.
func finishWaking(in *input, name string, s runState) runState {
	took := in.now.Sub(s.Changed)
	isSettled := in.facts.Settled[name]
	if s.State != Waking || !isSettled && took < wakesFor {
		return s
	}
	if isSettled {
		s.Took = max(took, 0)
	}
	return s.changedTo(Awake, "", in.now)
}

// recordApproval notes when an approval was first seen revoked. An unknown approval changes nothing.
func (l *lifecycle) recordApproval(checked runningApproval) {
	l.approval = checked
	switch checked.is {
	case approved:
		l.Revoked = time.Time{}
	case revoked:
		if l.Revoked.IsZero() {
			l.Revoked = checked.readAt
		}
	case approvalUnknown:
	}
}

// canWake is false from the first read that shows a revoked approval.
func (l *lifecycle) canWake() bool { return l.Revoked.IsZero() }

// mustStop reports whether a read after the grace still shows the revoked approval. A read before the clock jumped back
// may be the first one.
func (l *lifecycle) mustStop(in *input) bool {
	read := l.approval.readAt
	return l.approval.is == revoked && read.After(l.Revoked) && in.isSince(read, l.stopsAt(in))
}

// stopsAt returns when the grace of a revoked approval ends; zero if there is none.
func (l *lifecycle) stopsAt(in *input) time.Time {
	if l.Revoked.IsZero() {
		return time.Time{}
	}
	return l.Revoked.Add(in.cfg.Policy.PullRequests.GraceOfApproval())
}

// revocationReason explains a revoked approval; empty if there is none.
func (l *lifecycle) revocationReason(in *input, state State) string {
	if l.Revoked.IsZero() {
		return ""
	}
	reason := l.approval.reason
	if reason == "" {
		reason = "a commit from a fork runs in it, and isn't approved any more"
	}
	if state == Asleep {
		return "it can't wake: " + reason
	}
	return "it stops at " + moment(l.stopsAt(in)) + ": " + reason
}

// measurement tells for which time the newest measurement counts.
type measurement struct {
	isCurrent bool
	gap       time.Time // the end of the time without measurement; zero if there is none
	until     time.Time // activity is known until then, with gaps counted as use
}

func measure(in *input) measurement {
	m := in.facts.Activity
	if age := in.now.Sub(m.At); m.At.IsZero() ||
		age < 0 || age > measuredFor { // guard old-measurement: false
		return measurement{until: in.memory.Measured}
	}
	measured := measurement{isCurrent: true, until: latest(in.memory.Measured, m.At.UTC())}
	if begins := m.At.Add(-m.Window); begins.After(in.memory.Measured) {
		measured.gap = begins.UTC()
	}
	return measured
}

// findLinks connects the environments that link to each other, as the last snapshot had them.
func (ls *lifecycles) findLinks(targets linkTargets) {
	for name, l := range ls.byName {
		for service := range l.file.Links {
			if _, runs := l.previous.Run[service]; runs {
				continue
			}
			target, _ := targets.follow(name, service)
			if to := ls.byName[target]; to != nil && to != l {
				l.linksTo, to.linkedFrom = append(l.linksTo, to), append(to.linkedFrom, l)
			}
		}
	}
}

// propagateActivity counts activity also for all environments that the active one links to.
func (ls *lifecycles) propagateActivity() {
	var next []*lifecycle
	for _, l := range ls.byName {
		if len(l.linksTo) > 0 {
			next = append(next, l)
		}
	}
	for len(next) > 0 {
		l := next[0]
		next = next[1:]
		for _, to := range l.linksTo {
			if l.Active.After(to.Active) {
				to.Active = l.Active
				next = append(next, to)
			}
		}
	}
}
