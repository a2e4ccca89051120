package preview

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// days are a world whose clock goes on minute by minute, and the answers.
type days struct {
	t      testing.TB
	policy string
	config *config.Config
	now    time.Time
	pulls  []PullRequest
	// used are the namespaces that are in use, lost those that nothing is known of; nil is that all is known.
	used, lost map[string]bool
	// facts, where it isn't nil, changes what is read.
	facts func(*Facts)
	last  *Snapshot
}

// lifetimes is demo with these lifetime and limits.
func lifetimes(lifetime string) string {
	return testfixture.DemoPolicy + "activity: {prometheus: {url: \"http://prometheus:9090\", preset: ingress-nginx}}\nlifetime: " +
		lifetime + "\n"
}

func newDays(t testing.TB, policy string, pulls ...PullRequest) *days {
	t.Helper()
	d := &days{
		t: t, policy: policy, config: testfixture.LoadPolicy(t, policy), now: noon, pulls: pulls, used: map[string]bool{},
		lost: map[string]bool{}, last: &Snapshot{},
	}
	d.answer()
	return d
}

// answer resolves once, with a measurement of now.
func (d *days) answer() {
	f := factsOf(d.pulls...)
	skew := time.Duration(0)
	f.Skew = &skew
	f.Activity = Measurement{At: d.now, Window: 5 * time.Minute, Used: map[string]bool{}}
	for name, e := range d.last.Memory.Environments {
		if !d.lost[name] && e.Row.State != Asleep {
			f.Activity.Used[e.Row.Namespace] = d.used[name]
		}
	}
	f.Settled = map[string]bool{}
	for name := range d.last.Memory.Environments {
		f.Settled[name] = true
	}
	if d.facts != nil {
		d.facts(&f)
	}
	d.last = Resolve(d.config, f, d.last.Memory, d.now)
}

// pass lets time go by: minute by minute at the beginning and at the end, by five minutes in between.
func (d *days) pass(length time.Duration) *days {
	d.t.Helper()
	begin, end := d.now, d.now.Add(length)
	for ; d.now.Before(end); d.answer() {
		step := time.Minute
		if d.now.After(begin) && end.Sub(d.now) > 15*time.Minute {
			step = 5 * time.Minute
		}
		d.now = d.now.Add(min(step, end.Sub(d.now)))
	}
	return d
}

// ask asks something, and answers.
func (d *days) ask(action, name string, length time.Duration) *days {
	d.t.Helper()
	d.now = d.now.Add(time.Second)
	r := Request{Environment: name, Action: action, For: length, By: "alice", At: d.now}
	if err := d.last.Check(d.config, r); err != nil {
		d.t.Fatal(err)
	}
	m := d.last.Memory
	m.Ask(r)
	d.last.Memory = m
	d.answer()
	return d
}

// states are those of all live environments.
func (d *days) states() string {
	var all []string
	for _, r := range d.last.Rows {
		all = append(all, strings.TrimPrefix(r.Name, "shop-pr-")+" "+string(r.State))
	}
	return strings.Join(all, ", ")
}

func (d *days) want(states string) *days {
	d.t.Helper()
	if got := d.states(); got != states {
		var why []string
		for _, x := range d.last.Decisions {
			why = append(why, x.Environment+": "+string(x.Outcome)+" "+string(x.Rule)+": "+x.Reason)
		}
		d.t.Fatalf("at %s: %q, want %q\n%s", d.now.Format(time.RFC3339), got, states, strings.Join(slices.Compact(why), "\n"))
	}
	return d
}

// wantDecided is about the decision about the first environment, and what is remembered of it.
func (d *days) wantDecided(want Decided) *days {
	d.t.Helper()
	x := d.decided("shop-pr-1")
	got := Decided{Outcome: x.Outcome, Rule: x.Rule, Since: x.Since}
	if diff := cmp.Diff([]Decided{want, want}, []Decided{got, d.last.Memory.Since[x.subject()]}); diff != "" {
		d.t.Errorf("decided and remembered (-want +got)\n%s", diff)
	}
	return d
}

// decided is the decision about an environment.
func (d *days) decided(name string) Decision {
	d.t.Helper()
	for _, x := range d.last.Decisions {
		if x.Environment == name {
			return x
		}
	}
	d.t.Fatalf("nobody decided about %s: %v", name, outcomes(d.last))
	return Decision{}
}

func TestIdleEnvironmentsSleepAndVisitsWakeThem(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{deleteAfterIdle: 48h, sleep: {idleAfter: 1h}}"), pull(1), pull(2)).want("1 awake, 2 awake")
	d.used["shop-pr-2"] = true
	d.pass(59 * time.Minute).want("1 awake, 2 awake")
	d.pass(2 * time.Minute).want("1 asleep, 2 awake")
	d.ask(ActionWake, "shop-pr-1", 0).want("1 waking, 2 awake")
	d.pass(time.Minute).want("1 awake, 2 awake")
	d.pass(62 * time.Minute).want("1 asleep, 2 awake")
	d.pulls[0].HeadSHA = testfixture.SHA("fedcba")
	d.pass(time.Minute).want("1 waking, 2 awake")
	d.ask(ActionSleep, "shop-pr-1", 0).want("1 asleep, 2 awake")
	d.pass(time.Minute).want("1 asleep, 2 awake")
}

func TestSleepTimes(t *testing.T) {
	t.Parallel()
	const idle = "{sleep: {idleAfter: 1h}}"
	const busy = "{sleep: {idleAfter: 1h, maxAwake: 3h}}"
	days8to19 := func(more string) string { // in Berlin, in winter; noon of the test is on a Friday, 13:00 there
		return `{sleep: {idleAfter: 1h, workingHours: {days: [mon, tue, wed, thu, fri], from: "08:00", to: "19:00", ` +
			`timezone: Europe/Berlin` + more + `}}}`
	}
	tests := []struct {
		name     string
		lifetime string
		play     func(*days)
	}{
		{
			"idle for an hour, and not before", idle,
			func(d *days) { d.pass(59 * time.Minute).want("1 awake"); d.pass(time.Minute).want("1 asleep") },
		},
		{"what is used stays awake, and an hour more", idle, func(d *days) {
			d.used["shop-pr-1"] = true
			d.pass(24 * time.Hour).want("1 awake")
			d.used["shop-pr-1"] = false
			d.pass(59 * time.Minute).want("1 awake")
			d.pass(time.Minute).want("1 asleep")
		}},
		{"a namespace that wasn't measured counts as used", idle, func(d *days) {
			d.lost["shop-pr-1"] = true
			d.pass(24 * time.Hour).want("1 awake")
			d.lost["shop-pr-1"] = false
			d.pass(59 * time.Minute).want("1 awake")
			d.pass(time.Minute).want("1 asleep")
		}},
		{"an old measurement says nothing", idle, func(d *days) {
			d.pass(55 * time.Minute)
			last := d.now
			d.facts = func(f *Facts) { f.Activity.At, f.Activity.Problem = last, "Prometheus is away" }
			d.pass(24 * time.Hour).want("1 awake")
			d.facts = nil
			d.pass(59 * time.Minute).want("1 awake")
			d.pass(time.Minute).want("1 asleep")
		}},
		{"nothing follows from no measurement at all", idle, func(d *days) {
			d.facts = func(f *Facts) { f.Activity = Measurement{} }
			d.pass(24 * time.Hour).want("1 awake")
		}},
		{"a measurement of the future says nothing", idle, func(d *days) {
			d.facts = func(f *Facts) { f.Activity.At = f.Activity.At.Add(time.Second) }
			d.pass(24 * time.Hour).want("1 awake")
		}},
		{"a gap between two measurements counts as use", idle, func(d *days) {
			d.pass(50 * time.Minute)
			at := d.now
			d.facts = func(f *Facts) { f.Activity.At = at } // none for 3 minutes, and that is not yet unknown
			d.pass(3 * time.Minute)
			d.facts = func(f *Facts) { f.Activity.Window = time.Minute }
			for range 4 { // it is known to be idle from a minute before the next measurement on
				d.pass(14*time.Minute + 30*time.Second).want("1 awake")
			}
			d.pass(2 * time.Minute).want("1 asleep")
		}},
		{"an unknown clock", idle, func(d *days) {
			d.facts = func(f *Facts) { f.Skew = nil }
			d.pass(24 * time.Hour).want("1 awake")
		}},
		{"a clock that isn't GitHub's", idle, func(d *days) {
			wrong := -5*time.Minute - 1
			d.facts = func(f *Facts) { f.Skew = &wrong }
			d.pass(24 * time.Hour).want("1 awake")
		}},
		{"used all the time, awake for too long", busy, func(d *days) {
			d.used["shop-pr-1"] = true
			d.pass(179 * time.Minute).want("1 awake")
			d.pass(time.Minute).want("1 asleep")
			d.ask(ActionWake, "shop-pr-1", 0).pass(3 * time.Hour).want("1 awake") // waking took a minute
			d.pass(time.Minute).want("1 asleep")
		}},
		{"awake for too long, but a push, an extension or a visit in between", busy, func(d *days) {
			d.used["shop-pr-1"] = true
			d.pass(2 * time.Hour)
			d.pulls[0].HeadSHA = testfixture.SHA("fedcba")
			d.pass(2*time.Hour).want("1 awake").ask(ActionExtend, "shop-pr-1", 0)
			d.pass(2*time.Hour).want("1 awake").ask(ActionWake, "shop-pr-1", 0)
			d.pass(2 * time.Hour).want("1 awake").pass(time.Hour).want("1 asleep")
		}},
		{"awake for too long, but activity is unknown", busy, func(d *days) {
			d.lost["shop-pr-1"] = true
			d.pass(24 * time.Hour).want("1 awake")
		}},
		{"other hours, other idleness", days8to19(", idleAfter: 2h"), func(d *days) {
			d.pass(119 * time.Minute).want("1 awake").pass(time.Minute).want("1 asleep")
			d.ask(ActionWake, "shop-pr-1", 0).used["shop-pr-1"] = true
			d.pass(3 * time.Hour)
			d.used["shop-pr-1"] = false // at 18:00; at 19:00 two hours are an hour
			d.pass(59 * time.Minute).want("1 awake").pass(2 * time.Minute).want("1 asleep")
		}},
		{"outside working hours it sleeps", days8to19(", asleepOutside: true"), func(d *days) {
			d.used["shop-pr-1"] = true
			d.pass(359 * time.Minute)
			d.used["shop-pr-1"] = false
			d.want("1 awake").pass(time.Minute).want("1 asleep")
			d.pass(72 * time.Hour).want("1 asleep") // nothing wakes it on Monday but a person
			d.ask(ActionWake, "shop-pr-1", 0).want("1 waking")
		}},
		{"outside working hours it sleeps, unless a person uses it", days8to19(", asleepOutside: true"), func(d *days) {
			d.used["shop-pr-1"] = true
			d.pass(7 * time.Hour).want("1 awake")
			d.used["shop-pr-1"] = false
			d.pass(59 * time.Minute).want("1 awake").pass(time.Minute).want("1 asleep")
			d.ask(ActionWake, "shop-pr-1", 0).pass(59 * time.Minute).want("1 awake").pass(time.Minute).want("1 asleep")
		}},
		{"no rule, no sleep", "{grace: 1h}", func(d *days) { d.pass(24 * time.Hour).want("1 awake") }},
		{"a person's word is enough", "{grace: 1h}", func(d *days) {
			d.facts = func(f *Facts) { f.Activity, f.Skew = Measurement{}, nil }
			d.ask(ActionSleep, "shop-pr-1", 0).want("1 asleep").pass(24 * time.Hour).want("1 asleep")
			if got := d.decided("shop-pr-1"); !strings.Contains(got.Reason,
				"it sleeps since 2026-11-20 12:00 UTC: a person sent it to sleep") || got.Remedy == "" {
				d.t.Errorf("%s; %s", got.Reason, got.Remedy)
			}
			d.ask(ActionWake, "shop-pr-1", 0).want("1 waking")
		}},
		{"held awake for as long as a person says", idle, func(d *days) {
			d.ask(ActionWake, "shop-pr-1", 4*time.Hour).pass(4*time.Hour - time.Minute).want("1 awake").pass(2 * time.Minute).want("1 asleep")
		}},
		{"held awake, but not for longer than maxAwake", busy, func(d *days) {
			d.used["shop-pr-1"] = true
			d.ask(ActionWake, "shop-pr-1", 3*time.Hour).pass(179 * time.Minute).want("1 awake").pass(time.Minute).want("1 asleep")
		}},
		{"held awake for too long, and woken again for nothing", busy, func(d *days) {
			d.used["shop-pr-1"] = true
			d.ask(ActionWake, "shop-pr-1", 3*time.Hour).pass(2 * time.Hour)
			d.used["shop-pr-1"] = false
			d.ask(ActionWake, "shop-pr-1", 0).pass(59 * time.Minute).want("1 awake").pass(2 * time.Minute).want("1 asleep")
		}},
		{"a push while it is being put to sleep", idle, func(d *days) {
			d.pulls[0].HeadSHA = testfixture.SHA("fedcba")
			d.pass(time.Minute).ask(ActionSleep, "shop-pr-1", 0).want("1 asleep").pass(time.Hour).want("1 asleep")
		}},
		{"a push that isn't ready yet wakes it too", idle, func(d *days) {
			d.pass(time.Hour).want("1 asleep")
			d.pulls[0].HeadSHA, d.pulls[0].Changes = testfixture.SHA("fedcba"), nil
			d.pass(time.Minute).want("1 waking")
		}},
		{"waking ends after a while, whatever Argo CD says", idle, func(d *days) {
			d.pass(time.Hour)
			d.facts = func(f *Facts) { f.Settled = nil }
			d.ask(ActionWake, "shop-pr-1", 0).pass(14 * time.Minute).want("1 waking").pass(time.Minute).want("1 awake")
			if took := d.last.Memory.Lives["shop-pr-1"].Took; took != 0 {
				d.t.Errorf("it took %s, and nobody knows", took)
			}
		}},
		{"how long it took is remembered", idle, func(d *days) {
			d.pass(time.Hour).ask(ActionWake, "shop-pr-1", 0)
			d.facts = func(f *Facts) { f.Settled = nil }
			d.pass(2 * time.Minute).facts = nil
			d.pass(time.Minute).want("1 awake").pass(time.Hour).want("1 asleep")
			if took := d.last.Memory.Lives["shop-pr-1"].Took; took != 3*time.Minute {
				d.t.Errorf("it took %s, want 3m", took)
			}
		}},
		{"it is decided that it sleeps, since it does, and that it is live since it woke", idle, func(d *days) {
			d.pass(time.Hour)
			slept := Decided{Outcome: AsleepOutcome, Rule: RuleLabelled, Since: noon.Add(time.Hour)}
			d.wantDecided(slept)
			d.facts = func(f *Facts) { delete(f.Repositories, "acme/shop") }
			slept.Rule = RuleUnread
			d.pass(time.Hour).wantDecided(slept)
			d.facts = nil
			d.pass(time.Minute).ask(ActionWake, "shop-pr-1", 0)
			woken := Decided{Outcome: Live, Rule: RuleLabelled, Since: d.now}
			d.want("1 waking").wantDecided(woken).pass(10 * time.Minute).want("1 awake").wantDecided(woken)
		}},
		{"asleep while its repository can't be read, and a visit wakes it", idle, func(d *days) {
			d.pass(time.Hour).want("1 asleep")
			d.facts = func(f *Facts) { delete(f.Repositories, "acme/shop") }
			d.ask(ActionWake, "shop-pr-1", 0).want("1 waking").pass(time.Minute).want("1 awake")
		}},
		{"asleep while configuration can't be read, and a visit wakes it", idle, func(d *days) {
			m := d.pass(time.Hour).want("1 asleep").last.Memory
			m.Ask(Request{Environment: "shop-pr-1", Action: ActionWake, At: d.now})
			d.last = FromMemory(m, d.now)
			d.want("1 waking")
			for end := d.now.Add(wakesFor); d.now.Before(end); d.last = FromMemory(d.last.Memory, d.now) {
				d.now = d.now.Add(time.Minute)
			}
			d.want("1 awake")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.play(newDays(t, lifetimes(tt.lifetime), pull(1)).want("1 awake"))
		})
	}
}

// An environment's own idleAfter replaces that of the policy.
func TestOwnIdleAfter(t *testing.T) {
	t.Parallel()
	policy := lifetimes("{sleep: {idleAfter: 2h}}")
	d := newDays(t, policy, pull(1), pull(2))
	d.config = testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
		config.PolicyFile:                     policy,
		"overlays/shop-pr-1/environment.yaml": testfixture.EnvironmentYAML("pullRequest: acme/shop#1\nlifetime: {idleAfter: 30m}\n"),
	}), nil)
	d.pass(40 * time.Minute)
	for name, want := range map[string]State{"shop-pr-1": Asleep, "shop-pr-2": Awake} {
		if got := d.last.Memory.Environments[name].Row.State; got != want {
			t.Errorf("%s is %s after 40 minutes, want %s", name, got, want)
		}
	}
}
