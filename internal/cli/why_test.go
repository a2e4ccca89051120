package cli

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/terminaltest"
	"github.com/previewset/previewset/internal/preview"
)

func TestWhyIsColouredOnATerminal(t *testing.T) {
	t.Parallel()
	term, out, _ := terminaltest.New("", nil)
	o := &whyOptions{Lookup: apiclient.Lookup{Env: term}}
	since := term.Now().Add(-3 * time.Hour)
	for _, d := range []preview.Decision{
		{Outcome: preview.Live, Rule: "labelled", Environment: "a", Since: since}, {Outcome: preview.Live, Rule: "draft", Environment: "b"},
	} {
		if err := o.explain(d); err != nil {
			t.Fatal(err)
		}
	}
	want := "a is \x1b[32mlive\x1b[0m, for 3h (since 2026-01-02T00:04:05Z)\n  Environment  a\n  Rule         labelled\n" +
		"b is \x1b[33mlive\x1b[0m\n  Environment  b\n  Rule         draft\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
