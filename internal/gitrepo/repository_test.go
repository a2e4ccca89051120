package gitrepo_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

func TestUpdateCommitsAndPushes(t *testing.T) {
	t.Parallel()
	bare := gittest.NewEmpty(t)
	base := gittest.Import(t, bare, map[string]string{
		"README.md": "hello", "run.sh": "!#!/bin/sh", "overlays/old/environment.yaml": "old", "overlays/old/notes/a.txt": "a",
		"overlays/b": "b",
	})
	server := gittest.Serve(t, bare)
	repo := open(t, gitrepo.Options{URL: server.Address()})
	result, err := repo.Update(t.Context(), func(_ context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
		if tree.Commit != base {
			t.Errorf("the change sees %s, want %s", tree.Commit, base)
		}
		return gitrepo.Edits{
			Write: map[string][]byte{
				"overlays/jakub/environment.yaml": []byte("new"), "run.sh": []byte("#!/bin/bash"), "overlays/empty": {},
			},
			Delete: []string{"overlays/old", "overlays/absent", "absent/folder/file"},
			Message: gitrepo.Message{
				Subject: "Create environment jakub", Body: "Because of tests.",
				Trailers: []gitrepo.Trailer{{"Environment", "jakub"}, {"Tool", "previewctl"}},
			},
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := gitrepo.Result{Commit: gittest.Git(t, bare, "rev-parse", "main"), Base: base, Branch: "main", Attempts: 1}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Error(diff)
	}
	wantFiles := map[string]string{
		"README.md": "hello", "run.sh": "#!/bin/bash", "overlays/jakub/environment.yaml": "new", "overlays/b": "b",
		"overlays/empty": "",
	}
	if diff := cmp.Diff(wantFiles, gittest.Files(t, bare)); diff != "" {
		t.Error(diff)
	}
	if mode := gittest.Git(t, bare, "ls-tree", "main", "run.sh"); !strings.HasPrefix(mode, "100755") {
		t.Errorf("run.sh is %s", mode)
	}
	wantLog := "Test <test@example.com>|Test <test@example.com>|" + base +
		"|Create environment jakub\n\nBecause of tests.\n\nEnvironment: jakub\nTool: previewctl"
	if diff := cmp.Diff(wantLog, gittest.Git(t, bare, "log", "-1", "--format=%an <%ae>|%cn <%ce>|%P|%B", "main")); diff != "" {
		t.Error(diff)
	}
	gittest.Git(t, bare, "fsck", "--strict", "--full")
	if got := gittest.Git(t, bare, "log", "-1", "--format=%(trailers:key=Environment,valueonly)", "main"); got != "jakub" {
		t.Errorf("Git reads the trailer as %q", got)
	}
	if n := len(server.Requests("")); n != 4 {
		t.Errorf("%d requests, want 4: %v", n, server.Requests(""))
	}
}

func TestKnownObjectsAreNotFetchedAgain(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := gittest.Serve(t, bare)
	repo := open(t, gitrepo.Options{URL: server.Address()})
	for i := range 3 {
		if _, err := repo.Update(t.Context(), writes("file", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(server.Requests(gittest.Fetches)); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
	want := gittest.Commit(t, bare, map[string]string{"theirs": "x"})
	tree, err := repo.Read(t.Context())
	if err != nil || tree.Commit != want {
		t.Fatalf("read %+v: %v, want %s", tree, err, want)
	}
	if content, err := fs.ReadFile(tree, "file"); err != nil || string(content) != "2" {
		t.Errorf("the tree has %q: %v", content, err)
	}
}

func TestNoChangeMakesNoCommit(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	head := gittest.Git(t, bare, "rev-parse", "main")
	for name, change := range map[string]gitrepo.Change{
		"the same content": writes("README.md", "hello\n"),
		"no edits": func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) {
			return gitrepo.Edits{}, nil
		},
		"a deletion of what isn't there": func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) {
			return gitrepo.Edits{Delete: []string{"a/b", "c"}}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repo := open(t, gitrepo.Options{URL: "file://" + bare})
			result, err := repo.Update(t.Context(), change)
			want := gitrepo.Result{Commit: head, Base: head, Branch: "main", Unchanged: true, Attempts: 1}
			if diff := cmp.Diff(want, result); err != nil || diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
		})
	}
}

func TestDryRunShowsThePatchAndPushesNothing(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	head := gittest.Git(t, bare, "rev-parse", "main")
	server := gittest.Serve(t, bare)
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.RequestURI(), "receive-pack") {
			http.Error(w, "read only", http.StatusForbidden)
			return true
		}
		return false
	}
	repo := open(t, gitrepo.Options{URL: server.Address(), Environ: []string{"PATH=/nonexistent"}})
	result, err := repo.DryRun(t.Context(), appends("README.md", "world"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--- a/README.md\n+++ b/README.md\n", "\n hello\n+world\n"} {
		if !strings.Contains(result.Patch, want) {
			t.Errorf("patch lacks %q:\n%s", want, result.Patch)
		}
	}
	if now := gittest.Git(t, bare, "rev-parse", "main"); now != head || result.Commit != head {
		t.Errorf("the branch is at %s, the result is %s, want %s", now, result.Commit, head)
	}
}

func TestProposePushesANewBranch(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	base := gittest.Git(t, bare, "rev-parse", "main")
	server := gittest.Serve(t, bare)
	repo := open(t, gitrepo.Options{URL: server.Address()})
	result, err := repo.Propose(t.Context(), "previewctl/jakub", writes("a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	want := gitrepo.Result{Commit: gittest.Git(t, bare, "rev-parse", "previewctl/jakub"), Base: base, Branch: "previewctl/jakub", Attempts: 1}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Error(diff)
	}
	if now := gittest.Git(t, bare, "rev-parse", "main"); now != base {
		t.Errorf("main moved to %s", now)
	}
	if _, err = repo.Propose(t.Context(), "previewctl/jakub", writes("a", "c")); !errors.Is(err, gitrepo.ErrBranchExists) {
		t.Errorf("a second proposal of the name gives %v", err)
	}
	if _, err = repo.Propose(t.Context(), "main", writes("a", "c")); err == nil {
		t.Error("the branch itself is taken for a proposal")
	}
	first := once(func() { panic(http.ErrAbortHandler) })
	server.After = func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
		if gittest.IsPush(r) {
			first()
		}
		gittest.Forward(w, answer)
	}
	result, err = repo.Propose(t.Context(), "other", writes("a", "c"))
	if err != nil || result.Commit != gittest.Git(t, bare, "rev-parse", "other") {
		t.Errorf("proposal after a lost answer: %+v: %v", result, err)
	}
}

func TestErrorOfChangeIsReturned(t *testing.T) {
	t.Parallel()
	mine := errors.New("there is no service x; did you mean y?")
	bare := newBare(t)
	repo := open(t, gitrepo.Options{URL: "file://" + bare})
	_, err := repo.Update(t.Context(), func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) {
		return gitrepo.Edits{}, mine
	})
	if !errors.Is(err, mine) || err.Error() != mine.Error() {
		t.Errorf("error is %v", err)
	}
}

// A server needn't send a commit that was a branch's head in the listing but isn't anymore.
func TestHeadThatMovesBeforeFetch(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := gittest.Serve(t, bare)
	stale := gittest.Git(t, bare, "commit-tree", "-m", "Another commit", "main^{tree}")
	current := gittest.Git(t, bare, "rev-parse", "main")
	gittest.Git(t, bare, "update-ref", "refs/heads/main", stale)
	moves := once(func() { gittest.Git(t, bare, "update-ref", "refs/heads/main", current) })
	server.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			moves()
		}
		return false
	}
	repo := open(t, gitrepo.Options{URL: server.Address()})
	if _, err := repo.Update(t.Context(), writes("mine", "x")); err != nil {
		t.Fatal(err)
	}
	if n := gittest.Git(t, bare, "rev-list", "--count", current+"..main"); n != "1" {
		t.Errorf("%s commits came, want 1", n)
	}
}
