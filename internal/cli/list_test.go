package cli

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/cli/apiclient"
	"github.com/previewset/previewset/internal/cli/terminaltest"
	"github.com/previewset/previewset/internal/preview"
)

func TestListIsATableOnATerminal(t *testing.T) {
	t.Parallel()
	term, out, _ := terminaltest.New("", nil)
	o := &listOptions{term: term}
	since := term.Now().Add(-3 * time.Hour)
	born := term.Now().Add(-48 * time.Hour)
	err := o.print(listing{
		Environments: []apiclient.Environment{{
			Row: preview.Row{
				Name: "shop-pr-7", State: "awake", Source: "pull-request", Owner: "al\x1b[2Jice", Profile: "full", URL: "https://x",
			},
			Progress: &preview.Progress{Phase: preview.PhaseDegraded, Since: &since},
		}},
		Decisions: []preview.Decision{
			{Outcome: preview.Live, Environment: "shop-pr-7", Since: since, LiveSince: &born},
			{Outcome: preview.Held, Rule: "file", Environment: "mine", Reason: "broken\u202e", Since: since},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `NAME       STATE            SOURCE        OWNER     PROFILE  SERVICES  URL        AGE
shop-pr-7  degraded for 3h  pull-request  al[2Jice  full     -         https://x  2d

NOT LIVE  STATE    RULE  AGE  REASON  WHAT TO DO
mine      on hold  file  3h   broken  -
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}
