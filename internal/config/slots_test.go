package config_test

import (
	"strings"
	"testing"

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
