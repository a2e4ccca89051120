package preview

import (
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/testfixture"
)

const startsAsleep = "{start: asleep}"

func reviewed(pr *PullRequest) { pr.ReviewRequested = true }

func pushed(sha string) func(*PullRequest) {
	return func(pr *PullRequest) { pr.HeadSHA = testfixture.SHA(sha) }
}

// withProfile is lifetimes with a setting of the profile full.
func withProfile(setting, lifetime string) string {
	return strings.Replace(lifetimes(lifetime), "full: {run: all,", "full: {run: all, "+setting+",", 1)
}

var startCases = []struct {
	name, policy string
	first        []PullRequest
	play         func(*days)
}{
	{"it has no Pods, and a visit wakes it", lifetimes(startsAsleep), []PullRequest{pull(1)}, func(d *days) {
		d.want("1 asleep").pass(48 * time.Hour).want("1 asleep")
		d.ask(ActionWake, "shop-pr-1", 0).want("1 waking").pass(time.Minute).want("1 awake")
	}},
	{"a push doesn't wake it before its first visit, but afterwards", lifetimes("{start: asleep, sleep: {idleAfter: 1h}}"), []PullRequest{pull(1)}, func(d *days) {
		d.pass(time.Hour)
		d.pulls[0] = pull(1, pushed("beef"))
		d.pass(time.Minute).want("1 asleep")
		if row := d.last.Rows[0]; row.HeadSHA != testfixture.SHA("beef") {
			d.t.Errorf("it wakes with commit %s", row.HeadSHA)
		}
		d.ask(ActionWake, "shop-pr-1", 0).pass(2 * time.Hour).want("1 asleep")
		d.pulls[0] = pull(1, pushed("cafe"))
		d.pass(time.Minute).want("1 waking")
	}},
	{"a requested review wakes it", lifetimes(startsAsleep), []PullRequest{pull(1)}, func(d *days) {
		d.pulls[0] = pull(1, reviewed)
		d.pass(time.Minute).want("1 waking")
	}},
	{"a requested review from the beginning", lifetimes(startsAsleep), []PullRequest{pull(1, reviewed)}, func(d *days) {
		d.want("1 awake")
	}},
	{"a requested review doesn't wake what a person sent to sleep", lifetimes(startsAsleep), []PullRequest{pull(1)}, func(d *days) {
		d.ask(ActionSleep, "shop-pr-1", 0)
		d.pulls[0] = pull(1, reviewed)
		d.pass(time.Hour).want("1 asleep")
	}},
	{"a requested review doesn't wake one that was awake before", lifetimes("{start: asleep, sleep: {idleAfter: 1h}}"), []PullRequest{pull(1, reviewed)}, func(d *days) {
		d.want("1 awake").pass(2 * time.Hour).want("1 asleep")
	}},
	{"it takes no place of limits.awake, and waits for one when it wakes", lifetimes(startsAsleep) + "limits: {awake: 1}\n", []PullRequest{pull(1), pull(2)}, func(d *days) {
		d.want("1 asleep, 2 asleep").ask(ActionWake, "shop-pr-1", 0).ask(ActionWake, "shop-pr-2", 0)
		d.pass(time.Minute).want("1 awake, 2 asleep")
	}},
	{
		"only a profile starts asleep", withProfile("lifetime: {start: asleep}", "{grace: 1h}"),
		[]PullRequest{pull(1), pull(2, withLabels("preview:full"))},
		func(d *days) { d.want("1 awake, 2 asleep") },
	},
	{
		"a profile starts awake", withProfile("lifetime: {start: awake}", startsAsleep),
		[]PullRequest{pull(1), pull(2, withLabels("preview:full"))},
		func(d *days) { d.want("1 asleep, 2 awake") },
	},
	{"one that was live before the setting stays awake", lifetimes("{grace: 1h}"), []PullRequest{pull(1)}, func(d *days) {
		d.config = testfixture.LoadPolicy(d.t, lifetimes(startsAsleep))
		d.pass(time.Hour).want("1 awake")
	}},
	{"it expires without use", lifetimes("{start: asleep, deleteAfterIdle: 6h}"), []PullRequest{pull(1)}, func(d *days) {
		d.pass(5 * time.Hour).want("1 asleep").pass(2 * time.Hour).want("")
	}},
}

func TestStartAsleep(t *testing.T) {
	t.Parallel()
	for _, tt := range startCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.play(newDays(t, tt.policy, tt.first...))
		})
	}
}

// Until its first use, the decision says that no commit has run, and what wakes it.
func TestDecisionAboutAnEnvironmentThatStartsAsleep(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{start: asleep, sleep: {idleAfter: 1h}}"), pull(1)).pass(time.Hour)
	x := d.decided("shop-pr-1")
	if x.Outcome != AsleepOutcome || !x.NotStarted || !strings.Contains(x.Reason, "first visit") || !strings.Contains(x.Remedy, "wake") {
		t.Errorf("%+v", x)
	}
	if only(t, d.last).Kustomize.Patches[len(only(t, d.last).Kustomize.Patches)-1].Target.Kind != "HTTPRoute" {
		t.Error("its row doesn't stop it")
	}
	d.ask(ActionWake, "shop-pr-1", 0).pass(3 * time.Hour).want("1 asleep")
	if x := d.decided("shop-pr-1"); x.NotStarted {
		t.Errorf("after it was awake: %+v", x)
	}
}
