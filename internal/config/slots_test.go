package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// One claim with a long purpose stops neither the other slots nor the rest of the configuration.
func TestPurposesOfClaimsAreShortened(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 50<<10)
	tree := testfixture.DemoTree(map[string]string{
		config.SlotsFile: testfixture.SlotsYAML("slots:\n  a: {holders: [alice], purpose: " + long +
			"}\nqueue:\n- {holders: [bob], purpose: " + long + "}\n"),
	})
	c := testfixture.LoadTree(t, tree, nil)
	want := strings.Repeat("ü", 199) + "…"
	if got := c.Slots.Slots["a"].Purpose; got != want || c.Slots.Queue[0].Purpose != want {
		t.Errorf("%d and %d bytes", len(got), len(c.Slots.Queue[0].Purpose))
	}
}

// One invalid claim affects only its own slot, which stays as it was.
func TestInvalidClaimKeepsItsSlot(t *testing.T) {
	t.Parallel()
	load := func(t *testing.T, claims string, prev *config.Config) *config.Config {
		t.Helper()
		return testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
			config.PolicyFile: testfixture.DemoPolicy + "slots: on\n", config.SlotsFile: testfixture.SlotsYAML(claims),
		}), prev)
	}
	before := load(t, "slots: {a: {holders: [alice]}, b: {holders: [bob]}}\n", nil)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for name, claim := range map[string]string{
		"a wrong login": "a: {holders: ['@eve']}", "no mapping": "a: [eve]", "no value": "a:", "an unknown key": "a: {holder: [eve]}",
		"a wrong time": "a: {holders: [eve], until: tomorrow}", "a key twice": "a: {holders: [eve], holders: [mallory]}",
		"a slot twice": "a: {holders: [eve]}\n  a: {holders: [mallory]}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := "slots:\n  b: {holders: [carol]}\n  " + claim + "\nqueue: [{holders: ['@x']}, {holders: [dave]}]\n"
			c := load(t, broken, before)
			claims := c.Claims(now)
			if got := claims["a"].Holders; !slices.Equal(got, []string{"alice"}) {
				t.Errorf("a is held by %v, want alice as before", got)
			}
			if got := claims["b"].Holders; !slices.Equal(got, []string{"carol"}) {
				t.Errorf("b is held by %v, want carol", got)
			}
			if len(c.SlotProblems) < 2 || !strings.HasPrefix(c.SlotProblems[0].Path, "slots.a") {
				t.Errorf("problems %v", c.SlotProblems)
			}
			if len(c.Slots.Queue) != 1 || c.Slots.Queue[0].Holders[0] != "dave" {
				t.Errorf("queue %v, want dave alone", c.Slots.Queue)
			}
			// Without an earlier claim the holder is unknown, and the queue doesn't get the slot.
			if got := load(t, broken, nil).Claims(now)["a"].Holders; len(got) != 0 {
				t.Errorf("without an earlier configuration, a is held by %v", got)
			}
		})
	}
}

// A claim ends after slots.maxClaim, also one that comes from the queue.
func TestClaimsEndAfterMaxClaim(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
		config.PolicyFile: testfixture.DemoPolicy + "slots: {mode: on, maxClaim: 2h}\n",
		config.SlotsFile: testfixture.SlotsYAML("slots: {a: {holders: [alice], since: 2026-11-20T09:00:00Z}}\n" +
			"queue: [{holders: [bob], since: 2026-11-20T09:00:00Z, until: 2026-11-30T09:00:00Z}]\n"),
	}), nil)
	for hour, want := range map[int]string{10: "alice", 11: "bob", 12: "bob", 13: ""} {
		claim := c.Claims(time.Date(2026, 11, 20, hour, 0, 0, 0, time.UTC))["a"]
		if got := strings.Join(claim.Holders, ""); got != want {
			t.Errorf("at %d:00 the slot is held by %q, want %q", hour, got, want)
		}
	}
}
