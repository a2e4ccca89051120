package lifetimes

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// The guide docs/guides/stories/slot-team.md: people claim slots and wait for them. A slot without requests falls asleep, and
// a visitor wakes it. The next in the queue gets a slot when it is released or its claim ends. The slot keeps its namespace.
func TestStoryOfTheSlotTeam(t *testing.T) {
	w := shared
	w.Change(t, "Add slots", gitserver.Write("slots.yaml",
		"apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\nslots: {bulbasaur: {}, ivysaur: {}}\nqueue: []\n"))
	w.RestoreAfter(t, "Remove the slots", gitserver.Write("previewset.yaml", w.policy), gitserver.Remove("slots.yaml"))
	was := w.policy
	w.policy = standtest.ReplaceOnce(t, was, "\nslots: off\n", "\nslots: {mode: required, maxClaim: 72h}\n")
	t.Cleanup(func() { w.policy = was })
	w.at(t, time.Now(), "  sleep: {idleAfter: 30m}\n")
	alice, dave, erin := w.openBy(t, "alice"), w.openBy(t, "dave"), w.openBy(t, "erin")
	slot := standtest.Named("bulbasaur")

	w.commitBy(t, "slot", "claim", "--holders=alice,bob", "--purpose=checkout redesign", "--until=48h")
	w.commitBy(t, "slot", "claim", "--holders=carol", "--until=2h")
	w.commitBy(t, "slot", "claim", "--holders=dave")
	w.commitBy(t, "slot", "claim", "--holders=erin")
	w.WaitDecision(t, reference(alice), standtest.Decision{Outcome: "live", Environment: slot.Name})
	w.WaitDecision(t, reference(dave), standtest.Decision{Outcome: "held", Rule: "slot"})
	w.WaitPrints(t, []string{"why", reference(erin)}, "held", "slot")
	w.waitState(t, slot, "awake")
	before := w.kept(t, slot)
	w.waitState(t, slot, "asleep")
	status, page, err := w.visit(t.Context(), slot)
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(page, slot.Name) {
		t.Fatalf("%v: the page is %d\n%s", err, status, page)
	}
	stop := w.use(t, slot)
	w.waitState(t, slot, "awake")

	w.commitBy(t, "slot", "release", slot.Name)
	w.WaitDecision(t, reference(dave), standtest.Decision{Outcome: "live", Environment: slot.Name})
	w.WaitDecision(t, reference(alice), standtest.Decision{Outcome: "held", Rule: "slot"})
	w.waitState(t, slot, "awake")
	stop()
	if app, err := w.Application(t.Context(), slot.Application); err != nil || app.Labels["previewset.dev/owner"] != "dave" {
		t.Errorf("%v: its labels are %v", err, app.Labels)
	}
	after := w.kept(t, slot)
	for name, uid := range before {
		if strings.HasPrefix(name, "persistentvolumeclaims/") && after[name] != uid {
			t.Errorf("%s was made anew", name)
		}
	}

	// Carol's claim ends two hours after it began, by the generator's clock. No commit is needed.
	w.WaitDecision(t, reference(erin), standtest.Decision{Outcome: "live", Environment: "ivysaur"})
}

// openBy opens a labelled pull request of an author, which may get no environment of its own.
func (w *world) openBy(t *testing.T, author string) (number int) {
	t.Helper()
	number = w.gateway.Open(githubtest.PullRequest{
		Author: author, Labels: []string{"preview"}, Files: []githubtest.File{{Name: "main.go"}},
	})
	t.Cleanup(func() { w.gateway.Close(number) })
	return number
}

// commitBy runs a previewctl command that commits to the GitOps repository.
func (w *world) commitBy(t *testing.T, args ...string) string {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(w.Git.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := w.Previewctl(t.Context(), append(args,
		"--config-repo="+w.Git.URL, "--config-token-file="+token, "--author=Jakub <jakub@example.com>")...)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}
