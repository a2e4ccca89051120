package cli

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/previewset/previewset/internal/cli/terminaltest"
)

// Each of several concurrent commands commits its change exactly once.
func TestConcurrentCommands(t *testing.T) {
	t.Parallel()
	remote := bareExample(t)
	const people, each = 6, 3
	var wg sync.WaitGroup
	for i := range people {
		wg.Go(func() {
			for j := range each {
				name := fmt.Sprintf("e%d-%d", i, j)
				term, _, said := terminaltest.New("", map[string]string{
					"PREVIEWSET_CONFIG_REPO": "file://" + remote, "PREVIEWSET_OWNER": "alice",
				})
				args := []string{"create", name, "--service", "gateway=branch:main", "--author", "Ada <ada@example.dev>"}
				if code := run(t.Context(), term, args); code != 0 {
					t.Errorf("create %s: exit code %d:\n%s", name, code, said)
				}
			}
		})
	}
	wg.Wait()
	files := gitOutput(t, remote, "ls-tree", "-r", "--name-only", "main", "overlays")
	if got := strings.Count(files, "/environment.yaml\n"); got != people*each {
		t.Errorf("%d environments, want %d:\n%s", got, people*each, files)
	}
	subjects := strings.Fields(gitOutput(t, remote, "log", "--format=%s", "--no-merges", "main"))
	if got, want := strings.Count(strings.Join(subjects, " "), "Create environment"), people*each; got != want {
		t.Errorf("%d commits, want %d", got, want)
	}
}
