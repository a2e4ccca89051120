package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// limiter wakes and creates environments in order of arrival, as far as the limits allow. At limits.awake it puts the
// longest idle environment to sleep, if limits.whenFull says so.
type limiter struct {
	in                *input
	lifecycles        *lifecycles
	live              *liveSet
	reconciler        *reconciler
	scheduler         *scheduler
	previouslyExpired map[string]Expired // removed by their lifetime before, and still asked for in the same way
	states            runStates
	// awakeChange is the number of environments that woke, less those that fell asleep. The live set doesn't count them.
	awakeChange int
	waiting     map[string]int // the length of each queue
	lastTicket  int            // the highest ticket
	room        []*lifecycle   // environments that may sleep for others, the longest idle first; nil if not known yet
}

// turn is an environment in the order of arrival. Of both fields one is set.
type turn struct {
	ticket int
	wakes  *lifecycle
	fresh  *desiredEnvironment
}

func newLimiter(r *reconciler, s *scheduler, states runStates, previouslyExpired map[string]Expired) *limiter {
	in := r.in
	l := &limiter{
		in: in, lifecycles: r.lifecycles, live: r.live, reconciler: r, scheduler: s,
		previouslyExpired: previouslyExpired, states: maps.Clone(states), waiting: map[string]int{},
	}
	for name, state := range states {
		if state.State == Asleep && r.lifecycles.initial[name].State != Asleep {
			l.awakeChange--
		}
	}
	for _, decided := range in.memory.Since {
		l.lastTicket = max(l.lastTicket, decided.Ticket)
	}
	for _, life := range in.memory.Lives {
		l.lastTicket = max(l.lastTicket, life.Ticket)
	}
	return l
}

// limit takes the turns of the environments that should wake, and of the new ones.
func (l *limiter) limit(fresh []*desiredEnvironment, decided map[string]Decided) {
	for _, t := range l.turns(fresh, decided) {
		if t.wakes != nil {
			l.wake(t.wakes)
		} else {
			l.create(t.fresh)
		}
	}
}

// turns returns the environments that should wake or begin, in order of arrival.
func (l *limiter) turns(fresh []*desiredEnvironment, decided map[string]Decided) []turn {
	wakers := slices.DeleteFunc(l.scheduler.alive(), func(c *lifecycle) bool { return !l.scheduler.wakesNow(c, l.states) })
	turns := make([]turn, 0, len(wakers)+len(fresh))
	for _, w := range wakers {
		turns = append(turns, turn{ticket: cmp.Or(l.states[w.name].Ticket, wakesLast), wakes: w})
	}
	for _, desired := range fresh {
		turns = append(turns, turn{ticket: cmp.Or(desired.ticket(decided), createsLast), fresh: desired})
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return cmp.Compare(a.ticket, b.ticket) })
	return turns
}

// create makes a new environment, if its lifetime isn't over and no limit is reached.
func (l *limiter) create(desired *desiredEnvironment) {
	for next := desired; next != nil; {
		p, expired := l.reconciler.propose(next), (*Expired)(nil)
		if p.hold == nil && next.previous == nil {
			if expired = l.expiredBefore(next, p.desired); expired != nil {
				p.hold = &hold{rule: expired.Rule, reason: expired.Reason, remedy: comeBackRemedy(l.in.cfg, next.name, l.in.now)}
			} else {
				p.hold = l.limitHold(p.desired, p.planned.row().State) // guard limits: nil
			}
		}
		res := l.reconciler.conclude(p)
		res.expired = expired
		next = l.reconciler.add(res).followUp
	}
	if _, isOld := l.states[desired.name]; !isOld && l.live.has(desired.name) {
		l.states[desired.name] = newRunState(l.live.environments[desired.name].Row.State, l.in.now)
	}
	if l.states[desired.name].State != Asleep {
		l.wakeTargets(desired.name)
	}
}

// expiredBefore returns the entry of an environment that its lifetime took away, or that is over before it begins.
// The copy has the final holds of the members.
func (l *limiter) expiredBefore(desired, final *desiredEnvironment) *Expired {
	if left, ok := l.previouslyExpired[desired.name]; ok {
		return &left
	}
	end := desired.file.Lifetime.Expires
	if end == nil || !l.in.isClockReliable() || end.After(l.in.now) || isExtended(l.in, desired.name) {
		return nil
	}
	return &Expired{
		Rule: RuleExpired, Reason: "it expired at " + moment(*end), Heads: l.lifecycles.pushes[desired].heads,
		Members: final.rememberedMembers(l.in.cfg.Policy.PullRequests),
	}
}

// limitName is a key of limits.
type limitName string

// limitCount is a limit with the number of environments that count for it.
type limitCount struct {
	name         limitName
	who, queue   string // the owner or repository that it counts for, in words and as a key
	have, atMost int
}

// The limits.
const (
	limitEnvironments  limitName = "environments"
	limitPerOwner      limitName = "perOwner"
	limitPerRepository limitName = "perRepository"
	limitLeases        limitName = "leases"
	limitAwake         limitName = "awake"
)

// limitHold holds a new environment if a limit is reached. One that starts asleep needs no place among those awake.
func (l *limiter) limitHold(desired *desiredEnvironment, state State) *hold {
	for _, c := range l.limitCounts(desired) {
		if c.atMost == 0 || c.have < c.atMost ||
			c.name == limitAwake && (state == Asleep || l.makeRoom(desired.isLease())) {
			continue
		}
		place := &QueuePlace{Name: string(c.name), For: c.who, Position: l.enqueue(c.name, c.queue)}
		return &hold{
			rule: RuleLimit, queue: place, reason: reachedText(c.name, c.atMost, *place), remedy: c.roomRemedy(desired.isFromFile),
		}
	}
	return nil
}

// reachedText says that a limit is reached, and the place in its queue.
func reachedText(name limitName, atMost int, place QueuePlace) string {
	by := ""
	if place.For != "" {
		by = " by " + place.For
	}
	return fmt.Sprintf("limits.%s (%d) is reached%s; %s", name, atMost, by, place)
}

// roomRemedy returns how a person makes room. The person with a file may have no pull request, but may have other files.
func (c limitCount) roomRemedy(isFromFile bool) string {
	if !isFromFile || c.name == limitAwake || c.name == limitLeases {
		return c.remedyOfPullRequest()
	}
	return "wait, or end another environment" + c.sameAs() + ": previewctl delete NAME, or close or unlabel its pull request"
}

func (c limitCount) sameAs() string {
	switch c.name {
	case limitPerOwner:
		return " of the same owner"
	case limitPerRepository:
		return " of the same repository"
	case limitAwake, limitEnvironments, limitLeases:
	}
	return ""
}

// remedyOfPullRequest returns how the author of a pull request makes room.
func (c limitCount) remedyOfPullRequest() string {
	switch c.name {
	case limitAwake:
		return "wait, or send another environment to sleep"
	case limitPerOwner:
		return "wait, or close or unlabel another pull request of the same owner"
	case limitPerRepository:
		return "wait, or close or unlabel another pull request of the same repository"
	case limitLeases:
		return "wait, or end another lease with previewctl release"
	case limitEnvironments:
	}
	return "wait, or close or unlabel the pull request of another environment"
}

// enqueue returns the next position in a queue.
func (l *limiter) enqueue(name limitName, queue string) int {
	key := string(name) + " " + queue
	l.waiting[key]++
	return l.waiting[key]
}

func (l *limiter) limitCounts(desired *desiredEnvironment) []limitCount {
	limits, u := l.in.cfg.Policy.Limits, l.countsFor(desired)
	ofAwake := limitCount{limitAwake, "", "", u.awake + l.awakeChange, limits.Awake}
	if desired.isLease() {
		return []limitCount{{limitLeases, "", "", u.leases, limits.Leases}, ofAwake}
	}
	counts := []limitCount{{limitEnvironments, "", "", u.all, limits.Environments}}
	owner := desired.limitOwner()
	if key := strings.ToLower(owner); desired.claim == nil && (!desired.isFromFile || key != "") {
		counts = append(counts,
			limitCount{
				limitPerOwner, cmp.Or(config.Printable(owner), "a deleted account"), key, u.perOwner[key],
				limits.PerOwner,
			})
	}
	if desired.source() == FromPullRequest {
		seen := map[string]bool{}
		for _, m := range desired.members {
			if !seen[m.key] && (desired.isDedicated || m.hold == nil) {
				counts = append(counts,
					limitCount{limitPerRepository, m.repository, m.key, u.perRepository[m.key], limits.PerRepository})
			}
			seen[m.key] = true
		}
	}
	return append(counts, ofAwake)
}

// countsFor counts also dedicated environments that stay until their pull request has moved, but not those of pull
// requests that move to this one.
func (l *limiter) countsFor(desired *desiredEnvironment) liveCounts {
	if len(l.reconciler.pendingMoves) == 0 {
		return l.live.counts
	}
	u := l.live.counts.clone()
	for about, e := range l.reconciler.pendingMoves {
		if !slices.ContainsFunc(desired.members, func(m *member) bool { return m.hold == nil && m.subject() == about }) {
			u.count(e)
		}
	}
	return u
}

func (l *limiter) awakeCount() int { return l.live.counts.awake + l.awakeChange }

// wake wakes an environment, and all that it links to. At limits.awake it waits.
func (l *limiter) wake(c *lifecycle) {
	state := l.states[c.name]
	if state.State != Asleep || !c.canWake() {
		return
	}
	if most := l.in.cfg.Policy.Limits.Awake; most > 0 && l.awakeCount() >= most && !l.makeRoom(c.isLease()) {
		state.position = l.enqueue(limitAwake, "")
		if state.Ticket == 0 {
			l.lastTicket++
			state.Ticket = l.lastTicket
		}
		l.states[c.name] = state
		return
	}
	l.states[c.name] = state.changedTo(Waking, "", l.in.now)
	l.awakeChange++
	for _, to := range c.linksTo {
		l.wake(to)
	}
}

// wakeTargets wakes the environments that a new one links to.
func (l *limiter) wakeTargets(name string) {
	e, ok := l.live.environments[name]
	if !ok {
		return
	}
	targets := liveTargets(l.in, l.live)
	for _, service := range slices.Sorted(maps.Keys(l.in.file(name).Links)) {
		if _, isHere := e.Run[service]; isHere {
			continue
		}
		target, _ := targets.follow(name, service)
		if to := l.lifecycles.byName[target]; to != nil && l.live.has(target) {
			l.wake(to)
		}
	}
}

// makeRoom puts a lease to sleep, else the longest idle environment, if limits.whenFull says so. It returns false if
// there is none. No environment sleeps for a lease.
func (l *limiter) makeRoom(isLease bool) bool {
	if isLease {
		return false
	}
	if l.preemptLease() {
		return true
	}
	if l.in.cfg.Policy.Limits.WhenFull != config.WhenFullSleepIdlest {
		return false
	}
	if l.room == nil {
		l.room = slices.DeleteFunc(l.scheduler.alive(),
			func(c *lifecycle) bool { return !l.scheduler.canMakeRoom(c, l.states) })
		slices.SortStableFunc(l.room, func(a, b *lifecycle) int { return a.Active.Compare(b.Active) })
	}
	for len(l.room) > 0 {
		c := l.room[0]
		l.room = l.room[1:]
		if l.scheduler.canMakeRoom(c, l.states) {
			l.states[c.name] = l.states[c.name].changedTo(Asleep, SleptForLimit, l.in.now)
			l.awakeChange--
			return true
		}
	}
	return false
}

// preemptLease puts the newest lease that is awake to sleep, because least of its work is lost. It returns false if
// there is none. A lease sleeps whether it is used or not: programs take leases knowing that.
func (l *limiter) preemptLease() bool {
	leases := slices.DeleteFunc(l.scheduler.alive(), func(c *lifecycle) bool {
		isAwake := func(from *lifecycle) bool { return l.scheduler.isAwake(from, l.states) }
		return !c.isLease() || !isAwake(c) || c.isKeptAwake() || slices.ContainsFunc(c.linkedFrom, isAwake)
	})
	if len(leases) == 0 {
		return false
	}
	newest := slices.MaxFunc(leases, func(a, b *lifecycle) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.name, b.name))
	})
	l.states[newest.name] = l.states[newest.name].changedTo(Asleep, SleptPreempted, l.in.now)
	l.awakeChange--
	return true
}
