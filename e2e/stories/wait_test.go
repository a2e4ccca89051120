package stories

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/e2e/standtest"
)

// A CI job without access to the cluster waits until its commit runs, and until the environment is deleted. The pull
// request shows the same as a deployment on GitHub.
func TestWaitFollowsAnEnvironmentThroughItsLife(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.gateway, labelled("main.go", "preview"))
	ctl := func(args ...string) string {
		t.Helper()
		begin := time.Now()
		out, err := w.Previewctl(t.Context(), append(args, w.APIFlags()...)...)
		t.Logf("%s: %v\n%s\n%v", args, time.Since(begin).Round(100*time.Millisecond), out, err)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	ctl("wait", p.name, "--every=200ms", longWait)
	w.waitRuns(t, p, gatewayImage, p.head())
	first := p.head()
	w.waitDeployments(t, p, map[string]string{first: "success"})
	if out := ctl("show", p.name); !strings.Contains(out, "is ready") {
		t.Error("not ready")
	}
	sha := p.push()
	ctl("wait", p.name, "--every=200ms", longWait, "--commit", "gateway="+sha)
	w.waitRuns(t, p, gatewayImage, sha)
	w.waitDeployments(t, p, map[string]string{first: "inactive", sha: "success"})
	ctl("show", p.name, "-o", "yaml")
	p.in.Unlabel(p.number, "preview")
	ctl("wait", p.name, "--for=gone", "--every=200ms", longWait)
	w.waitGone(t, p)
	w.waitDeployments(t, p, map[string]string{})
}

// waitDeployments waits until GitHub has exactly these deployments of the preview, with these states by commit.
func (w *world) waitDeployments(t *testing.T, p preview, want map[string]string) {
	t.Helper()
	w.Eventually(t, standtest.Patience, p.String()+"'s deployments", func(context.Context) error {
		got := map[string]string{}
		for _, d := range p.in.Deployments() {
			if d.Task == p.name {
				got[d.SHA] = d.State()
			}
		}
		if !maps.Equal(got, want) {
			return fmt.Errorf("they are %v, want %v", got, want)
		}
		return nil
	})
}
