package preview

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

var checkRequestCases = []struct {
	name, environment, action string
	length                    time.Duration
	want                      string // the error; empty where it is taken
	unknown, invalid          bool
}{
	{"to wake an awake environment", "shop-pr-2", ActionWake, 0, "", false, false},
	{"to stay awake for a while", "shop-pr-2", ActionWake, time.Hour, "", false, false},
	{"to stay awake for as long as may be", "shop-pr-2", ActionWake, 48 * time.Hour, "", false, false},
	{
		"to stay awake for too long", "shop-pr-2", ActionWake, 2562047 * time.Hour,
		"an environment is held awake for 48h at most (lifetime.maxExtension), and not for 2562047h; use a shorter " +
			"duration; you can extend it again later",
		false, true,
	},
	{"to extend", "shop-pr-2", ActionExtend, 48 * time.Hour, "", false, false},
	{"to extend for as long as may be", "shop-pr-2", ActionExtend, 0, "", false, false},
	{"to sleep", "jakub", ActionSleep, 0, "", false, false},
	{"to bring back an expired environment", "shop-pr-1", ActionExtend, 0, "", false, false},
	{
		"to extend for too long", "shop-pr-2", ActionExtend, 48*time.Hour + 1,
		"an environment is extended by 48h at most (lifetime.maxExtension), and not by 48h0m0.000000001s; use a shorter " +
			"duration; you can extend it again later",
		false, true,
	},
	{
		"to bring back an expired environment for too long", "shop-pr-1", ActionExtend, 49 * time.Hour,
		"an environment is extended by 48h at most (lifetime.maxExtension), and not by 49h; use a shorter duration; you " +
			"can extend it again later", false, true,
	},
	{
		"something else", "shop-pr-2", "del\u202eete", 0, `unknown action "delete"; use wake, sleep, extend or redeploy`, false, true,
	},
	{"to redeploy", "shop-pr-2", ActionRedeploy, 0, "", false, false},
	{
		"to redeploy for a while", "shop-pr-2", ActionRedeploy, 1, "redeploy takes no duration; omit the duration", false, true,
	},
	{
		"to redeploy an expired environment", "shop-pr-1", ActionRedeploy, 0,
		"shop-pr-1 is gone: it has had no activity since 2026-11-20 12:00 UTC, and lifetime.deleteAfterIdle is 6h; push to it, or previewctl " +
			"extend shop-pr-1, to bring it back", false, false,
	},
	{"less than nothing", "shop-pr-2", ActionWake, -1, `the length of time is negative; write one like "48h"`, false, true},
	{
		"to sleep for a while", "shop-pr-2", ActionSleep, 1, "sleep takes no duration: it lasts until the next wake; omit the duration",
		false, true,
	},
	{
		"to wake an environment that never existed", "shop-pr-9", ActionWake, 0,
		`there is no environment "shop-pr-9"; previewctl list shows those that there are`, true, false,
	},
	{"nothing", "", ActionWake, 0, `there is no environment ""; previewctl list shows those that there are`, true, false},
	{
		"to wake a held pull request", "shop-pr-3", ActionWake, 0,
		"shop-pr-3 is held: it is a draft, and drafts get no preview here; mark it ready for review", false, false,
	},
	{
		"to wake an expired environment", "shop-pr-1", ActionWake, 0,
		"shop-pr-1 is gone: it has had no activity since 2026-11-20 12:00 UTC, and lifetime.deleteAfterIdle is 6h; push to it, or previewctl " +
			"extend shop-pr-1, to bring it back", false, false,
	},
	{
		"to put an environment to sleep that is handed over", "shop-pr-2", ActionSleep, 0,
		"workloads of shop-pr-2 are handed over, so Argo CD can't stop them; take handover out of its file", false, false,
	},
	{
		"what its file keeps awake to sleep", "shop-pr-5", ActionSleep, 0, "the file of shop-pr-5 says lifetime.keepAwake; take it out",
		false, false,
	},
	{
		"to put an environment to sleep that is held awake", "shop-pr-4", ActionSleep, 0,
		"shop-pr-4 is kept awake until 2026-11-20 20:00 UTC by alice; wait until then", false, false,
	},
	{
		"what something awake leads to, to sleep", "base", ActionSleep, 0,
		"jakub is awake and leads to base; send that to sleep first: previewctl sleep jakub", false, false,
	},
}

func TestCheckRequest(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{deleteAfterIdle: 6h, maxExtension: 48h}")+"limits: {environments: 5}\n",
		pull(1), pull(2), pull(3, asDraft), pull(4, withLabels("preview:full")), pull(5))
	d.files(map[string]string{
		"overlays/shop-pr-2/environment.yaml": testfixture.EnvironmentYAML("pullRequest: acme/shop#2\nhandover: [orders]\n"),
		"overlays/shop-pr-5/environment.yaml": testfixture.EnvironmentYAML("pullRequest: acme/shop#5\nlifetime: {keepAwake: true}\n"),
		"overlays/base/environment.yaml":      testfixture.EnvironmentYAML("shared: true\nprofile: full\n"),
		"overlays/jakub/environment.yaml": testfixture.EnvironmentYAML("services: {web: {branch: main}}\nlinks: {orders: {environment: " +
			"base}}\n"),
	})
	d.ask(ActionWake, "shop-pr-4", 8*time.Hour)
	gone := d.pulls[0]
	d.pulls[0].Labels = []string{"preview"}
	for _, used := range []string{"shop-pr-2", "shop-pr-4", "shop-pr-5", "base", "jakub"} {
		d.used[used] = true
	}
	d.pass(6 * time.Hour).want("base awake, jakub awake, 2 awake, 4 awake, 5 awake")
	d.pulls[0] = gone
	for _, tt := range checkRequestCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := d.last.Check(d.config, Request{Environment: tt.environment, Action: tt.action, For: tt.length, At: d.now})
			if tt.want == "" {
				if err != nil {
					t.Errorf("it isn't taken: %v", err)
				}
				return
			}
			var e *RequestError
			if !errors.As(err, &e) || e.Error() != tt.want || e.Unknown != tt.unknown || e.Invalid != tt.invalid {
				t.Errorf("got %#v: %v\nwant %s", e, err, tt.want)
			}
		})
	}
}

func TestRequestsAreBoundedAndForgotten(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{grace: 1h}"), pull(1), pull(2))
	m := d.last.Memory
	before := fmt.Sprint(m.Requests)
	after := m
	for i := range 1000 {
		after.Ask(Request{Environment: fmt.Sprintf("shop-pr-%d", i), Action: ActionWake, By: strings.Repeat("\u202ex", 1000), At: d.now})
	}
	if len(after.Requests) != 2 || fmt.Sprint(m.Requests) != before {
		t.Errorf("intents: %d, and of the memory before: %v", len(after.Requests), m.Requests)
	}
	if by := after.Requests["shop-pr-1"].By; len(by) > 2*maxBy || config.Printable(by) != by || by == "" {
		t.Errorf("by %q", by)
	}
	d.last.Memory = restarted(t, after)
	d.pulls[0].Labels, d.pulls[1].Labels = nil, nil
	d.pass(2 * time.Minute)
	if got := d.last.Memory; len(got.Requests)+len(got.Lives)+len(got.Expired) > 0 {
		t.Errorf("memory still has the removed environment: %v %v %v", got.Requests, got.Lives, got.Expired)
	}
}

// A visit counts that comes while the snapshot is computed in which the environment falls asleep.
func TestVisitBeforeTheSnapshotWakes(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{sleep: {idleAfter: 1h}}"), pull(1)).pass(time.Hour).want("1 asleep")
	m := d.last.Memory
	m.Ask(Request{Environment: "shop-pr-1", Action: ActionWake, At: d.now.Add(-time.Millisecond)})
	d.last.Memory = m
	d.pass(time.Second)
	d.want("1 waking")
}

// The answer names the person who keeps the environment awake.
func TestHoldKeepsItsOwner(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{sleep: {idleAfter: 1h}}"), pull(1)).ask(ActionWake, "shop-pr-1", 2*time.Hour)
	refusal := func() string {
		return d.last.Check(d.config, Request{Environment: "shop-pr-1", Action: ActionSleep, At: d.now}).Error()
	}
	want := refusal()
	for _, action := range []string{ActionWake, ActionExtend} {
		m := d.last.Memory
		m.Ask(Request{Environment: "shop-pr-1", Action: action, By: "a visit", At: d.now})
		d.last.Memory = m
		if got := refusal(); got != want || !strings.Contains(got, "by alice") {
			t.Errorf("%s: %s, want %s", action, got, want)
		}
	}
	m := d.pass(3 * time.Hour).last.Memory
	m.Ask(Request{Environment: "shop-pr-1", Action: ActionWake, By: "bob", At: d.now})
	if by := m.Requests["shop-pr-1"].By; by != "bob" {
		t.Errorf("when it isn't kept awake any more, %q woke it", by)
	}
}
