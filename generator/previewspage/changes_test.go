package previewspage_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// changeRows returns the rows of the page with the recent changes: preview, change and person.
func (s site) changeRows(t *testing.T, query string) []string {
	t.Helper()
	page := s.get(t, "/changes"+query, someone("root"))
	if page.Code != http.StatusOK {
		t.Fatalf("%d %s", page.Code, page.Body)
	}
	return texts(t, page.Body, "tr")[min(1, len(texts(t, page.Body, "tr"))):]
}

// The on-call engineer sees what happened to all previews, and what people did.
func TestRecentChanges(t *testing.T) {
	t.Parallel()
	argo := &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	s := newSite(t, newWorld(), testworld.WithApplications(argo))
	if rows := s.changeRows(t, "?people=1"); len(rows) > 0 {
		t.Errorf("changes by people before any action: %v", rows)
	}
	s.Refresh(t.Context()) // reads the Applications
	row := s.Environment(t, "shop-pr-7").Row
	argo.Heal(row)
	s.AdvanceClock(60e9)
	s.Refresh(t.Context())
	failed := testworld.Synced(row)
	failed.Health = "Degraded"
	failed.Unhealthy = &preview.UnhealthyResource{Kind: "Pod", Name: "orders-1", Health: "Degraded", Message: "exit code 3"}
	argo.Statuses[row.Namespace] = failed
	s.AdvanceClock(60e9)
	s.Refresh(t.Context())
	s.post(t, "/previews/gateway-pr-1/sleep", "", someone("alice", "team"))
	all := strings.Join(s.changeRows(t, ""), "\n")
	for _, want := range []string{"shop-pr-7 Ready. the generator", "exit code 3", "gateway-pr-1 Asked to sleep. alice (previews page)"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if rows := s.changeRows(t, "?people=1"); len(rows) != 1 || !strings.Contains(rows[0], "gateway-pr-1") {
		t.Errorf("what people did: %v", rows)
	}
	s.AdvanceClock(25 * 3600e9)
	if rows := s.changeRows(t, "?people=1"); len(rows) > 0 {
		t.Errorf("after a day: %v", rows)
	}
	if got := s.get(t, "/changes", someone("stranger")); got.Code != http.StatusForbidden {
		t.Errorf("a person without a role: %d", got.Code)
	}
}

// The page after a click on a button has its result: the new end, or the position in the queue.
func TestPageAfterAnAction(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := newSite(t, w)
	s.Request(t, "shop-pr-7", "sleep", "")
	w.Change(func() {
		w.Tree = testworld.Tree(2, strings.Replace(testworld.Policy, "profiles:", "limits: {awake: 2}\nprofiles:", 1))
		w.Tree.Files[config.AccessFile] = config.File{Content: []byte(access)}
	})
	s.Refresh(t.Context())
	got := s.post(t, "/previews/shop-pr-7/wake", "", someone("alice", "team"))
	page := s.get(t, got.Header.Get("Location"), someone("alice", "team"))
	if text := strings.Join(texts(t, page.Body, "p"), "\n"); !strings.Contains(text, "position 1 in the queue to be awake") {
		t.Errorf("%s", text)
	}
	s.AdvanceClock(60e9)
	s.Refresh(t.Context())
	if page := s.get(t, "/previews/shop-pr-7", someone("alice", "team")); !strings.Contains(page.Body, "position 1 in the queue to be awake") {
		t.Errorf("while it waits: %s", texts(t, page.Body, "p"))
	}
}

// The page of a slot's preview has the end of the claim, and the next holders.
func TestSlotHasItsEnd(t *testing.T) {
	t.Parallel()
	policy := strings.Replace(testworld.Policy, "profiles:", "slots: on\nprofiles:", 1)
	w := newWorld(config.PolicyFile, policy, config.SlotsFile, "apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\n"+
		"slots: {red: {holders: [alice], until: 2099-01-02T03:04:05Z}}\nqueue: [{holders: [bob]}]\n")
	s := newSite(t, w)
	s.Refresh(t.Context())
	page := s.get(t, "/previews/red", someone("alice", "everybody"))
	if all := strings.Join(texts(t, page.Body, "dd"), "\n"); !strings.Contains(all, "held by alice until 2099-01-02 03:04 UTC, then by bob") {
		t.Errorf("%s", all)
	}
}
