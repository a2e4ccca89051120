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

func TestSlotPoolAt(t *testing.T) {
	t.Parallel()
	at := func(hour int) *time.Time { h := noon.Add(time.Duration(hour) * time.Hour); return &h }
	holds := func(p *config.SlotPool) []string {
		lines := []string{}
		for _, name := range []string{"bulbasaur", "ivysaur"} {
			c := p.Slots[name]
			line := name + ": " + strings.Join(c.Holders, ",")
			if c.Since != nil {
				line += c.Since.Format(" 15h")
			}
			lines = append(lines, line)
		}
		for _, c := range p.Queue {
			lines = append(lines, "waits: "+strings.Join(c.Holders, ","))
		}
		return lines
	}
	p := &config.SlotPool{
		Slots: map[string]config.Claim{
			"bulbasaur": {Holders: []string{"alice", "bob"}, Since: at(-3), Until: at(2)},
			"ivysaur":   {Holders: []string{"dave"}, Since: at(-2)},
		},
		Queue: []config.Claim{
			{Holders: []string{"late"}, Until: at(1)},
			{Holders: []string{"carol"}, Since: at(-1), Until: at(4)},
			{Holders: []string{"erin"}, Since: at(5)},
			{Holders: []string{"frank"}},
		},
	}
	tests := []struct {
		hour int
		want []string
	}{
		{1, []string{"bulbasaur: alice,bob 09h", "ivysaur: dave 10h", "waits: late", "waits: carol", "waits: erin", "waits: frank"}},
		{2, []string{"bulbasaur: carol 14h", "ivysaur: dave 10h", "waits: erin", "waits: frank"}},
		{4, []string{"bulbasaur: erin 17h", "ivysaur: dave 10h", "waits: frank"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, holds(p.At(noon.Add(time.Duration(tt.hour)*time.Hour)))); diff != "" {
			t.Errorf("after %d hours (-want +got):\n%s", tt.hour, diff)
		}
	}
	free := &config.SlotPool{
		Slots: map[string]config.Claim{"bulbasaur": {}, "ivysaur": {Holders: []string{"dave"}, Until: at(-1)}},
		Queue: []config.Claim{{Holders: []string{"carol"}, Since: at(-3)}, {Holders: []string{"erin"}}, {Holders: []string{"frank"}}},
	}
	if diff := cmp.Diff([]string{"bulbasaur: carol 09h", "ivysaur: erin 11h", "waits: frank"}, holds(free.At(noon))); diff != "" {
		t.Errorf("free ones (-want +got):\n%s", diff)
	}
}

// wantLostSlot checks that the decisions say who has lost slot bulbasaur.
func wantLostSlot(t *testing.T, s *Snapshot) {
	t.Helper()
	for _, d := range s.Decisions {
		isLoser := d.Environment == "gateway-pr-3" || d.Environment == "shop-pr-7"
		if isLoser != (d.LostSlot == "bulbasaur") || isLoser != strings.Contains(d.Reason, "lost slot bulbasaur") {
			t.Errorf("%s of %s: lost %q, %s", d.Environment, d.Owner, d.LostSlot, d.Reason)
		}
		if d.Rule == RuleSlot && d.Environment == "bulbasaur" && !strings.Contains(d.Reason, "alice lost it") {
			t.Errorf("the slot's decision doesn't name its last holder: %s", d.Reason)
		}
	}
}

func TestSlots(t *testing.T) {
	t.Parallel()
	held := testfixture.SlotsYAML("slots:\n  bulbasaur: {holders: [Alice], purpose: redesign, until: 2026-11-20T14:00:00Z}\n  ivysaur: " +
		"{holders: [carol]}\nqueue: [{holders: [bob], purpose: load test}]\n")
	c := testfixture.LoadTree(t,
		testfixture.DemoTree(map[string]string{config.PolicyFile: testfixture.DemoPolicy + slotsOn, config.SlotsFile: held}), nil)
	facts := with(factsOf(pull(7)), nil, ofGateway(3), ofGateway(4, by("bob")))
	facts.Skew = new(time.Duration)
	s := resolve(c, facts)
	want := []string{
		"bulbasaur: live by slot: its slot is held by Alice until 2026-11-20 14:00 UTC, then by bob",
		"ivysaur: held by unchanged: it has nothing to run",
		`acme/gateway#3: live by labelled: it is open and labelled "preview"; it runs in environment bulbasaur`,
		`acme/gateway#4: live by labelled: it is open and labelled "preview"; profile changed; ` +
			`bob has position 1 in the queue for a slot`,
		`acme/shop#7: live by labelled: it is open and labelled "preview"; it runs in environment bulbasaur`,
	}
	if diff := cmp.Diff(want, reasons(s)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
	row := s.Rows[0]
	if row.Name != "bulbasaur" || row.Source != "slot" || row.Owner != "Alice" || row.Purpose != "redesign" ||
		!slices.Contains(row.Info, Info{infoPullRequests, "acme/gateway#3:12 acme/shop#7:11"}) || row.Number != "" {
		t.Errorf("row: %+v", row)
	}
	if diff := cmp.Diff(map[string]string{"gateway": "9a7d", "orders": "abcdef1234", "web": ""}, runs(s, "bulbasaur")); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	jumped := Resolve(c, facts, restarted(t, s.Memory), noon.Add(3*time.Hour))
	if diff := cmp.Diff(s.Rows, jumped.Rows); diff != "" {
		t.Errorf("rows by a clock that may have jumped (-before +after):\n%s", diff)
	}
	over := jumped
	for minutes := range 7 { // by then it has been right for a while
		over = Resolve(c, facts, restarted(t, over.Memory), noon.Add(3*time.Hour+time.Duration(minutes)*time.Minute))
	}
	if got := over.Rows[0]; got.Name != "bulbasaur" || got.Owner != "bob" || got.Purpose != "load test" ||
		got.Namespace != row.Namespace || got.URL != row.URL || got.Number != "4" {
		t.Errorf("after the claim: %+v", got)
	}
	if got := names(over); !slices.Equal(got, []string{"bulbasaur", "gateway-pr-3", "shop-pr-7"}) {
		t.Errorf("%v are live after the claim: %s", got, strings.Join(reasons(over), "\n"))
	}
	wantLostSlot(t, over)
	released := later(t, c,
		map[string]string{
			config.PolicyFile: testfixture.DemoPolicy + slotsOn,
			config.SlotsFile:  testfixture.SlotsYAML("slots: {bulbasaur: {}, ivysaur: {}}\n"),
		}, false)
	after := Resolve(released, facts, restarted(t, over.Memory), noon.Add(4*time.Hour))
	if got := names(after); !slices.Equal(got, []string{"gateway-pr-3", "gateway-pr-4", "shop-pr-7"}) {
		t.Errorf("%v are live after the release: %s", got, strings.Join(reasons(after), "\n"))
	}
}

// Saved state of an earlier version has no claims. An invalid claim is no evidence that its slot was released.
func TestInvalidClaimReleasesNoSlot(t *testing.T) {
	t.Parallel()
	claimedBy := func(holder string) map[string]string {
		return map[string]string{
			config.PolicyFile: testfixture.DemoPolicy + slotsOn,
			config.SlotsFile:  testfixture.SlotsYAML("slots: {bulbasaur: {holders: [\"" + holder + "\"]}}\n"),
		}
	}
	before := testfixture.LoadTree(t, testfixture.DemoTree(claimedBy("alice")), nil)
	memory := restarted(t, resolve(before, factsOf(pull(7))).Memory)
	memory.Slots = nil
	known := memory.Previous()
	known.Commit = before.Commit
	broken := later(t, known, claimedBy("@alice"), false)
	after := func(memory Memory) *Snapshot { return Resolve(broken, factsOf(pull(7)), memory, noon.Add(time.Minute)) }
	s := after(memory)
	if diff := cmp.Diff([]string{"bulbasaur", "shop-pr-7"}, names(s)); diff != "" {
		t.Errorf("live (-want +got):\n%s\n%s", diff, strings.Join(reasons(s), "\n"))
	}
	for _, d := range s.Decisions {
		if d.Environment == "bulbasaur" && (d.Rule != RuleFile || !strings.Contains(d.Remedy, "correct the claim")) {
			t.Errorf("bulbasaur: %s: %s; %s", d.Rule, d.Reason, d.Remedy)
		}
	}
	memory.Confirmed = map[string]bool{"bulbasaur": true}
	if diff := cmp.Diff([]string{"shop-pr-7"}, names(after(memory))); diff != "" {
		t.Errorf("after a confirmation (-want +got):\n%s", diff)
	}
}

// A claim ends by a reliable clock, and an ended claim stays ended.
func TestWrongClockReleasesNoSlot(t *testing.T) {
	t.Parallel()
	held := testfixture.SlotsYAML("slots:\n  bulbasaur: {holders: [alice], until: 2026-11-20T14:00:00Z}\n  ivysaur: {holders: [bob], " +
		"until: 2026-11-22T14:00:00Z}\n")
	c := testfixture.LoadTree(t,
		testfixture.DemoTree(map[string]string{config.PolicyFile: testfixture.DemoPolicy + slotsOn, config.SlotsFile: held}), nil)
	m := Memory{}
	at := func(clock, skew time.Duration, known bool) []string {
		f := with(factsOf(pull(7)), nil, ofGateway(4, by("bob")))
		if known {
			f.Skew = &skew
		}
		f.ConfigReadAt = noon.Add(clock)
		s := Resolve(c, f, restarted(t, m), noon.Add(clock))
		m = s.Memory
		return names(s)
	}
	for _, step := range []struct {
		name        string
		clock, skew time.Duration
		known       bool
		want        []string
	}{
		{"held", 0, 0, true, []string{"bulbasaur", "ivysaur"}},
		{"the clock is days ahead", 72 * time.Hour, -72 * time.Hour, true, []string{"bulbasaur", "ivysaur"}},
		{"and still", 72*time.Hour + time.Minute, -72 * time.Hour, true, []string{"bulbasaur", "ivysaur"}},
		{"GitHub doesn't say the time", 72*time.Hour + 2*time.Minute, 0, false, []string{"bulbasaur", "ivysaur"}},
		{"it was set right", time.Hour, 0, true, []string{"bulbasaur", "ivysaur"}},
		{"and has been so for a while", time.Hour + 6*time.Minute, 0, true, []string{"bulbasaur", "ivysaur"}},
	} {
		if diff := cmp.Diff(step.want, at(step.clock, step.skew, step.known)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	var live []string
	for clock := time.Hour + 7*time.Minute; clock < 3*time.Hour; clock += time.Minute {
		live = at(clock, 0, true)
	}
	if diff := cmp.Diff([]string{"ivysaur", "shop-pr-7"}, live); diff != "" {
		t.Errorf("after alice's end (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ivysaur", "shop-pr-7"}, at(-time.Hour, 4*time.Hour, true)); diff != "" {
		t.Errorf("the clock is behind after that (-want +got):\n%s", diff)
	}
}

// A person may have written a later end where it couldn't be read.
func TestUnreadConfigReleasesNoSlot(t *testing.T) {
	t.Parallel()
	held := testfixture.SlotsYAML("slots: {bulbasaur: {holders: [alice], until: 2026-11-20T14:00:00Z}}\n")
	c := testfixture.LoadTree(t,
		testfixture.DemoTree(map[string]string{config.PolicyFile: testfixture.DemoPolicy + slotsOn, config.SlotsFile: held}), nil)
	f := factsOf(pull(7))
	f.Skew, f.ConfigReadAt = new(time.Duration), noon.Add(time.Hour)
	s := Resolve(c, f, Memory{}, noon)
	for clock := time.Duration(0); clock < 3*time.Hour; clock += time.Minute {
		s = Resolve(c, f, restarted(t, s.Memory), noon.Add(clock))
	}
	if diff := cmp.Diff([]string{"bulbasaur"}, names(s)); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	f.ConfigReadAt = noon.Add(3 * time.Hour)
	if diff := cmp.Diff([]string{"shop-pr-7"}, names(Resolve(c, f, s.Memory, f.ConfigReadAt))); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestSlotsRequired(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t,
		testfixture.DemoTree(map[string]string{
			config.PolicyFile: testfixture.DemoPolicy + "slots: required\n",
			config.SlotsFile:  testfixture.SlotsYAML("slots: {bulbasaur: {holders: [bob]}}\n"),
		}), nil)
	for _, labels := range [][]string{{"preview"}, {"preview-with:x"}} {
		d := resolve(c, factsOf(pull(7, withLabels(labels...)))).Decisions[1]
		if d.Outcome != Held || d.Rule != "slot" || d.Remedy != "previewctl slot claim --holders alice" {
			t.Errorf("%v: %+v", labels, d)
		}
	}
	facts := with(factsOf(pull(7, by("bob"))), nil, ofGateway(3))
	claimed := resolve(c, facts)
	if diff := cmp.Diff(map[string]string{"gateway": "", "orders": "abcdef1234", "web": ""}, runs(claimed, "bulbasaur")); diff != "" {
		t.Errorf("bob's (-want +got):\n%s", diff)
	}
	next := later(t, c,
		map[string]string{
			config.PolicyFile: testfixture.DemoPolicy + "slots: required\n",
			config.SlotsFile:  testfixture.SlotsYAML("slots: {bulbasaur: {holders: [alice]}}\n"),
		}, false)
	handed := Resolve(next, facts, restarted(t, claimed.Memory), noon)
	if diff := cmp.Diff(map[string]string{"gateway": "9a7d", "web": ""}, runs(handed, "bulbasaur")); diff != "" {
		t.Errorf("alice's (-want +got):\n%s\n%s", diff, strings.Join(reasons(handed), "\n"))
	}
	live := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7)))
	if s := Resolve(c, factsOf(pull(7)), live.Memory, noon); !slices.Equal(names(s), []string{"shop-pr-7"}) {
		t.Errorf("live environments were removed: %v", reasons(s))
	}
}

func TestSlotCannotBeJoined(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t,
		testfixture.DemoTree(map[string]string{
			config.PolicyFile: testfixture.DemoPolicy + "slots: on\n",
			config.SlotsFile:  testfixture.SlotsYAML("slots: {ivysaur: {}}\n"),
		}), nil)
	d := decision(t, resolve(c, factsOf(pull(1, withLabels("preview-with:ivysaur")))))
	want := []string{string(Held), "join", "ivysaur is a slot: only its holders' pull requests run there"}
	if diff := cmp.Diff(want, []string{string(d.Outcome), string(d.Rule), d.Reason}); diff != "" || d.Remedy == "" {
		t.Errorf("remedy %q (-want +got): %s", d.Remedy, diff)
	}
}
