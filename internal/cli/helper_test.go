package cli

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/cli/terminaltest"
)

// bareExample returns a bare repository with the example.
func bareExample(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	term, _, said := terminaltest.New("", nil)
	term.InTTY = false
	if code := run(t.Context(), term, []string{
		"init", filepath.Join(dir, "previews"), "--example", "--example-repository", "acme/shop", "--example-repository", "acme/gateway",
	}); code != 0 {
		t.Fatalf("init: exit code %d:\n%s", code, said)
	}
	remote, clone := filepath.Join(dir, "previews.git"), filepath.Join(dir, "previews")
	gitOutput(t, dir, "init", "-q", "--bare", "-b", "main", remote)
	gitOutput(t, clone, "init", "-q", "-b", "main")
	gitOutput(t, clone, "add", ".")
	gitOutput(t, clone, "-c", "user.name=Ada", "-c", "user.email=ada@example.dev", "commit", "-q", "-m", "Begin")
	gitOutput(t, clone, "push", "-q", remote, "main")
	return remote
}

func gitOutput(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
