package stories

import (
	"context"
	"strings"
	"testing"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/standtest"
)

// Memory is lost while the service is away, and somebody takes a repository out of configuration. Its preview is still there
// afterwards, exactly as it was: the Application says what it is. It goes when somebody confirms that.
func TestLostMemoryGivesBackWhatIsLive(t *testing.T) {
	w := shared
	w.alone(t)
	p, other := w.openLive(t, w.gateway, "main.go"), w.openLive(t, w.shop, "web/index.html")
	untouched, stays := w.untouched(t, p.application), w.stays(t, p.application, other.application)
	w.service.Kill()
	w.forget(t)
	policy := w.File(t, "previewset.yaml")
	without := standtest.ReplaceOnce(t, policy, "repository: "+w.gateway.fullName, "repository: "+w.shop.fullName)
	w.push(t, "Take a repository out", gitserver.Write("previewset.yaml", without))
	t.Cleanup(func() {
		if _, err := w.Git.Change(context.WithoutCancel(t.Context()), "Bring it back", gitserver.Write("previewset.yaml", policy)); err != nil {
			t.Error(err)
		}
	})
	w.start(t)
	w.WaitReady(t)
	w.waitListed(t, p, p.name, "configuration names its repository no more")
	w.Always(t, while, "all stays", all(untouched, stays))
	out, err := w.Previewctl(t.Context(), append([]string{"confirm", p.name, "--yes"}, w.APIFlags()...)...)
	if err != nil || !strings.Contains(out, p.name) {
		t.Fatalf("%v: %s", err, out)
	}
	w.waitGone(t, p)
	if err := w.stays(t, other.application)(t.Context()); err != nil {
		t.Error(err)
	}
}
