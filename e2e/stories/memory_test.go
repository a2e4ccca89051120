package stories

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/standtest"
)

// The saved state is lost while the generator is stopped, and a repository is removed from the configuration. Its
// environment stays unchanged, because the service recovers it from the Application. It is deleted when a user confirms
// the deletion.
func TestLostStateIsRecoveredFromApplications(t *testing.T) {
	w := shared
	w.alone(t)
	p, other := w.openLive(t, w.gateway, "main.go"), w.openLive(t, w.shop, "web/index.html")
	untouched, stays := w.untouched(t, p.application), w.stays(t, p.application, other.application)
	w.service.Kill()
	w.deleteState(t)
	policy := w.File(t, "previewset.yaml")
	without := standtest.ReplaceOnce(t, policy, "repository: "+w.gateway.fullName, "repository: "+w.shop.fullName)
	w.push(t, "Remove a repository", gitserver.Write("previewset.yaml", without))
	w.RestoreAfter(t, "Restore the repository", gitserver.Write("previewset.yaml", policy))
	w.start(t)
	w.WaitReady(t)
	w.waitDecision(t, p, standtest.Decision{Outcome: "live", Rule: "withheld"}, "previewctl confirm "+p.name)
	w.Always(t, while, "all environments stay", all(untouched, stays))
	out, err := w.Previewctl(t.Context(), append([]string{"confirm", p.name, "--yes"}, w.APIFlags()...)...)
	if err != nil || !strings.Contains(out, p.name) {
		t.Fatalf("%v: %s", err, out)
	}
	w.waitGone(t, p)
	if err := w.stays(t, other.application)(t.Context()); err != nil {
		t.Error(err)
	}
}
