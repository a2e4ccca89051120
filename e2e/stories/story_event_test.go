package stories

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
)

// The guide docs/guides/stories/event-and-tag.md: a program sends events as JSON. CI moves a tag when the image of a commit
// exists, and the environments of the tag follow in place. A refresh chooses other tags, and a deletion deletes only the
// environment with exactly that name.
func TestStoryOfTheEventWithAMovingTag(t *testing.T) {
	t.Parallel()
	w := shared
	first, second, release := githubtest.SHA("event, first"), githubtest.SHA("event, second"), githubtest.SHA("event, release")
	w.gateway.SetAnnotatedTag("story-dev", "commit", first)
	w.gateway.SetTag("story-1.0", release)

	jakub := w.send(t, "create", "story-jakub", "story-dev")
	jak := w.send(t, "create", "story-jak", "story-dev")
	w.waitRuns(t, jakub, gatewayImage, first)
	w.waitRuns(t, jak, gatewayImage, first)
	app := w.waitSynced(t, jakub)
	if app.Labels["previewset.dev/source"] != "environment" || app.Labels["previewset.dev/owner"] != "brigade" {
		t.Errorf("its labels are %v", app.Labels)
	}
	w.waitSynced(t, jak)
	stays := w.stays(t, jakub.application, jak.application)

	before := w.head(t)
	w.gateway.SetAnnotatedTag("story-dev", "commit", second)
	w.waitRuns(t, jakub, gatewayImage, second)
	w.waitRuns(t, jak, gatewayImage, second)

	w.send(t, "refresh", jakub.name, "story-1.0")
	w.waitRuns(t, jakub, gatewayImage, release)
	w.waitSynced(t, jakub)
	w.waitRuns(t, jak, gatewayImage, second)
	if err := stays(t.Context()); err != nil {
		t.Error(err)
	}
	if log, err := w.Git.Ask(t.Context(), "log", "--format=%s", before+".."+w.head(t), "--", "overlays/"+jakub.name); err != nil ||
		strings.Count(log, "\n")+1 != 1 {
		t.Errorf("%v: the tag and the refresh made these commits, want only the refresh's:\n%s", err, log)
	}

	w.send(t, "create", jakub.name, "story-missing")
	w.WaitPrints(t, []string{"why", jakub.name}, "gateway", "story-missing")

	stays = w.stays(t, jakub.application)
	w.sendFile(t, `{"action": "delete", "name": "story-jak"}`)
	w.waitGone(t, jak)
	if err := stays(t.Context()); err != nil {
		t.Errorf("the deletion of %s: %v", jak.name, err)
	}
	w.sendFile(t, `{"action": "delete", "name": "story-jakub"}`)
	w.waitGone(t, jakub)
}

// send sends an event about an environment that runs the gateway at a tag.
func (w *world) send(t *testing.T, action, name, tag string) preview {
	t.Helper()
	w.sendFile(t, fmt.Sprintf(`{"action": %q, "name": %q, "projects": {"gateway": {"org": "acme", "repo": "gateway", "tag": %q}}}`,
		action, name, tag), "--owner=brigade")
	return named(name)
}

func (w *world) sendFile(t *testing.T, content string, flags ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	w.byHand(t, append([]string{"event", file}, flags...)...)
}

func (w *world) head(t *testing.T) string {
	t.Helper()
	head, err := w.Git.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return head
}
