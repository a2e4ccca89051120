package preview

import (
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// An environment that must wait to wake gets the next position of the queue to be awake, and keeps it.
func TestNoteOnWakeSaysThePosition(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{sleep: {idleAfter: 1h}}"), pull(1), pull(2), pull(3))
	note := func(name string) string {
		return d.last.NoteOn(d.config, Request{Environment: name, Action: ActionWake, At: d.now})
	}
	for _, name := range []string{"shop-pr-1", "shop-pr-2"} {
		d.ask(ActionSleep, name, 0)
	}
	d.want("1 asleep, 2 asleep, 3 awake")
	if got := note("shop-pr-1"); got != "" {
		t.Errorf("without a limit: %s", got)
	}
	d.policy += "limits: {awake: 1}\n"
	d.files(map[string]string{}).pass(time.Minute)
	if got := note("shop-pr-3"); got != "" {
		t.Errorf("it is awake: %s", got)
	}
	if got := note("shop-pr-2"); !strings.Contains(got, "limits.awake (1) is reached; position 1 in the queue to be awake") {
		t.Errorf("the first one: %s", got)
	}
	d.ask(ActionWake, "shop-pr-2", 0).want("1 asleep, 2 asleep, 3 awake")
	for name, want := range map[string]string{"shop-pr-1": "position 2 in", "shop-pr-2": "position 1 in"} {
		if got := note(name); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if q := d.decided("shop-pr-2").Queue; q == nil || *q != (QueuePlace{Name: "awake", Position: 1}) {
		t.Errorf("the decision's place: %v", q)
	}
}

// The answer to an extension has the end that the next snapshot has too.
func TestEndOfAnExtension(t *testing.T) {
	t.Parallel()
	d := newDays(t, lifetimes("{deleteAfterIdle: 72h, maxExtension: 96h}"), pull(1))
	d.used["shop-pr-1"] = true
	d.pass(time.Minute)
	for _, tt := range []struct {
		name   string
		length time.Duration
		want   time.Time
		note   string
	}{
		{"less than it has", 48 * time.Hour, d.now.Add(72 * time.Hour), "stays as it is"},
		{"longer", 90 * time.Hour, d.now.Add(90 * time.Hour), ""},
		{"as long as may be", 0, d.now.Add(96 * time.Hour), "lifetime.maxExtension (96h from now)"},
	} {
		r := Request{Environment: "shop-pr-1", Action: ActionExtend, For: tt.length, At: d.now}
		if got := d.last.EndOf(d.config, r); !got.Equal(tt.want) {
			t.Errorf("%s: it ends at %s, want %s", tt.name, got, tt.want)
		}
		if got := d.last.NoteOn(d.config, r); (tt.note == "") != (got == "") || !strings.Contains(got, tt.note) {
			t.Errorf("%s: note %q, want %q", tt.name, got, tt.note)
		}
	}
	d.ask(ActionExtend, "shop-pr-1", 90*time.Hour)
	if got := d.decided("shop-pr-1").ExpiresAt; got == nil || !got.Equal(d.now.Add(90*time.Hour)) {
		t.Errorf("the next snapshot says %v", got)
	}
}

// An extension moves no claim, and the answer says so.
func TestExtensionOfASlotMovesNoClaim(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
		config.PolicyFile: testfixture.DemoPolicy + slotsOn,
		config.SlotsFile:  testfixture.SlotsYAML("slots: {bulbasaur: {holders: [alice], until: 2026-11-20T14:00:00Z}}\n"),
	}), nil)
	facts := factsOf(pull(7))
	facts.Skew = new(time.Duration)
	s := resolve(c, facts)
	s = Resolve(c, facts, s.Memory, noon.Add(time.Minute)) // its state is described once it is live
	r := Request{Environment: "bulbasaur", Action: ActionExtend, At: noon.Add(time.Minute)}
	if got := s.EndOf(c, r); !got.Equal(noon.Add(2 * time.Hour)) {
		t.Errorf("it ends at %s", got)
	}
	if got := s.NoteOn(c, r); !strings.Contains(got, "previewctl slot claim bulbasaur --until") {
		t.Errorf("note %q", got)
	}
	for _, d := range s.Decisions {
		if d.SlotClaim == nil || d.SlotClaim.String() != "held by alice until 2026-11-20 14:00 UTC, then free" {
			t.Errorf("%s: claim %v", d.Environment, d.SlotClaim)
		}
	}
}
