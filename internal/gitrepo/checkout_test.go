package gitrepo_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

// newClone creates a working tree with two files in one commit.
func newClone(tb testing.TB) string {
	tb.Helper()
	bare := gittest.NewEmpty(tb)
	gittest.Import(tb, bare, map[string]string{"README.md": "hello\n", "overlays/old/a.yaml": "a\n", "staged": "1\n", ".gitignore": "*.log\n"})
	work := filepath.Join(tb.TempDir(), "work")
	gittest.Git(tb, "", "clone", "--quiet", bare, work)
	return work
}

func openCheckout(tb testing.TB, folder string) *gitrepo.Checkout {
	tb.Helper()
	o := gitrepo.Options{Folder: folder, Environ: gittest.Environ(), Retry: gitrepo.Retry{Min: 1, Max: 1e6}}
	c, err := gitrepo.OpenCheckout(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func edits(e gitrepo.Edits) gitrepo.Change {
	e.Message.Subject = "Change something"
	return func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) { return e, nil }
}

func TestCheckoutCommitsNothingElse(t *testing.T) {
	t.Parallel()
	for _, linked := range []bool{false, true} {
		t.Run(fmt.Sprintf("a linked working tree: %v", linked), func(t *testing.T) {
			t.Parallel()
			work := newClone(t)
			if linked {
				other := filepath.Join(t.TempDir(), "linked")
				gittest.Git(t, work, "worktree", "add", "--quiet", "-b", "topic", other)
				work = other
			}
			gittest.WriteFile(t, filepath.Join(work, "README.md"), "edited\n", 0o644)
			gittest.WriteFile(t, filepath.Join(work, "staged"), "2\n", 0o644)
			gittest.Git(t, work, "add", "staged")
			gittest.WriteFile(t, filepath.Join(work, "staged"), "3\n", 0o644)
			gittest.WriteFile(t, filepath.Join(work, "untracked"), "u\n", 0o644)
			gittest.WriteFile(t, filepath.Join(work, ".git-hook-ran"), "", 0o644)
			before := gittest.Git(t, work, "rev-parse", "HEAD")
			result, err := openCheckout(t, filepath.Join(work, "overlays")).Update(t.Context(), edits(gitrepo.Edits{
				Write: map[string][]byte{"overlays/new/b.yaml": []byte("b\n")}, Delete: []string{"overlays/old"},
			}))
			if err != nil {
				t.Fatal(err)
			}
			branch := gittest.Git(t, work, "branch", "--show-current")
			want := gitrepo.Result{Commit: gittest.Git(t, work, "rev-parse", "HEAD"), Base: before, Branch: branch, Attempts: 1}
			if diff := cmp.Diff(want, result); diff != "" {
				t.Error(diff)
			}
			got := gittest.Git(t, work, "show", "--format=", "--name-status", "--no-renames", "HEAD")
			if got != "A\toverlays/new/b.yaml\nD\toverlays/old/a.yaml" {
				t.Errorf("the commit holds %q", got)
			}
			if got := gittest.Git(t, work, "status", "--porcelain"); got != "M README.md\nMM staged\n?? .git-hook-ran\n?? untracked" {
				t.Errorf("the status became %q", got)
			}
			if content, err := os.ReadFile(filepath.Join(work, "overlays/new/b.yaml")); err != nil || string(content) != "b\n" {
				t.Errorf("the new file holds %q: %v", content, err)
			}
			if got := gittest.Git(t, work, "reflog", "-1", "--format=%gs"); got != "commit: Change something" {
				t.Errorf("the reflog says %q", got)
			}
		})
	}
}

func TestCheckoutRefusesUncommittedFiles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		prepare func(t *testing.T, work string)
		edits   gitrepo.Edits
		want    string
	}{
		{"an edited file", func(t *testing.T, work string) {
			t.Helper()
			gittest.WriteFile(t, filepath.Join(work, "README.md"), "mine\n", 0o644)
		}, gitrepo.Edits{Write: map[string][]byte{"README.md": []byte("ours\n")}}, "README.md"},
		{"a staged file", func(t *testing.T, work string) {
			t.Helper()
			gittest.WriteFile(t, filepath.Join(work, "new"), "mine\n", 0o644)
			gittest.Git(t, work, "add", "new")
		}, gitrepo.Edits{Write: map[string][]byte{"new": []byte("ours\n")}}, "new"},
		{"an untracked file", func(t *testing.T, work string) {
			t.Helper()
			gittest.WriteFile(t, filepath.Join(work, "new"), "mine\n", 0o644)
		}, gitrepo.Edits{Write: map[string][]byte{"new": []byte("ours\n")}}, "new"},
		{"an ignored file", func(t *testing.T, work string) {
			t.Helper()
			gittest.WriteFile(t, filepath.Join(work, "x.log"), "mine\n", 0o644)
		}, gitrepo.Edits{Write: map[string][]byte{"x.log": []byte("ours\n")}}, "x.log"},
		{"an untracked file in a folder to delete", func(t *testing.T, work string) {
			t.Helper()
			gittest.WriteFile(t, filepath.Join(work, "overlays/old/notes"), "mine\n", 0o644)
		}, gitrepo.Edits{Delete: []string{"overlays/old"}}, "overlays/old/notes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			work := newClone(t)
			tt.prepare(t, work)
			before := gittest.Git(t, work, "rev-parse", "HEAD") + gittest.Git(t, work, "status", "--porcelain", "--ignored")
			_, err := openCheckout(t, work).Update(t.Context(), edits(tt.edits))
			if !errors.Is(err, gitrepo.ErrUncommitted) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v", err)
			}
			if after := gittest.Git(t, work, "rev-parse", "HEAD") + gittest.Git(t, work, "status", "--porcelain", "--ignored"); after != before {
				t.Errorf("was %s, became %s", before, after)
			}
		})
	}
}

func TestCheckoutReadsOnlyCommittedFiles(t *testing.T) {
	t.Parallel()
	work := newClone(t)
	gittest.WriteFile(t, filepath.Join(work, "README.md"), "edited\n", 0o644)
	tree, err := openCheckout(t, work).Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if content, err := tree.ReadFile("README.md"); err != nil || string(content) != "hello\n" {
		t.Errorf("read %q: %v", content, err)
	}
}

func TestCheckoutRetriesAfterRace(t *testing.T) {
	t.Parallel()
	work := newClone(t)
	calls := 0
	result, err := openCheckout(t, work).Update(t.Context(), func(ctx context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
		if calls++; calls == 1 {
			if _, err := openCheckout(t, work).Update(ctx, appends("log", "theirs")); err != nil {
				t.Error(err)
			}
		}
		return appends("log", "ours")(ctx, tree)
	})
	if err != nil || calls != 2 || result.Attempts != 2 {
		t.Fatalf("%d calls, %+v: %v", calls, result, err)
	}
	if got := gittest.Git(t, work, "show", "HEAD:log"); got != "theirs\nours" {
		t.Errorf("log is %q", got)
	}
	if got := gittest.Git(t, work, "status", "--porcelain"); got != "" {
		t.Errorf("the status is %q", got)
	}
}

func TestCheckoutNeedsBranchAndWorkingTree(t *testing.T) {
	t.Parallel()
	work := newClone(t)
	gittest.Git(t, work, "checkout", "--quiet", "--detach")
	for folder, want := range map[string]string{work: "no branch is checked out", t.TempDir(): "go to the working tree"} {
		_, err := gitrepo.OpenCheckout(t.Context(), gitrepo.Options{Folder: folder, Environ: gittest.Environ("GIT_CEILING_DIRECTORIES=/")})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q in it", err, want)
		}
	}
	unborn := t.TempDir()
	gittest.Git(t, unborn, "init", "--quiet")
	if _, err := openCheckout(t, unborn).Update(t.Context(), writes("a", "b")); !errors.Is(err, gitrepo.ErrEmpty) {
		t.Errorf("without a commit the error is %v", err)
	}
}
