package systems

import (
	"path/filepath"
	"testing"
)

// addCommands are the commands that bring the system of testdata in: one for each service.
var addCommands = [][]string{
	{"cart", "--from", "shop"},
	{"db", "--from", "shop"},
	{"report", "--from", "shop"},
	{"web", "--from", "shop", "--public", "--calls", "cart"},
	{"stock", "--chart", "stock", "--called-by", "web"},
}

// ownSystem makes a GitOps repository with the system of testdata. Its manifests are made for a cluster of their own:
// they need root, much CPU, several replicas, load balancers and volumes of the host.
func ownSystem(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "previews")
	input, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, input, stand.previewctl, "init", dir, "--repo-url", "https://github.com/acme/previews.git",
		"--domain", "preview.example.dev")
	mustRun(t, dir, "git", "init", "-q", "-b", "main")
	mustRun(t, dir, "git", "add", ".")
	mustRun(t, dir, "git", "commit", "-q", "-m", "Begin")
	for _, c := range addCommands {
		args := append([]string{"service", "add"}, c...)
		args[4] = filepath.Join(input, args[4])
		mustRun(t, dir, stand.previewctl, append(args, "--local")...)
	}
	mustRun(t, dir, "git", "reset", "-q", "--hard")
	return dir
}

func mustRun(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	if out, err := command(t, dir, program, args...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
