package stories

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// reportFlag turns on deployments and comments.
const reportFlag = "--report=deployment,comment"

// The generator is killed while Argo CD deploys a commit, and again after GitHub has created a deployment and a comment
// that the generator doesn't know about. It goes on without a second comment, and no deployment stays active at the end.
func TestRestartWhileDeployingRepeatsNoReport(t *testing.T) {
	w := shared
	w.alone(t)
	w.service.Kill()
	w.start(t, reportFlag)
	w.WaitReady(t)
	lost := w.loseCreated(t)
	p := w.open(t, w.gateway, broken(cluster.Broken, "preview"))
	w.Eventually(t, standtest.Patience, "GitHub has a deployment and a comment", func(context.Context) error {
		return lost(p)
	})
	w.service.Kill()
	w.GitHub.ClearFaults()
	w.start(t, reportFlag)
	w.waitNotReady(t, p)
	first := p.head()
	w.waitDeployments(t, p, map[string]string{first: "in_progress"})
	w.waitComment(t, p, "deploying")
	if n := countDeployments(p); n != 1 {
		t.Fatalf("after the first restart it has %d deployments", n)
	}
	w.service.Kill()
	fix := p.push()
	w.start(t, reportFlag)
	w.waitRuns(t, p, gatewayImage, fix)
	w.waitDeployments(t, p, map[string]string{first: "inactive", fix: "success"})
	if n := countDeployments(p); n != 2 {
		t.Fatalf("after the second restart it has %d deployments", n)
	}
	w.waitComment(t, p, "ready")
	w.service.Kill()
	p.close()
	w.start(t, reportFlag)
	w.waitGone(t, p)
	w.waitDeployments(t, p, map[string]string{})
	w.waitComment(t, p, "no preview any more")
}

// loseCreated lets GitHub's answers to the creation of deployments and comments of the gateway get lost. The returned
// function returns an error until a pull request has both.
func (w *world) loseCreated(t *testing.T) func(preview) error {
	t.Helper()
	for _, path := range []string{"/deployments$", "/comments$"} {
		match := http.MethodPost + " /repos/" + w.gateway.fullName + ".*" + path
		w.GitHub.Inject(githubtest.Fault{Match: match, Kind: githubtest.CutOff})
	}
	return func(p preview) error {
		if d, c := countDeployments(p), len(p.in.Comments(p.number)); d == 0 || c == 0 {
			return fmt.Errorf("it has %d and %d", d, c)
		}
		return nil
	}
}

// countDeployments returns the number of the preview's deployments at GitHub, of all commits.
func countDeployments(p preview) int {
	n := 0
	for _, d := range p.in.Deployments() {
		if d.Task == p.name {
			n++
		}
	}
	return n
}

// waitComment waits until the pull request's only comment has a text.
func (w *world) waitComment(t *testing.T, p preview, text string) {
	t.Helper()
	w.Eventually(t, standtest.Patience, p.String()+"'s comment says "+text, func(context.Context) error {
		all := p.in.Comments(p.number)
		if len(all) != 1 || !strings.Contains(all[0].Body, text) {
			return fmt.Errorf("they are %+v", all)
		}
		return nil
	})
}
