package preview

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// The lifetimes of the random lives, and of how much less than that a clock that jumps may make them.
const (
	lifeIdle, lifeOver, lifeAwake, lifeGrace, lifeExpires = 20 * time.Minute, 90 * time.Minute, 2 * time.Hour, 30 * time.Minute, 3 * time.Hour
	lifeSequences                                         = 80
)

// TestNothingSleepsWithoutEvidence plays random sequences of how environments are used, how that is measured, what
// people ask for and how clocks go wrong. What really happened is known here: at no step does an environment sleep or
// go that was used too lately, that a person keeps awake, or by a clock that is wrong.
func TestNothingSleepsWithoutEvidence(t *testing.T) {
	t.Parallel()
	first := *seed
	if first == 0 {
		first = uint64(time.Now().UnixNano())
	}
	t.Logf("random sequences from -seed %d", first)
	slept, gone, woken := 0, 0, 0
	for i := range uint64(lifeSequences) {
		p := newLives(t, first+i)
		for range 2 * steps {
			p.step()
		}
		slept, gone, woken = slept+p.slept, gone+p.gone, woken+p.woken
		if t.Failed() {
			t.Fatalf("again: go test -run %s -seed %d\n%s", t.Name(), first+i, strings.Join(p.story, "\n"))
		}
	}
	t.Logf("%d slept, %d woke, %d went", slept, woken, gone)
	if slept == 0 || gone == 0 || woken == 0 {
		t.Error("nothing slept, woke or went: nothing was tried")
	}
}

// lives is a world in which the time is known.
type lives struct {
	*rand.Rand
	t      *testing.T
	seed   uint64
	number int
	story  []string

	now time.Time // really
	// compared is when facts.Skew was found out.
	compared time.Time
	wrong    time.Duration // how much the clock is ahead of that
	config   *config.Config
	facts    Facts
	last     *Snapshot

	pulls               []PullRequest
	window              time.Duration // of a measurement
	keepAwake, handover bool          // of jakub
	full                bool          // limits.awake
	prometheus          bool
	used, since, asked,
	held map[string]time.Time // the real times: asked for last; pushed, woken or extended last; sent to sleep; kept awake until
	extended, closed, made map[string]time.Time
	visits                 map[string][]time.Time
	measured               time.Time         // really: the last measurement
	read                   time.Time         // really: the last read of pull requests
	heads                  map[string]string // that were read last
	jumps                  int
	heldAt                 map[string]int // jumps
	slept, gone, woken     int
}

func newLives(t *testing.T, seed uint64) *lives {
	t.Helper()
	p := &lives{
		Rand: rand.New(rand.NewPCG(seed, 2)), t: t, seed: seed, now: noon, last: &Snapshot{}, prometheus: true,
		heldAt: map[string]int{}, heads: map[string]string{}, visits: map[string][]time.Time{},
	}
	p.window = []time.Duration{time.Minute, 5 * time.Minute}[p.IntN(2)]
	for _, m := range []*map[string]time.Time{&p.used, &p.since, &p.asked, &p.held, &p.extended, &p.closed, &p.made} {
		*m = map[string]time.Time{}
	}
	for i := range 4 {
		p.pulls = append(p.pulls, pull(i+1))
	}
	p.load()
	p.resolve()
	return p
}

func (p *lives) tell(format string, args ...any) {
	p.story = append(p.story, p.now.Format("02 15:04:05 ")+fmt.Sprintf(format, args...))
}

func (p *lives) fail(format string, args ...any) {
	p.t.Helper()
	p.tell("FAILED: "+format, args...)
	p.t.Errorf("seed %d step %d: %s", p.seed, p.number, fmt.Sprintf(format, args...))
}

func (p *lives) load() {
	limits := "limits: {deletionsAtOnce: 100"
	if p.full {
		limits += ", awake: 3, whenFull: sleep-idlest"
	}
	policy := lifetimes(fmt.Sprintf("{deleteAfterIdle: %s, grace: %s, expireAfter: %s, sleep: {idleAfter: %s, maxAwake: %s}}", lifeOver,
		lifeGrace, lifeExpires, lifeIdle, lifeAwake)) + limits + "}\n"
	jakub := fmt.Sprintf("services: {web: {branch: main}}\nlinks: {orders: {environment: base}}\nlifetime: {keepAwake: %t}\n", p.keepAwake)
	if p.handover {
		jakub += "handover: [web]\n"
	}
	files := map[string]string{
		config.PolicyFile: policy, "overlays/jakub/environment.yaml": testfixture.EnvironmentYAML(jakub),
		"overlays/base/environment.yaml": testfixture.EnvironmentYAML("shared: true\nprofile: full\n"),
	}
	if p.config == nil {
		p.config = testfixture.LoadTree(p.t, testfixture.DemoTree(files), nil)
	} else {
		p.config = later(p.t, p.config, files, false)
	}
}

func (p *lives) clock() time.Time { return p.now.Add(p.wrong) }

// names are the environments that are live.
func (p *lives) names() []string { return slices.Sorted(maps.Keys(p.last.Memory.Environments)) }

func (p *lives) state(name string) State { return p.last.Memory.Environments[name].Row.State }

func (p *lives) step() {
	p.number++
	length := []time.Duration{time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 4 * time.Minute}[p.IntN(5)]
	if p.IntN(40) == 0 {
		length = time.Duration(1+p.IntN(4*60)) * time.Minute
		p.tell("the generator is away for %s", length)
	}
	for _, name := range p.names() {
		if p.IntN(10) == 0 && p.state(name) == Awake {
			at := p.now.Add(time.Duration(p.Int64N(int64(length)) + 1))
			p.visits[name] = append(p.visits[name], at)
			p.tell("%s will be used at %s", name, at.Format("15:04:05"))
		}
	}
	p.now = p.now.Add(length)
	for range p.IntN(3) {
		p.happens()
	}
	p.resolve()
}

func (p *lives) happens() {
	pr := &p.pulls[p.IntN(len(p.pulls))]
	name := fmt.Sprintf("shop-pr-%d", pr.Number)
	switch p.IntN(16) {
	case 0:
		pr.HeadSHA = testfixture.SHA(fmt.Sprintf("%x", 0xabc000+p.number)) // the push counts only after a read of the open pull request
		p.tell("%s gets a push", name)
	case 1:
		p.opensOrCloses(pr, name)
	case 2, 3:
		p.prometheus = !p.prometheus
		p.tell("Prometheus is there: %t", p.prometheus)
	case 4:
		p.jumps++
		p.wrong = []time.Duration{0, 0, time.Hour, -time.Hour, 3 * time.Hour, -10 * 365 * 24 * time.Hour, 10 * 365 * 24 * time.Hour}[p.IntN(7)]
		p.tell("the clock is wrong by %s", p.wrong)
	case 5:
		if p.IntN(3) == 0 {
			keepAwake, handover := p.keepAwake, p.handover
			p.keepAwake, p.handover, p.full = p.IntN(2) == 0, p.IntN(3) == 0, p.IntN(2) == 0
			p.load()
			if keepAwake != p.keepAwake || handover != p.handover {
				p.used["jakub"], p.since["jakub"] = p.now, p.now
			}
			p.tell("jakub: keepAwake %t, handover %t; limited: %t", p.keepAwake, p.handover, p.full)
		}
	case 6:
		p.tell("restart")
		p.last.Memory = restarted(p.t, p.last.Memory)
		p.facts = Facts{}
	case 7:
		if p.IntN(4) == 0 {
			p.tell("memory is lost")
			p.last.Memory = Memory{Environments: maps.Clone(p.last.Memory.Environments)}
			for _, name := range p.names() { // the beginning of its idle time is unknown
				p.since[name] = p.now
				delete(p.asked, name)
			}
			clear(p.held)  // a holder takes it again
			clear(p.heads) // nor what was pushed meanwhile to what is closed
		}
	default:
		if p.IntN(4) == 0 { // else nothing would ever be idle
			p.asks()
		}
	}
}

func (p *lives) opensOrCloses(pr *PullRequest, name string) {
	if pr.Created.IsZero() {
		pr.Created = p.now
		p.tell("%s is opened", name)
		return
	}
	pr.Created = time.Time{}
	p.tell("%s is closed", name)
}

// asks has a person ask for something.
func (p *lives) asks() {
	all := slices.Concat(p.names(), slices.Sorted(maps.Keys(p.last.Memory.Expired)))
	if len(all) == 0 || p.last.Memory.At.IsZero() { // memory was just lost: nobody is answered yet
		return
	}
	r := Request{
		Environment: all[p.IntN(len(all))], Action: []string{ActionWake, ActionRedeploy, ActionSleep, ActionExtend}[p.IntN(4)],
		At: p.clock(),
	}
	if r.Action != ActionSleep && p.IntN(2) == 0 && r.Action != ActionRedeploy {
		r.For = time.Duration(20+p.IntN(90)) * time.Minute
	}
	if p.last.Check(p.config, r) != nil {
		return
	}
	m := p.last.Memory
	m.Ask(r)
	p.last.Memory = m
	p.tell("%s is asked of %s for %s", r.Action, r.Environment, r.For)
	switch name := r.Environment; r.Action {
	case ActionWake, ActionRedeploy:
		p.used[name], p.since[name] = p.now, p.now
		delete(p.asked, name)
		if until := p.now.Add(min(r.For, lifeAwake)); until.After(p.held[name]) {
			p.held[name], p.heldAt[name] = until, p.jumps
		}
	case ActionSleep:
		p.asked[name] = p.now
		delete(p.held, name)
	case ActionExtend:
		p.used[name], p.since[name] = p.now, p.now
		if r.For == 0 {
			r.For = config.DefaultExtension
		}
		p.extended[name] = p.now.Add(r.For)
	}
}

// readAll brings facts up to date as far as that can be done.
func (p *lives) readAll() {
	repositories := factsOf(slices.DeleteFunc(slices.Clone(p.pulls), func(pr PullRequest) bool { return pr.Created.IsZero() })...).Repositories
	p.facts.Repositories, p.read = repositories, p.now
	for key, r := range repositories {
		r.ReadAt = p.clock()
		repositories[key] = r
	}
	for _, pr := range p.pulls {
		name := fmt.Sprintf("shop-pr-%d", pr.Number)
		switch {
		case pr.Created.IsZero() && p.closed[name].IsZero():
			p.closed[name] = p.now
		case !pr.Created.IsZero():
			delete(p.closed, name)
			if was := p.heads[name]; was != "" && was != pr.HeadSHA {
				p.used[name], p.since[name] = p.now, p.now
			}
			p.heads[name] = pr.HeadSHA
		}
	}
	p.facts.Settled = map[string]bool{}
	for _, name := range p.names() {
		p.facts.Settled[name] = p.IntN(2) == 0
	}
	if !p.prometheus {
		p.facts.Activity.Problem = "it is away"
		return
	}
	if p.IntN(5) == 0 {
		return // not now
	}
	m := Measurement{At: p.clock(), Window: p.window, Used: map[string]bool{}}
	for _, name := range p.names() {
		if p.IntN(8) > 0 { // or nothing, or NaN
			m.Used[p.last.Memory.Environments[name].Row.Namespace] = p.now.Sub(p.usedUntil(name, p.now)) < p.window
		}
	}
	p.facts.Activity, p.measured = m, p.now
}

// compareClocks asks GitHub what time it is. It may answer what is known of some minutes ago, but not longer.
func (p *lives) compareClocks() {
	if age := p.now.Sub(p.compared); p.facts.Skew != nil && age < clockStep && p.IntN(6) == 0 {
		return
	}
	p.facts.Skew = nil
	if p.IntN(20) > 0 {
		skew := -p.wrong
		p.facts.Skew, p.compared = &skew, p.now
	}
}

func (p *lives) resolve() {
	p.t.Helper()
	before := p.last
	if p.IntN(6) > 0 || p.facts.Repositories == nil {
		p.readAll()
	}
	p.compareClocks()
	p.last = Resolve(p.config, p.facts, before.Memory, p.clock())
	for name, was := range before.Memory.Environments {
		is, ok := p.last.Memory.Environments[name]
		switch {
		case !ok:
			p.went(name, before)
		case is.Row.State == Asleep && was.Row.State != Asleep:
			p.fellAsleep(name, was, before)
		case is.Row.State != Asleep && was.Row.State == Asleep:
			p.woken++
			p.since[name] = p.now
			p.tell("%s wakes", name)
		case is.Row.State == Awake && was.Row.State == Waking:
			p.since[name] = p.now
		}
	}
	for _, name := range p.names() {
		if _, ok := before.Memory.Environments[name]; !ok {
			p.used[name], p.since[name], p.made[name] = p.now, p.now, p.now
			delete(p.asked, name)
			p.tell("%s is live", name)
		}
	}
}
