package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// gitops makes a GitOps repository to work on: the example, pushed to the bare repository previews.git, cloned in previews.
func gitops(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: gitops")
	}
	ts.Check(os.WriteFile(ts.MkAbs(".gitconfig"), []byte("[user]\n\tname = Ada\n\temail = ada@example.dev\n"), 0o600))
	ts.Setenv("GIT_CONFIG_GLOBAL", ts.MkAbs(".gitconfig"))
	ts.Setenv("PREVIEWSET_CONFIG_REPO", "file://"+ts.MkAbs("previews.git"))
	ts.Check(ts.Exec("previewctl", "init", "previews", "--domain", "preview.example.dev"))
	for line := range strings.Lines(`git init -q --bare -b main previews.git
git -C previews init -q -b main
git -C previews add .
git -C previews commit -q -m Begin
git -C previews remote add origin ../previews.git
git -C previews push -q -u origin main`) {
		words := strings.Fields(line)
		ts.Check(ts.Exec(words[0], words[1:]...))
	}
}

// pushed shows what is in the bare repository: pushed FILE, or pushed for the newest commit.
func pushed(ts *testscript.TestScript, neg bool, args []string) {
	git := []string{"-C", "previews.git", "log", "-1", "--format=%an <%ae>%n%B"}
	if len(args) == 1 {
		git = []string{"-C", "previews.git", "show", "main:" + args[0]}
	}
	if err := ts.Exec("git", git...); (err != nil) != neg {
		ts.Fatalf("git %s: %v", strings.Join(git, " "), err)
	}
}

// commits checks how many commits the bare repository's branch has: commits 2.
func commits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: commits NUMBER")
	}
	out, err := exec.CommandContext(context.Background(), "git", "-C", ts.MkAbs("previews.git"), "rev-list", "--count", "main").Output()
	ts.Check(err)
	if got := strings.TrimSpace(string(out)); got != args[0] {
		ts.Fatalf("%s commits, want %s", got, args[0])
	}
}

// Many people and CI jobs change the same branch at once: every change gets in, exactly once, and checked on what the
// others pushed.
func TestManyCommandsAtOnce(t *testing.T) {
	t.Parallel()
	remote := bareExample(t)
	const people, each = 6, 3
	var wg sync.WaitGroup
	for i := range people {
		wg.Go(func() {
			for j := range each {
				name := fmt.Sprintf("e%d-%d", i, j)
				env, _, said := terminal("", map[string]string{"PREVIEWSET_CONFIG_REPO": "file://" + remote, "PREVIEWSET_OWNER": "alice"})
				if code := run(t.Context(), env, []string{"create", name, "--service", "gateway=branch:main", "--author", "Ada <ada@example.dev>"}); code != 0 {
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

// bareExample is a bare repository with the example.
func bareExample(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	env, _, said := terminal("", nil)
	env.InTTY = false
	if code := run(t.Context(), env, []string{"init", filepath.Join(dir, "previews")}); code != 0 {
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

func TestTimesOfPeople(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for text, want := range map[string]string{
		"72h": "2026-01-05T03:04:05Z", "7d": "2026-01-09T03:04:05Z", "2026-12-24": "2026-12-24T23:59:59Z",
		"2026-12-24T18:00:00Z": "2026-12-24T18:00:00Z", "2026-12-24T18:00:00+02:00": "2026-12-24T16:00:00Z",
		"-1h": "", "0h": "", "2025-12-24": "", "soon": "", "xd": "", "7": "", "": "",
	} {
		got, err := parseTime(text, now)
		if want == "" {
			if err == nil {
				t.Errorf("parseTime(%q) = %v, want an error", text, got)
			}
		} else if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("parseTime(%q) = %v, %v, want %s", text, got, err, want)
		}
	}
}

func TestAddressesOfRemotes(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://github.com/acme/previews.git":      "https://github.com/acme/previews.git",
		"https://me:token@github.com/acme/previews": "https://github.com/acme/previews",
		"ssh://git@github.com/acme/previews.git":    "ssh://git@github.com/acme/previews.git",
		"git@github.com:acme/previews.git":          "git@github.com:acme/previews.git",
		"/srv/previews.git":                         "file:///srv/previews.git",
		"../previews.git":                           "file:///home/previews.git",
		"file:///srv/previews.git":                  "file:///srv/previews.git",
	} {
		if got := addressOf("/home/clone", address); got != want {
			t.Errorf("addressOf(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestGitNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"main": true, "feature/#12-a": true, "v1.2": true, "äöü": true,
		"": false, "-x": false, "/x": false, "x/": false, "a..b": false, "a b": false, "a\nb": false, "$(id)": false, "`id`": false,
		"a~1": false, "x.lock": false, "a@{1}": false, "a\u202eb": false, ".x": false,
	} {
		if got := isGitName(name); got != want {
			t.Errorf("isGitName(%q) = %v", name, got)
		}
	}
}

func TestPatienceEndsWithTheWork(t *testing.T) {
	t.Parallel()
	env, _, said := terminal("", nil)
	env.patience("working")()
	if said.Len() > 0 {
		t.Errorf("standard error says %q of what took no time", said)
	}
}
