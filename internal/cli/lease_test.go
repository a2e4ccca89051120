package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/cli/terminaltest"
	"github.com/previewset/previewset/internal/gittest"
)

// leaseWorld is the example in a GitOps repository that is served by HTTP.
type leaseWorld struct {
	t      *testing.T
	remote string // the bare repository
	url    string
	now    func() time.Time // nil for the real time
}

func newLeaseWorld(t *testing.T) *leaseWorld {
	t.Helper()
	remote := bareExample(t)
	gitOutput(t, remote, "config", "http.receivepack", "true")
	return &leaseWorld{t: t, remote: remote, url: gittest.Serve(t, remote).Address()}
}

// run runs a command and returns the keys of its JSON.
func (w *leaseWorld) run(args ...string) map[string]any {
	w.t.Helper()
	term, out, said := terminaltest.New("", map[string]string{"PREVIEWSET_CONFIG_REPO": w.url, "PREVIEWSET_OWNER": "alice"})
	if w.now != nil {
		term.Now = w.now
	}
	code := run(w.t.Context(), term, append(args, "-o", "json", "--author", "Ada <ada@example.dev>"))
	var answer map[string]any
	if err := json.Unmarshal(out.Bytes(), &answer); code != 0 || err != nil {
		w.t.Errorf("%s: exit code %d, %v:\n%s%s", args, code, err, out, said)
	}
	return answer
}

// files returns the paths of leases on the config branch.
func (w *leaseWorld) files() []string {
	w.t.Helper()
	var leases []string
	for path := range strings.Lines(gitOutput(w.t, w.remote, "ls-tree", "-r", "--name-only", "main", "overlays")) {
		if strings.HasPrefix(path, "overlays/lease-") {
			leases = append(leases, strings.TrimSpace(path))
		}
	}
	return leases
}

// 24 programs take leases, 8 at the same time, and release them in the same way. Each gets one of its own, and none is
// left over. On separate machines all could build at the same time; here they share a processor, and a build has a
// deadline.
func TestParallelLeases(t *testing.T) {
	t.Parallel()
	w := newLeaseWorld(t)
	const programs, atOnce = 24, 8
	names := make([]string, programs)
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range programs {
		group.Go(func() error {
			names[i], _ = w.run("lease", "--ttl", "2h", "--profile", "full")["name"].(string)
			return nil
		})
	}
	_ = group.Wait()
	distinct := map[string]bool{}
	for _, name := range names {
		distinct[name] = true
	}
	if got := w.files(); len(got) != 2*programs || len(distinct) != programs {
		t.Fatalf("%d files, %d names, want %d", len(got), len(distinct), programs)
	}
	for _, name := range names {
		group.Go(func() error {
			if got := w.run("release", name)["result"]; got != "deleted" {
				t.Errorf("%s is %v", name, got)
			}
			return nil
		})
	}
	_ = group.Wait()
	if got := w.files(); len(got) != 0 {
		t.Errorf("left over: %v", got)
	}
}

// The answer has the end of the lease. A later lease removes the files of leases that have ended.
func TestForgottenLeasesGo(t *testing.T) {
	t.Parallel()
	w, now := newLeaseWorld(t), time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	w.now = func() time.Time { return now }
	first := w.run("lease", "--ttl", "90m")
	if got := first["expires"]; got != "2030-01-01T13:30:00Z" {
		t.Errorf("it ends at %v", got)
	}
	content := gitOutput(t, w.remote, "show", fmt.Sprintf("main:overlays/%v/environment.yaml", first["name"]))
	for _, line := range []string{"lease: true", "expires: 2030-01-01T13:30:00Z", "owner: alice"} {
		if !strings.Contains(content, line) {
			t.Errorf("no %q in:\n%s", line, content)
		}
	}
	now = now.Add(25 * time.Hour) // it ended 23.5 hours ago
	w.run("lease", "--ttl", "30h")
	if got := len(w.files()); got != 4 {
		t.Errorf("%d files, want those of 2 leases", got)
	}
	now = now.Add(time.Hour)
	last := w.run("lease")
	for _, path := range w.files() {
		if strings.Contains(path, first["name"].(string)) {
			t.Errorf("%s is still there", path)
		}
	}
	if got := len(w.files()); got != 4 || last["name"] == nil {
		t.Errorf("%d files after %v, want those of 2 leases", got, last)
	}
}
