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

// days are a world with a clock that goes on minute by minute, and the snapshots.
type days struct {
	t      testing.TB
	policy string
	config *config.Config
	now    time.Time
	pulls  []PullRequest
	// used are the namespaces that are in use, lost those that nothing is known of; nil is that all is known.
	used, lost map[string]bool
	// facts changes the facts before each snapshot; nil changes none.
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

// wantDecided checks the decision about the first environment, and its entry in memory.
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
	d.t.Fatalf("no decision about %s: %v", name, outcomes(d.last))
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
