package preview

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// Why an environment sleeps, as Life.Why has it.
const (
	sleptMaxAwake = "max-awake"
	sleptAsked    = "asked"
	sleptForRoom  = "limit"
)

// wakesFor is how long an environment is waking at most, whatever Argo CD says.
const wakesFor = 15 * time.Minute

const limitAwake = "awake"

// state is the one that an environment has until everything is decided.
func (w *wish) state() string {
	if w.was == nil {
		return Awake
	}
	return w.was.Row.State
}

// settled ends the waking of an environment.
func (r *resolver) settled(l *living) {
	took := r.now.Sub(l.Changed)
	if l.state != Waking || !r.facts.Settled[l.name] && took < wakesFor {
		return
	}
	if r.facts.Settled[l.name] {
		l.Took = max(took, 0)
	}
	l.become(Awake, r.now)
}

func (l *living) become(state string, now time.Time) {
	l.state, l.Changed, l.Why, l.Place = state, now.UTC(), "", 0
}

// decideInTurn decides about what is live, which of it sleeps, and then, in order, about what wants to wake or to be new.
func (r *resolver) decideInTurn(wishes []*wish) {
	fresh := slices.IndexFunc(wishes, func(w *wish) bool { return w.was == nil })
	if fresh < 0 {
		fresh = len(wishes)
	}
	for _, w := range wishes[:fresh] {
		r.decide(w)
	}
	r.sleep()
	type turn struct {
		place int
		take  func()
	}
	var turns []turn
	for _, l := range r.wakers() {
		turns = append(turns, turn{cmp.Or(l.Place, math.MaxInt-1), func() { r.wake(l) }})
	}
	for _, w := range wishes[fresh:] {
		_, place := r.rank(w)
		turns = append(turns, turn{cmp.Or(place, math.MaxInt), func() { r.decide(w); r.wakeTargets(w.name) }})
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return cmp.Compare(a.place, b.place) })
	for _, t := range turns {
		t.take()
	}
}

// alive are the environments that were live and still are, by name.
func (r *resolver) alive() []*living {
	var all []*living
	for _, name := range slices.Sorted(maps.Keys(r.lives)) {
		if _, ok := r.snapshot.Memory.Environments[name]; ok {
			all = append(all, r.lives[name])
		}
	}
	return all
}

// sleep sends those to sleep that nobody uses. What an awake environment leads to stays awake with it.
func (r *resolver) sleep() {
	why := map[*living]string{}
	for _, l := range r.alive() {
		if reason := r.sleepy(l); reason != "" {
			why[l] = reason
		}
	}
	for again := true; again; {
		again = false
		for l := range why {
			// guard linked: false
			if slices.ContainsFunc(l.linkers, func(from *living) bool { return from.state != Asleep && why[from] == "" && r.isLive(from) }) {
				delete(why, l)
				again = true
			}
		}
	}
	for l, reason := range why {
		r.fallAsleep(l, reason)
	}
}

func (r *resolver) isLive(l *living) bool {
	_, ok := r.snapshot.Memory.Environments[l.name]
	return ok
}

func (r *resolver) fallAsleep(l *living, why string) {
	l.become(Asleep, r.now)
	l.Why = why
	r.tally.awake--
}

// sleepy is why an awake environment is to sleep; empty where it isn't. Somebody's word needs no measurement.
func (r *resolver) sleepy(l *living) string {
	switch {
	case l.state == Asleep || l.staysAwake() ||
		l.held().After(r.now): // guard kept-awake: false
		return ""
	case l.isAsked():
		return sleptAsked
	case l.state == Waking || !r.knows(l):
		return ""
	}
	if at, why := l.sleepsAt(); !at.IsZero() &&
		!at.After(r.facts.Activity.At) { // guard idle-at-measurement: !at.After(r.now)
		return why
	}
	return ""
}

// knows says whether it is known how an environment is used, by a clock that can be trusted.
func (r *resolver) knows(l *living) bool { return l.measured && r.agrees() }

// staysAwake says whether its file keeps an environment awake. What is handed over, Argo CD can't stop.
func (l *living) staysAwake() bool {
	return l.file.Lifetime.KeepAwake || len(l.file.Handover) > 0 // guard stays-awake: false
}

// held is until when somebody keeps an environment awake.
func (l *living) held() time.Time {
	if most := l.intent.Woken.Add(l.rules.MaxHold()); l.intent.Held.After(most) {
		return most
	}
	return l.intent.Held
}

// isAsked says whether somebody sent an environment to sleep, and nobody woke it or pushed since.
func (l *living) isAsked() bool {
	slept := l.intent.Slept
	return !slept.IsZero() && !slept.Before(l.intent.Woken) && !slept.Before(l.Pushed)
}

// sleepsAt is when an environment sleeps, if nobody uses it any more; zero is never.
func (l *living) sleepsAt() (at time.Time, why string) {
	at, why = l.rules.SleepsAt(l.Active)
	if l.rules.MaxAwake > 0 {
		since := latest(latest(l.Pushed, l.Changed), latest(l.intent.Woken, l.intent.Renewed))
		if most := since.Add(l.rules.MaxAwake); at.IsZero() || most.Before(at) {
			return most, sleptMaxAwake
		}
	}
	return at, why
}

// wakers are those that are to wake, in the order in which they fell asleep.
func (r *resolver) wakers() []*living {
	all := slices.DeleteFunc(r.alive(), func(l *living) bool { return !r.wakes(l) })
	slices.SortStableFunc(all, func(a, b *living) int { return cmp.Compare(a.Place, b.Place) })
	return all
}

// wakes says whether a sleeping environment is to wake.
func (r *resolver) wakes(l *living) bool {
	if l.state != Asleep {
		return false
	}
	woken := !l.intent.Woken.IsZero() && !l.intent.Woken.Before(l.Changed) && !l.isAsked()
	return woken || l.Pushed.After(l.Changed) || l.staysAwake() ||
		slices.ContainsFunc(l.linkers, func(from *living) bool { return from.state != Asleep && r.isLive(from) })
}

// wake wakes an environment, and all that it leads to, where there is room; else it waits.
func (r *resolver) wake(l *living) {
	if l.state != Asleep {
		return
	}
	if most := r.Policy.Limits.Awake; most > 0 && r.tally.awake >= most && !r.makeRoom() {
		r.tally.waiting[limitAwake+" "]++
		l.waits = r.tally.waiting[limitAwake+" "]
		if l.Place == 0 {
			r.tally.lastPlace++
			l.Place = r.tally.lastPlace
		}
		return
	}
	l.become(Waking, r.now)
	r.tally.awake++
	for _, to := range l.links {
		r.wake(to)
	}
}

// wakeTargets wakes what a new environment leads to.
func (r *resolver) wakeTargets(name string) {
	e, ok := r.snapshot.Memory.Environments[name]
	if !ok {
		return
	}
	for _, service := range slices.Sorted(maps.Keys(r.file(name).Links)) {
		if _, runs := e.Run[service]; runs {
			continue
		}
		target, _ := r.follow(name, service, r.present())
		if to := r.lives[target]; to != nil && r.isLive(to) {
			r.wake(to)
		}
	}
}

func (r *resolver) awake(t tally) limit {
	return limit{limitAwake, "awake are", "", t.awake, r.Policy.Limits.Awake}
}

// makeRoom sends the environment to sleep that was idle for longest, where configuration says so and one is known to be
// idle. A limit never ends one.
func (r *resolver) makeRoom() bool {
	if r.Policy.Limits.WhenFull != config.WhenFullSleepIdlest {
		return false
	}
	if r.room == nil {
		r.room = slices.DeleteFunc(r.alive(), func(l *living) bool { return !r.mayMakeRoom(l) })
		slices.SortStableFunc(r.room, func(a, b *living) int { return a.Active.Compare(b.Active) })
	}
	for len(r.room) > 0 {
		l := r.room[0]
		r.room = r.room[1:]
		if r.mayMakeRoom(l) {
			r.fallAsleep(l, sleptForRoom)
			return true
		}
	}
	return false
}

func (r *resolver) mayMakeRoom(l *living) bool {
	m := r.facts.Activity
	return l.state == Awake && r.knows(l) && m.Window > 0 && m.At.Sub(l.Active) >= m.Window && !l.staysAwake() &&
		!l.held().After(r.now) && // guard kept-awake-at-limit: true
		// guard linked-at-limit: true
		!slices.ContainsFunc(l.linkers, func(from *living) bool { return from.state != Asleep && r.isLive(from) })
}

// settle gives every live environment its state, and remembers its life.
func (r *resolver) settle() {
	m := &r.snapshot.Memory
	for name, e := range m.Environments {
		l := r.lives[name]
		if l == nil {
			l = &living{Life: r.beginLife(), name: name, intent: r.memory.Intents[name], wish: r.asked[name], file: r.file(name), profile: e.Row.Profile, rules: r.LifetimeOf(e.Row.Profile), state: e.Row.State}
			if l.wish != nil {
				l.listen(l.Pushed)
			}
			r.lives[name] = l
		}
		if e.Row.State != l.state {
			e.Row = e.Row.in(l.state)
			m.Environments[name] = e
		}
		m.Lives[name] = l.Life
	}
	for name, i := range r.memory.Intents {
		_, live := m.Environments[name]
		if r.was[name] == nil {
			i.Slept = time.Time{} // whoever brings it back wants it awake
		}
		if live {
			i = r.lives[name].remembered(i)
		}
		if _, left := m.Left[name]; live || left || r.waits(name) {
			m.Intents[name] = i
		}
	}
	r.announce()
}

// remembered is what counts of an intent from now on: of what was asked for no more than may be, and of one who sent it to
// sleep nothing once it wakes, whoever woke it.
func (l *living) remembered(i Intent) Intent {
	i.Held, i.Extended = l.held(), l.extended()
	if l.state == Waking && i.Slept.Before(l.Changed) {
		i.Slept = time.Time{}
	}
	return i
}

// waits says whether what isn't live is still asked for: what somebody extended comes back as soon as there is room.
func (r *resolver) waits(name string) bool {
	w := r.asked[name]
	return w != nil && w.was == nil && !r.unlabelled(w)
}

// in is a row in another state. All that a state adds is at the end of its patches, and the same for every environment; so
// this works also for an environment that can't be put together now.
func (r Row) in(state string) Row {
	of := func(state string) []Patch {
		k := composer{plan: Plan{State: state}}
		k.state()
		return k.k.Patches
	}
	all := of(Asleep) // of whatever version of these patches
	patches := slices.DeleteFunc(slices.Clone(r.Kustomize.Patches), func(p Patch) bool {
		return slices.ContainsFunc(all, func(of Patch) bool { return of.Target == p.Target })
	})
	r.Kustomize.Patches, r.State = slices.Concat(patches, of(state)), state
	return r
}

// announce says of every live environment which state it is in, and what comes.
func (r *resolver) announce() {
	for i := range r.snapshot.Decisions {
		d := &r.snapshot.Decisions[i]
		l := r.lives[d.Environment]
		if d.Outcome != Live || l == nil {
			continue
		}
		d.State = l.state
		if said := r.stateReason(l); said != "" {
			d.Reason += "; " + said
			d.Remedy = cmp.Or(d.Remedy, l.remedy())
		}
		d.SleepsAt, d.ExpiresAt, d.ExpiresAnyway = r.coming(l)
		if l.state == Asleep {
			r.decidedAsleep(d, l)
		}
	}
}

// decidedAsleep makes the decision about what is live that about what sleeps, since it fell asleep: who wakes it, makes it
// live anew.
func (r *resolver) decidedAsleep(d *Decision, l *living) {
	d.Outcome, d.Since = Asleep, l.Changed.UTC().Truncate(time.Second)
	about := d.subject()
	is := r.snapshot.Memory.Since[about]
	is.Outcome, is.Since = d.Outcome, d.Since
	r.snapshot.Memory.Since[about] = is
}

func (l *living) remedy() string {
	if l.state != Asleep || l.waits > 0 {
		return ""
	}
	return "visit it, push to it, or previewctl wake " + l.name
}

func (r *resolver) stateReason(l *living) string {
	switch {
	case l.waits > 0:
		return fmt.Sprintf("it is to wake, and awake are %d environments, and limits.awake is %d; it is number %d in the queue", r.tally.awake, r.Policy.Limits.Awake, l.waits)
	case l.state == Waking:
		return "it is waking since " + moment(l.Changed)
	case l.state != Asleep:
		return ""
	}
	why := map[string]string{
		config.SleptIdle:    "nobody used it",
		config.SleptOutside: "working hours were over, and nobody used it",
		sleptMaxAwake:       "it was awake for as long as lifetime.sleep.maxAwake allows without a push, a visit or an extension",
		sleptAsked:          "somebody sent it to sleep",
		sleptForRoom:        "another one needed its place, and nobody used it",
	}[l.Why]
	return "it sleeps since " + moment(l.Changed) + because(why)
}

// sleepsWith is when an environment sleeps, and all that lead to it; zero is that nobody knows, or never.
func (r *resolver) sleepsWith(l *living, seen map[*living]bool) time.Time {
	seen[l] = true
	at, _ := l.sleepsAt()
	if l.state != Awake || !r.knows(l) || l.staysAwake() || at.IsZero() {
		return time.Time{}
	}
	at = latest(at, l.held())
	for _, from := range l.linkers {
		if seen[from] || from.state == Asleep || !r.isLive(from) {
			continue
		}
		theirs := r.sleepsWith(from, seen)
		if theirs.IsZero() {
			return time.Time{}
		}
		at = latest(at, theirs)
	}
	return at
}

// coming is when an environment sleeps and ends, if nobody uses it any more.
func (r *resolver) coming(l *living) (sleeps, ends *time.Time, anyway bool) {
	said := func(t time.Time) *time.Time {
		if t.IsZero() || !r.agrees() {
			return nil
		}
		t = latest(t, r.now).UTC().Truncate(time.Second)
		return &t
	}
	sleeps = said(r.sleepsWith(l, map[*living]bool{}))
	if !l.Closed.IsZero() {
		ends = said(l.graceEnds())
		return sleeps, ends, ends != nil
	}
	at, rule := r.endsAt(l)
	anyway = rule == ruleExpired
	if released := r.released(l.name); !released.IsZero() && (at.IsZero() || released.Before(at)) {
		at, anyway = released, true
	}
	ends = said(at)
	return sleeps, ends, ends != nil && anyway
}
