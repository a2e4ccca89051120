package visit_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
)

// With visits: signed-in, only people who have signed in wake an environment; others are sent to the previews page.
func TestVisitsOfSignedInPeopleOnly(t *testing.T) {
	t.Parallel()
	w := testworld.New()
	w.Tree = testworld.Tree(1, testworld.Policy+"visits: signed-in\n")
	for name, tt := range map[string]struct {
		state  preview.State
		header map[string]string
		wakes  bool
		link   bool
	}{
		"a stranger":               {preview.Asleep, person(nil), false, true},
		"a forged name":            {preview.Asleep, person(map[string]string{"X-Forwarded-User": "bob"}), false, true},
		"a person":                 {preview.Asleep, signedIn(nil), true, false},
		"a stranger while it runs": {preview.Awake, person(nil), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(testworld.Ready(t, w))
			s.changeSnapshot(func(snapshot *preview.Snapshot) {
				for i := range snapshot.Rows {
					snapshot.Rows[i].State = tt.state
				}
			})
			tt.header["Host"] = shopHost
			got := s.visit(t, http.MethodGet, "/", tt.header)
			hasLink := strings.Contains(got.Body, `href="https://previews.example.dev/previews/shop-pr-7"`)
			if requests := s.queue.Take().Requests.InOrder(); len(requests) > 0 != tt.wakes || hasLink != tt.link {
				t.Errorf("requests %v, link %v\n%s", requests, hasLink, got.Body)
			}
		})
	}
}
