package gitrepo_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

func openClone(tb testing.TB, folder string) *gitrepo.Clone {
	tb.Helper()
	c, err := gitrepo.OpenClone(tb.Context(), gitrepo.Options{Folder: folder, Environ: gittest.Environ()})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// filesOf returns the contents of a tree by path.
func filesOf(tb testing.TB, t *gitrepo.Tree) map[string]string {
	tb.Helper()
	files := map[string]string{}
	err := fs.WalkDir(t, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := t.ReadFile(name)
		files[name] = string(content)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

func TestWorkingTreeEqualsACommit(t *testing.T) {
	t.Parallel()
	work := newClone(t)
	before := gittest.Git(t, work, "rev-parse", "HEAD")
	for name, content := range map[string]string{
		"README.md": "changed\n", "overlays/new/a.yaml": "new\n", "debug.log": "ignored\n", "staged": "2\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(work, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(work, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(work, "overlays/old")); err != nil {
		t.Fatal(err)
	}
	gittest.Git(t, work, "add", "staged")
	status := gittest.Git(t, work, "status", "--porcelain")
	c := openClone(t, filepath.Join(work, "overlays"))
	if c.Folder() != "overlays" || openClone(t, work).Folder() != "." {
		t.Errorf("the folder is %q", c.Folder())
	}
	tree, err := c.WorkingTreeOn(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"README.md": "changed\n", "overlays/new/a.yaml": "new\n", "staged": "2\n", ".gitignore": "*.log\n"}
	if diff := cmp.Diff(want, filesOf(t, tree)); diff != "" {
		t.Errorf("working tree (-want +got):\n%s", diff)
	}
	if after := gittest.Git(t, work, "status", "--porcelain"); after != status {
		t.Errorf("git status was\n%s\nand is\n%s", status, after)
	}
	if old, err := c.Commit(t.Context(), "HEAD"); err != nil || old.Commit != before || filesOf(t, old)["README.md"] != "hello\n" {
		t.Errorf("HEAD is %+v, %v", old, err)
	}
	gittest.Git(t, work, "add", "--all")
	gittest.Git(t, work, "commit", "--quiet", "--message", "all")
	for _, name := range []string{".", "overlays", "overlays/new", "README.md"} {
		got, err := tree.Hash(name)
		committed := "HEAD:" + name
		if name == "." {
			committed = "HEAD^{tree}"
		}
		if wanted := gittest.Git(t, work, "rev-parse", committed); err != nil || got != wanted {
			t.Errorf("%s has the hash %s, %v; Git says %s", name, got, err, wanted)
		}
	}
}

func TestCloneErrors(t *testing.T) {
	t.Parallel()
	c := openClone(t, newClone(t))
	for _, name := range []string{"0123456789012345678901234567890123456789", "--all", "nothing", "HEAD:README.md", ""} {
		if _, err := c.Commit(t.Context(), name); !errors.Is(err, gitrepo.ErrNoCommit) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := gitrepo.OpenClone(t.Context(), gitrepo.Options{Folder: t.TempDir(), Environ: gittest.Environ()}); err == nil {
		t.Error("a folder without a repository is a clone")
	}
}

func TestPatch(t *testing.T) {
	t.Parallel()
	before := map[string][]byte{"a/same": []byte("x\n"), "a/b": []byte("1\n2\n")}
	after := map[string][]byte{"a/same": []byte("x\n"), "a/b": []byte("1\n3\n"), "c": []byte("new\n")}
	got, err := gitrepo.Patch(t.Context(), before, after)
	want := `diff --git a/a/b b/a/b
index 1191247b6d9a206f6ba3d8ac79e26d041dd86941..2b2f2e1b9261c50c3816610eb3eb140fabf1745a 100644
--- a/a/b
+++ b/a/b
@@ -1,2 +1,2 @@
 1
-2
+3
diff --git a/c b/c
new file mode 100644
index 0000000000000000000000000000000000000000..3e757656cf36eca53338e520d134963a44f793f8
--- /dev/null
+++ b/c
@@ -0,0 +1 @@
+new
`
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := gitrepo.Patch(t.Context(), nil, nil); err != nil || got != "" {
		t.Errorf("of nothing: %q, %v", got, err)
	}
}

// A clone that is behind the config branch: a plan must not take the newer files for removed ones.
func TestWorkingTreeOnANewerCommit(t *testing.T) {
	t.Parallel()
	work := newClone(t)
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(work, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old := gittest.Git(t, work, "rev-parse", "HEAD")
	write("theirs", "new\n")
	gittest.Git(t, work, "add", "--all")
	gittest.Git(t, work, "commit", "--quiet", "--message", "theirs")
	newer := gittest.Git(t, work, "rev-parse", "HEAD")
	gittest.Git(t, work, "reset", "--quiet", "--hard", old)
	write("mine", "new\n")
	c := openClone(t, work)
	for name, tt := range map[string]struct {
		commit string
		theirs bool
	}{"an older commit": {old, false}, "no commit": {"", false}, "a newer commit": {newer, true}} {
		tree, err := c.WorkingTreeOn(t.Context(), tt.commit)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		files := filesOf(t, tree)
		_, theirs := files["theirs"]
		if _, mine := files["mine"]; !mine || theirs != tt.theirs {
			t.Errorf("%s: files %v", name, files)
		}
	}
	if _, err := c.WorkingTreeOn(t.Context(), strings.Repeat("1", 40)); err == nil || !strings.Contains(err.Error(), "git fetch") {
		t.Errorf("an unknown commit: error %v", err)
	}
	write("theirs", "other\n")
	if _, err := c.WorkingTreeOn(t.Context(), newer); err == nil || !strings.Contains(err.Error(), "git pull --rebase") {
		t.Errorf("a conflict: error %v", err)
	}
	if got := gittest.Git(t, work, "status", "--porcelain"); !strings.Contains(got, "?? mine") {
		t.Errorf("the clone changed: %s", got)
	}
}
