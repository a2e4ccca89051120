package preview

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/testfixture"
)

// Limits of the cases below.
const (
	sleepIdlest = "limits: {awake: 2, whenFull: sleep-idlest}\n"
	twoAwake    = "limits: {awake: 2}\n"
)

var awakeLimitCases = []struct {
	name   string
	limits string
	play   func(*days)
}{
	{"a new environment waits", twoAwake, func(d *days) {
		d.add(pull(3)).want("1 awake, 2 awake")
		if x := d.decided("shop-pr-3"); x.Reason != "limits.awake (2) is reached; position 1 in the queue to be awake" {
			d.t.Error(x.Reason)
		}
	}},
	{"a sleeping environment doesn't count as awake", twoAwake, func(d *days) {
		d.ask(ActionSleep, "shop-pr-1", 0).add(pull(3)).want("1 asleep, 2 awake, 3 awake")
	}},
	{"an environment that should wake waits too, in order", twoAwake, func(d *days) {
		d.ask(ActionSleep, "shop-pr-1", 0).add(pull(3)).add(pull(4)).ask(ActionWake, "shop-pr-1", 0).want("1 asleep, 2 awake, 3 awake")
		want := "it waits to wake: limits.awake (2) is reached; position 2 in the queue to be awake"
		if x := d.decided("shop-pr-1"); !strings.Contains(x.Reason, want) || x.State != Asleep {
			d.t.Errorf("%s: %s", x.State, x.Reason)
		}
		d.add(pull(5)).ask(ActionSleep, "shop-pr-2", 0).want("1 asleep, 2 asleep, 3 awake, 4 awake")
		d.ask(ActionSleep, "shop-pr-3", 0).want("1 waking, 2 asleep, 3 asleep, 4 awake")
		d.ask(ActionSleep, "shop-pr-4", 0).want("1 awake, 2 asleep, 3 asleep, 4 asleep, 5 awake")
	}},
	{"who waits to wake keeps his place over a restart", twoAwake, func(d *days) {
		d.ask(ActionSleep, "shop-pr-1", 0).add(pull(3)).ask(ActionWake, "shop-pr-1", 0).add(pull(4))
		d.last.Memory = restarted(d.t, d.last.Memory)
		d.ask(ActionSleep, "shop-pr-2", 0).want("1 waking, 2 asleep, 3 awake")
	}},
	{"the longest idle one sleeps for a new one", sleepIdlest, func(d *days) {
		d.used["shop-pr-1"] = true
		d.pass(10 * time.Minute).used["shop-pr-1"] = false
		d.pass(30 * time.Minute).add(pull(3)).want("1 awake, 2 asleep, 3 awake")
		if x := d.decided("shop-pr-2"); !strings.Contains(x.Reason, "it had no activity, and another environment needed its place") {
			d.t.Error(x.Reason)
		}
		d.ask(ActionWake, "shop-pr-2", 0).want("1 asleep, 2 waking, 3 awake")
	}},
	{"of two the first by name", sleepIdlest, func(d *days) { d.pass(30 * time.Minute).add(pull(3)).want("1 asleep, 2 awake, 3 awake") }},
	{"a recently used one doesn't", sleepIdlest, func(d *days) {
		d.used["shop-pr-1"], d.used["shop-pr-2"] = true, true
		d.pass(30 * time.Minute).add(pull(3)).want("1 awake, 2 awake")
		d.used["shop-pr-1"] = false
		d.pass(3 * time.Minute).want("1 awake, 2 awake").pass(2 * time.Minute).want("1 asleep, 2 awake, 3 awake")
	}},
	{"one with unknown activity doesn't", sleepIdlest, func(d *days) {
		d.lost["shop-pr-1"], d.lost["shop-pr-2"] = true, true
		d.pass(30 * time.Minute).add(pull(3)).want("1 awake, 2 awake")
	}},
	{"one that is held awake doesn't", sleepIdlest, func(d *days) {
		d.ask(ActionWake, "shop-pr-1", time.Hour).pass(30 * time.Minute).add(pull(3)).want("1 awake, 2 asleep, 3 awake")
	}},
	{"no environment sleeps by an unknown clock", sleepIdlest, func(d *days) {
		d.facts = func(f *Facts) { f.Skew = nil }
		d.pass(30 * time.Minute).add(pull(3)).want("1 awake, 2 awake")
	}},
	{
		"no environment sleeps for one that is held by another rule", "limits: {awake: 2, whenFull: sleep-idlest, environments: 2}\n",
		func(d *days) {
			d.pass(30 * time.Minute).add(pull(3)).want("1 awake, 2 awake")
		},
	},
	{"a lower limit ends and stops no environment", twoAwake, func(d *days) {
		d.policy = testfixture.Replace(d.t, d.policy, "awake: 2", "awake: 1")
		d.files(map[string]string{}).want("1 awake, 2 awake")
	}},
}

func TestAwakeLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range awakeLimitCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.play(newDays(t, lifetimes("{sleep: {idleAfter: 10h}}")+tt.limits, pull(1), pull(2)).want("1 awake, 2 awake"))
		})
	}
}

// add opens a pull request.
func (d *days) add(pr PullRequest) *days {
	d.t.Helper()
	d.pulls = append(d.pulls, pr)
	return d.pass(time.Minute)
}

const (
	baseFile = "overlays/base/environment.yaml"
	// sharedFile is the content of baseFile: its environment runs all services.
	sharedFile = "shared: true\nprofile: full\n"
	// linkingFile is the content of another environment's file, which links to that of baseFile.
	linkingFile = "services: {web: {branch: main}}\nlinks: {orders: {environment: base}}\n"
)

// linkSleepCase is a story of environments and of the environments that they link to.
type linkSleepCase struct {
	name  string
	files map[string]string
	play  func(*days)
}

// linkSleepCases are the stories of what keeps an environment awake, and what wakes it.
func linkSleepCases() []linkSleepCase {
	shared, leads := testfixture.EnvironmentYAML(sharedFile), testfixture.EnvironmentYAML(linkingFile)
	return []linkSleepCase{
		{"a used environment keeps its link target awake", map[string]string{baseFile: shared, jakub: leads}, func(d *days) {
			d.used["jakub"] = true
			d.pass(5 * time.Hour).want("base awake, jakub awake").used["jakub"] = false
			d.pass(59 * time.Minute).want("base awake, jakub awake")
			if at := d.decided("base").SleepsAt; at == nil || !at.Equal(d.now.Add(time.Minute)) {
				d.t.Errorf("base sleeps at %s", at)
			}
			d.pass(time.Minute).want("base asleep, jakub asleep")
		}},
		{"a used link target doesn't keep the linked environment awake", map[string]string{baseFile: shared, jakub: leads}, func(d *days) {
			d.used["base"] = true
			d.pass(5 * time.Hour).want("base awake, jakub asleep")
		}},
		{"they wake together", map[string]string{baseFile: shared, jakub: leads}, func(d *days) {
			d.pass(time.Hour).want("base asleep, jakub asleep").ask(ActionWake, "jakub", 0).want("base waking, jakub waking")
		}},
		{"one that is new wakes what it leads to", map[string]string{baseFile: shared}, func(d *days) {
			d.pass(time.Hour).want("base asleep").files(map[string]string{baseFile: shared, jakub: leads}).want("base waking, jakub awake")
		}},
		{
			"an environment with a new link wakes the link target",
			map[string]string{baseFile: shared, jakub: testfixture.EnvironmentYAML("services: {web: {branch: main}}\n")},
			func(d *days) {
				d.used["jakub"] = true
				d.pass(time.Hour).want("base asleep, jakub awake")
				d.files(map[string]string{baseFile: shared, jakub: leads}).want("base waking, jakub awake")
			},
		},
		{
			"an environment that is kept awake keeps its link target awake",
			map[string]string{baseFile: shared, jakub: leads + "lifetime: {keepAwake: true}\n"},
			func(d *days) {
				d.pass(5 * time.Hour).want("base awake, jakub awake")
				if x := d.decided("base"); x.SleepsAt != nil {
					d.t.Errorf("base sleeps at %s", x.SleepsAt)
				}
			},
		},
		{"what nothing is known of keeps awake what it leads to", map[string]string{baseFile: shared, jakub: leads}, func(d *days) {
			d.lost["jakub"] = true
			d.pass(5 * time.Hour).want("base awake, jakub awake")
		}},
		{
			"a held environment keeps no other one awake",
			map[string]string{baseFile: testfixture.EnvironmentYAML("profile: full\n"), jakub: leads},
			func(d *days) {
				d.used["jakub"] = true
				d.pass(5 * time.Hour).want("base asleep, jakub awake")
			},
		},
	}
}

// requestedSleepCases are the stories of requests, handovers and a circle of links.
func requestedSleepCases() []linkSleepCase {
	shared, leads := testfixture.EnvironmentYAML(sharedFile), testfixture.EnvironmentYAML(linkingFile)
	return []linkSleepCase{
		{
			"an environment that was put to sleep, and woken with another, stays awake while it is used",
			map[string]string{baseFile: shared, jakub: leads},
			func(d *days) {
				d.ask(ActionSleep, "jakub", 0).ask(ActionSleep, "base", 0).want("base asleep, jakub asleep").ask(ActionWake, "jakub",
					0).want("base waking, jakub waking")
				d.used["base"] = true
				d.pass(time.Minute).want("base awake, jakub awake").ask(ActionSleep, "jakub",
					0).want("base awake, jakub asleep").pass(time.Hour).want("base awake, jakub asleep")
			},
		},
		{"a waking environment that is put to sleep sleeps", map[string]string{baseFile: shared}, func(d *days) {
			d.ask(ActionSleep, "base", 0).ask(ActionWake, "base", 0).want("base waking").ask(ActionSleep, "base",
				0).want("base asleep").pass(time.Minute).want("base asleep")
		}},
		{
			"a handover is awake",
			map[string]string{baseFile: testfixture.EnvironmentYAML("profile: full\nhandover: [orders]\n")},
			func(d *days) { d.pass(5 * time.Hour).want("base awake") },
		},
		{"a handover wakes", map[string]string{baseFile: testfixture.EnvironmentYAML("profile: full\n")}, func(d *days) {
			d.pass(time.Hour).want("base asleep").files(map[string]string{baseFile: testfixture.EnvironmentYAML("profile: full\nhandover: " +
				"[orders]\n")}).want("base waking")
		}},
		{"in a circle of environments", map[string]string{
			baseFile: testfixture.EnvironmentYAML("shared: true\nservices: {orders: {branch: main}}\nlinks: {web: {environment: jakub}}\n"),
			jakub:    testfixture.EnvironmentYAML("shared: true\nservices: {web: {branch: main}}\nlinks: {orders: {environment: base}}\n"),
		}, func(d *days) {
			d.used["base"] = true
			d.pass(2 * time.Hour).want("base awake, jakub awake").used["base"] = false
			d.pass(time.Hour).want("base asleep, jakub asleep").ask(ActionWake, "jakub", 0).want("base waking, jakub waking")
		}},
	}
}

func TestLinkedEnvironmentsSleepAndWakeTogether(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.Concat(linkSleepCases(), requestedSleepCases()) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.play(newDays(t, lifetimes("{sleep: {idleAfter: 1h}}")).files(tt.files))
		})
	}
}
