package preview

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/testfixture"
)

// Settings of lifetimes.
const (
	sleepsWhenIdle = "{sleep: {idleAfter: 1h}}"
	sleepsWhenBusy = "{sleep: {idleAfter: 1h, maxAwake: 3h}}"
)

// sleepsAtNight returns a setting with the hours from 8 to 19 in Berlin, in winter. Noon of the test is on a Friday,
// 13:00 there.
func sleepsAtNight(more string) string {
	return `{sleep: {idleAfter: 1h, workingHours: {days: [mon, tue, wed, thu, fri], from: "08:00", to: "19:00", ` +
		`timezone: Europe/Berlin` + more + `}}}`
}

// sleepStory is an environment's life with one lifetime setting.
type sleepStory struct {
	name     string
	lifetime string
	play     func(*days)
}

// idleStories are about activity and unknown activity.
func idleStories() []sleepStory {
	return []sleepStory{
		{
			"idle for an hour, and not before", sleepsWhenIdle,
			func(d *days) { d.pass(59 * time.Minute).want("1 awake"); d.pass(time.Minute).want("1 asleep") },
		},
		{"a used environment stays awake, and an hour more", sleepsWhenIdle, func(d *days) {
			d.used["shop-pr-1"] = true
			d.pass(24 * time.Hour).want("1 awake")
			d.used["shop-pr-1"] = false
			d.pass(59 * time.Minute).want("1 awake")
			d.pass(time.Minute).want("1 asleep")
		}},
		{"a namespace that wasn't measured counts as used", sleepsWhenIdle, func(d *days) {
			d.lost["shop-pr-1"] = true
			d.pass(24 * time.Hour).want("1 awake")
			d.lost["shop-pr-1"] = false
			d.pass(59 * time.Minute).want("1 awake")
			d.pass(time.Minute).want("1 asleep")
		}},
		{"an old measurement says nothing", sleepsWhenIdle, func(d *days) {
			d.pass(55 * time.Minute)
			last := d.now
			d.facts = func(f *Facts) { f.Activity.At, f.Activity.Problem = last, "Prometheus is away" }
			d.pass(24 * time.Hour).want("1 awake")
			d.facts = nil
			d.pass(59 * time.Minute).want("1 awake")
			d.pass(time.Minute).want("1 asleep")
		}},
		{"nothing follows from no measurement at all", sleepsWhenIdle, func(d *days) {
			d.facts = func(f *Facts) { f.Activity = Measurement{} }
			d.pass(24 * time.Hour).want("1 awake")
		}},
		{"a measurement of the future says nothing", sleepsWhenIdle, func(d *days) {
			d.facts = func(f *Facts) { f.Activity.At = f.Activity.At.Add(time.Second) }
			d.pass(24 * time.Hour).want("1 awake")
		}},
		{"a gap between two measurements counts as use", sleepsWhenIdle, func(d *days) {
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
		{"an unknown clock", sleepsWhenIdle, func(d *days) {
			d.facts = func(f *Facts) { f.Skew = nil }
			d.pass(24 * time.Hour).want("1 awake")
		}},
		{"a clock that isn't GitHub's", sleepsWhenIdle, func(d *days) {
			wrong := -5*time.Minute - 1
			d.facts = func(f *Facts) { f.Skew = &wrong }
			d.pass(24 * time.Hour).want("1 awake")
		}},
	}
}

// maxAwakeStories are about environments that are awake for too long.
func maxAwakeStories() []sleepStory {
	return []sleepStory{
		{"used all the time, awake for too long", sleepsWhenBusy, func(d *days) {
			d.used["shop-pr-1"] = true
			d.pass(179 * time.Minute).want("1 awake")
			d.pass(time.Minute).want("1 asleep")
			d.ask(ActionWake, "shop-pr-1", 0).pass(3 * time.Hour).want("1 awake") // waking took a minute
			d.pass(time.Minute).want("1 asleep")
		}},
		{"awake for too long, but a push, an extension or a visit in between", sleepsWhenBusy, func(d *days) {
			d.used["shop-pr-1"] = true
			d.pass(2 * time.Hour)
			d.pulls[0].HeadSHA = testfixture.SHA("fedcba")
			d.pass(2*time.Hour).want("1 awake").ask(ActionExtend, "shop-pr-1", 0)
			d.pass(2*time.Hour).want("1 awake").ask(ActionWake, "shop-pr-1", 0)
			d.pass(2 * time.Hour).want("1 awake").pass(time.Hour).want("1 asleep")
		}},
		{"awake for too long, but activity is unknown", sleepsWhenBusy, func(d *days) {
			d.lost["shop-pr-1"] = true
			d.pass(24 * time.Hour).want("1 awake")
		}},
	}
}

// workingHoursStories are about working hours.
func workingHoursStories() []sleepStory {
	return []sleepStory{
		{"other hours, other idleness", sleepsAtNight(", idleAfter: 2h"), func(d *days) {
			d.pass(119 * time.Minute).want("1 awake").pass(time.Minute).want("1 asleep")
			d.ask(ActionWake, "shop-pr-1", 0).used["shop-pr-1"] = true
			d.pass(3 * time.Hour)
			d.used["shop-pr-1"] = false // at 18:00; at 19:00 two hours are an hour
			d.pass(59 * time.Minute).want("1 awake").pass(2 * time.Minute).want("1 asleep")
		}},
		{"outside working hours it sleeps", sleepsAtNight(", asleepOutside: true"), func(d *days) {
			d.used["shop-pr-1"] = true
			d.pass(359 * time.Minute)
			d.used["shop-pr-1"] = false
			d.want("1 awake").pass(time.Minute).want("1 asleep")
			d.pass(72 * time.Hour).want("1 asleep") // nothing wakes it on Monday but a person
			d.ask(ActionWake, "shop-pr-1", 0).want("1 waking")
		}},
		{"outside working hours it sleeps, unless a person uses it", sleepsAtNight(", asleepOutside: true"), func(d *days) {
			d.used["shop-pr-1"] = true
			d.pass(7 * time.Hour).want("1 awake")
			d.used["shop-pr-1"] = false
			d.pass(59 * time.Minute).want("1 awake").pass(time.Minute).want("1 asleep")
			d.ask(ActionWake, "shop-pr-1", 0).pass(59 * time.Minute).want("1 awake").pass(time.Minute).want("1 asleep")
		}},
	}
}

// sleepRequestStories are about requests of users.
func sleepRequestStories() []sleepStory {
	return []sleepStory{
		{"no rule, no sleep", "{grace: 1h}", func(d *days) { d.pass(24 * time.Hour).want("1 awake") }},
		{"a person's word is enough", "{grace: 1h}", func(d *days) {
			d.facts = func(f *Facts) { f.Activity, f.Skew = Measurement{}, nil }
			d.ask(ActionSleep, "shop-pr-1", 0).want("1 asleep").pass(24 * time.Hour).want("1 asleep")
			if got := d.decided("shop-pr-1"); !strings.Contains(got.Reason,
				"it has been asleep since 2026-11-20 12:00 UTC: a person put it to sleep") || got.Remedy == "" {
				d.t.Errorf("%s; %s", got.Reason, got.Remedy)
			}
			d.ask(ActionWake, "shop-pr-1", 0).want("1 waking")
		}},
		{"held awake for as long as a person says", sleepsWhenIdle, func(d *days) {
			d.ask(ActionWake, "shop-pr-1", 4*time.Hour).pass(4*time.Hour - time.Minute).want("1 awake").pass(2 * time.Minute).want("1 asleep")
		}},
		{"held awake, but not for longer than maxAwake", sleepsWhenBusy, func(d *days) {
			d.used["shop-pr-1"] = true
			d.ask(ActionWake, "shop-pr-1", 3*time.Hour).pass(179 * time.Minute).want("1 awake").pass(time.Minute).want("1 asleep")
		}},
		{"held awake for too long, and woken again for nothing", sleepsWhenBusy, func(d *days) {
			d.used["shop-pr-1"] = true
			d.ask(ActionWake, "shop-pr-1", 3*time.Hour).pass(2 * time.Hour)
			d.used["shop-pr-1"] = false
			d.ask(ActionWake, "shop-pr-1", 0).pass(59 * time.Minute).want("1 awake").pass(2 * time.Minute).want("1 asleep")
		}},
	}
}

// wakeStories are about pushes and about waking.
func wakeStories() []sleepStory {
	return []sleepStory{
		{"a push while it is being put to sleep", sleepsWhenIdle, func(d *days) {
			d.pulls[0].HeadSHA = testfixture.SHA("fedcba")
			d.pass(time.Minute).ask(ActionSleep, "shop-pr-1", 0).want("1 asleep").pass(time.Hour).want("1 asleep")
		}},
		{"a push that isn't ready yet wakes it too", sleepsWhenIdle, func(d *days) {
			d.pass(time.Hour).want("1 asleep")
			d.pulls[0].HeadSHA, d.pulls[0].Changes = testfixture.SHA("fedcba"), nil
			d.pass(time.Minute).want("1 waking")
		}},
		{"waking ends after a while, whatever Argo CD says", sleepsWhenIdle, func(d *days) {
			d.pass(time.Hour)
			d.facts = func(f *Facts) { f.Settled = nil }
			d.ask(ActionWake, "shop-pr-1", 0).pass(14 * time.Minute).want("1 waking").pass(time.Minute).want("1 awake")
			if took := d.last.Memory.Lives["shop-pr-1"].Took; took != 0 {
				d.t.Errorf("it took %s, want an unknown duration", took)
			}
		}},
		{"how long it took is remembered", sleepsWhenIdle, func(d *days) {
			d.pass(time.Hour).ask(ActionWake, "shop-pr-1", 0)
			d.facts = func(f *Facts) { f.Settled = nil }
			d.pass(2 * time.Minute).facts = nil
			d.pass(time.Minute).want("1 awake").pass(time.Hour).want("1 asleep")
			if took := d.last.Memory.Lives["shop-pr-1"].Took; took != 3*time.Minute {
				d.t.Errorf("it took %s, want 3m", took)
			}
		}},
	}
}

// sleepDecisionStories are about decisions, and about facts that can't be read.
func sleepDecisionStories() []sleepStory {
	return []sleepStory{
		{"it is decided that it sleeps, since it does, and that it is live since it woke", sleepsWhenIdle, func(d *days) {
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
		{"asleep while its repository can't be read, and a visit wakes it", sleepsWhenIdle, func(d *days) {
			d.pass(time.Hour).want("1 asleep")
			d.facts = func(f *Facts) { delete(f.Repositories, "acme/shop") }
			d.ask(ActionWake, "shop-pr-1", 0).want("1 waking").pass(time.Minute).want("1 awake")
		}},
		{"asleep while configuration can't be read, and a visit wakes it", sleepsWhenIdle, func(d *days) {
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
}

func TestSleepTimes(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.Concat(
		idleStories(), maxAwakeStories(), workingHoursStories(), sleepRequestStories(), wakeStories(), sleepDecisionStories(),
	) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.play(newDays(t, lifetimes(tt.lifetime), pull(1)).want("1 awake"))
		})
	}
}
