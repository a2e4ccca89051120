package stories

import (
	"strings"
	"testing"
	"time"
)

// A CI job without access to the cluster waits until its commit runs, and until the environment is deleted.
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
	if out := ctl("show", p.name); !strings.Contains(out, "is ready") {
		t.Error("not ready")
	}
	sha := p.push()
	ctl("wait", p.name, "--every=200ms", longWait, "--commit", "gateway="+sha)
	w.waitRuns(t, p, gatewayImage, sha)
	ctl("show", p.name, "-o", "yaml")
	p.in.Unlabel(p.number, "preview")
	ctl("wait", p.name, "--for=gone", "--every=200ms", longWait)
	w.waitGone(t, p)
}
