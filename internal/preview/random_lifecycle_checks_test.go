package preview

import (
	"time"

	"github.com/previewset/previewset/internal/config"
)

// slack is how much too early something may come by clocks that jumped.
func (p *lives) slack() time.Duration { return time.Duration(p.jumps+1) * clockStep }

// usedUntil is when an environment was used last before some time.
func (p *lives) usedUntil(name string, end time.Time) time.Time {
	last := p.used[name]
	for _, at := range p.visits[name] {
		if !at.After(end) {
			last = latest(last, at)
		}
	}
	return last
}

// really returns when an environment was used last, also by environments that link to it. Use after the last measurement
// is unknown.
func (p *lives) really(name string) time.Time {
	if name == "base" {
		return latest(p.usedUntil(name, p.measured), p.usedUntil("jakub", p.measured))
	}
	return p.usedUntil(name, p.measured)
}

func (p *lives) fellAsleep(name string, was Remembered, before *Snapshot) {
	p.t.Helper()
	p.slept++
	life := p.last.Memory.Lives[name]
	p.tell("%s sleeps: %s", name, life.Why)
	idle := p.now.Sub(p.really(name))
	switch {
	case name == "jakub" && (p.keepAwake || p.handover):
		p.fail("%s sleeps, and its file keeps it awake", name)
	case p.held[name].Sub(p.now) > time.Duration(p.jumps-p.heldAt[name])*clockStep:
		p.fail("%s sleeps, and is held awake until %s", name, p.held[name])
	case name == "base" && isRunning(p.state("jakub")) && isRunning(before.Memory.Environments["jakub"].Row.State):
		p.fail("%s sleeps, and jakub leads to it", name)
	case life.Why == SleptAsked:
		if p.asked[name].IsZero() {
			p.fail("%s sleeps, and nobody asked for it", name)
		}
		return
	}
	p.byEvidence(name, was)
	least := map[config.SleepCause]time.Duration{config.SleptIdle: lifeIdle, SleptForLimit: p.window}[life.Why]
	if life.Why == SleptMaxAwake {
		idle, least = p.now.Sub(p.since[name]), lifeAwake
	}
	if idle < least-p.slack() && idle < least-clockStep*time.Duration(p.jumps) {
		p.fail("%s sleeps by %s, and was idle for %s", name, life.Why, idle)
	}
}

// byEvidence checks the changes that need a measurement and a reliable clock.
func (p *lives) byEvidence(name string, was Remembered) {
	p.t.Helper()
	m := p.facts.Activity
	age := p.clock().Sub(m.At)
	if _, ok := m.Used[was.Row.Namespace]; (!ok || age < 0 || age > measuredFor) && was.Row.State != Asleep {
		p.fail("%s sleeps or goes, and activity is unknown", name)
	}
	p.byClock(name)
}

func (p *lives) byClock(name string) {
	p.t.Helper()
	if p.wrong.Abs() > clockStep {
		p.fail("%s sleeps or goes by a clock that is wrong by %s", name, p.wrong)
	}
	if p.facts.Skew == nil {
		p.fail("%s sleeps or goes by an unreliable clock", name)
	}
}

func (p *lives) went(name string, before *Snapshot) {
	p.t.Helper()
	p.gone++
	was := before.Memory.Environments[name]
	left, isOver := p.last.Memory.Expired[name]
	p.tell("%s goes: %s", name, left.Rule)
	switch {
	case !isOver && p.closed[name].IsZero():
		p.fail("%s vanished", name)
	case !isOver:
		delete(p.held, name) // who reopens it begins anew
		p.byClock(name)
		if over := p.now.Sub(p.closed[name]); over < lifeGrace-p.slack() {
			p.fail("%s went %s after it was closed", name, over)
		}
		if p.jumps == 0 && p.read.Sub(p.closed[name]) < lifeGrace {
			p.fail("%s went, and wasn't read since the end of its grace", name)
		}
		return
	case p.extended[name].Sub(p.now) > p.slack():
		p.fail("%s went, and was extended until %s", name, p.extended[name])
	}
	if left.Rule == RuleExpired {
		p.byClock(name)
		if age := p.now.Sub(p.made[name]); age < lifeExpires-p.slack() {
			p.fail("%s expired at the age of %s", name, age)
		}
		return
	}
	p.byEvidence(name, was)
	if idle := p.now.Sub(p.really(name)); idle < lifeOver-p.slack() {
		p.fail("%s went, and was idle for %s", name, idle)
	}
}

func isRunning(s State) bool { return s == Awake || s == Waking }
