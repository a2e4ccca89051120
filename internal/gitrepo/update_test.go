package gitrepo_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/gitrepo"
)

func TestUpdateCommitsAndPushes(t *testing.T) {
	t.Parallel()
	bare := newEmpty(t)
	base := importFiles(t, bare, map[string]string{
		"README.md": "hello", "run.sh": "!#!/bin/sh", "overlays/old/environment.yaml": "old", "overlays/old/notes/a.txt": "a", "overlays/b": "b",
	})
	server := serveGit(t, bare)
	result, err := open(t, gitrepo.Options{URL: server.url()}).Update(t.Context(), func(_ context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
		if tree.Commit != base {
			t.Errorf("the change sees %s, want %s", tree.Commit, base)
		}
		return gitrepo.Edits{
			Write: map[string][]byte{
				"overlays/jakub/environment.yaml": []byte("new"), "run.sh": []byte("#!/bin/bash"), "overlays/empty": {},
			},
			Delete: []string{"overlays/old", "overlays/absent", "absent/folder/file"},
			Message: gitrepo.Message{
				Subject: "Create environment jakub", Body: "Because of tests.", Trailers: []gitrepo.Trailer{{"Environment", "jakub"}, {"Tool", "previewctl"}},
			},
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := gitrepo.Result{Commit: git(t, bare, "rev-parse", "main"), Base: base, Branch: "main", Attempts: 1}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Error(diff)
	}
	wantFiles := map[string]string{"README.md": "hello", "run.sh": "#!/bin/bash", "overlays/jakub/environment.yaml": "new", "overlays/b": "b", "overlays/empty": ""}
	if diff := cmp.Diff(wantFiles, files(t, bare)); diff != "" {
		t.Error(diff)
	}
	if mode := git(t, bare, "ls-tree", "main", "run.sh"); !strings.HasPrefix(mode, "100755") {
		t.Errorf("run.sh is %s", mode)
	}
	wantLog := "Test <test@example.com>|Test <test@example.com>|" + base + "|Create environment jakub\n\nBecause of tests.\n\nEnvironment: jakub\nTool: previewctl"
	if diff := cmp.Diff(wantLog, git(t, bare, "log", "-1", "--format=%an <%ae>|%cn <%ce>|%P|%B", "main")); diff != "" {
		t.Error(diff)
	}
	git(t, bare, "fsck", "--strict", "--full")
	if got := git(t, bare, "log", "-1", "--format=%(trailers:key=Environment,valueonly)", "main"); got != "jakub" {
		t.Errorf("Git reads the trailer as %q", got)
	}
	if n := server.count(""); n != 4 {
		t.Errorf("%d requests, want 4: %v", n, server.requests)
	}
}

func TestWhatIsReadOnceIsNotFetchedAgain(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := serveGit(t, bare)
	repo := open(t, gitrepo.Options{URL: server.url()})
	for i := range 3 {
		if _, err := repo.Update(t.Context(), writes("file", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := server.count("POST /git-upload-pack"); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
	want := commitFile(t, bare, "theirs", "x")
	tree, err := repo.Read(t.Context())
	if err != nil || tree.Commit != want {
		t.Fatalf("read %+v: %v, want %s", tree, err, want)
	}
	if content, err := fs.ReadFile(tree, "file"); err != nil || string(content) != "2" {
		t.Errorf("the tree has %q: %v", content, err)
	}
}

func TestNothingToChangeIsNoCommit(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	head := git(t, bare, "rev-parse", "main")
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
			result, err := open(t, gitrepo.Options{URL: "file://" + bare}).Update(t.Context(), change)
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
	head := git(t, bare, "rev-parse", "main")
	server := serveGit(t, bare)
	server.before = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.RequestURI(), "receive-pack") {
			http.Error(w, "read only", http.StatusForbidden)
			return true
		}
		return false
	}
	result, err := open(t, gitrepo.Options{URL: server.url(), Environ: []string{"PATH=/nonexistent"}}).DryRun(t.Context(), appends("README.md", "world"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--- a/README.md\n+++ b/README.md\n", "\n hello\n+world\n"} {
		if !strings.Contains(result.Patch, want) {
			t.Errorf("patch lacks %q:\n%s", want, result.Patch)
		}
	}
	if now := git(t, bare, "rev-parse", "main"); now != head || result.Commit != head {
		t.Errorf("the branch is at %s, the result is %s, want %s", now, result.Commit, head)
	}
}

// TestManyAtOnce is the promise on a smaller scale (e2e/gitops has the full one, with processes): as many commits as
// changes, one line of history, every change once.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	const writers, changes = 16, 6
	bare := newBare(t)
	server := serveGit(t, bare)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			repo := open(t, gitrepo.Options{URL: server.url(), Retry: gitrepo.Retry{Attempts: 1000}})
			for c := range changes {
				// Half of the writers open the branch anew every time, as a command does.
				if w%2 == 0 {
					repo = open(t, gitrepo.Options{URL: server.url(), Retry: gitrepo.Retry{Attempts: 1000}})
				}
				if _, err := repo.Update(t.Context(), appends("log", fmt.Sprintf("%d-%d", w, c))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	checkLog(t, bare, writers, changes)
}

func checkLog(tb testing.TB, bare string, writers, changes int) {
	tb.Helper()
	count := map[string]int{}
	for line := range strings.FieldsSeq(git(tb, bare, "show", "main:log")) {
		count[line]++
	}
	for w := range writers {
		for c := range changes {
			if line := fmt.Sprintf("%d-%d", w, c); count[line] != 1 {
				tb.Errorf("change %s is there %d times", line, count[line])
			}
		}
	}
	if n := git(tb, bare, "rev-list", "--count", "main"); n != fmt.Sprint(writers*changes+1) {
		tb.Errorf("%s commits, want %d", n, writers*changes+1)
	}
	if merges := git(tb, bare, "rev-list", "--min-parents=2", "main"); merges != "" {
		tb.Errorf("merges: %s", merges)
	}
}

func TestALostRaceAppliesTheChangeAgain(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "file"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			bare := newBare(t)
			url := "file://" + bare
			if scheme == "http" {
				url = serveGit(t, bare).url()
			}
			calls := 0
			result, err := open(t, gitrepo.Options{URL: url}).Update(t.Context(), func(ctx context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
				if calls++; calls <= 2 {
					// Somebody is faster: after the tree was read, before the push.
					commitFile(t, bare, "log", fmt.Sprintf("theirs-%d\n", calls))
				}
				return appends("log", "ours")(ctx, tree)
			})
			// Only the second was lost after the remote had been asked what to push to.
			if err != nil || calls != 3 || result.Attempts != 2 {
				t.Fatalf("%d calls, %+v: %v", calls, result, err)
			}
			if got := git(t, bare, "show", "main:log"); got != "theirs-2\nours" {
				t.Errorf("log is %q", got)
			}
			if n := git(t, bare, "rev-list", "--count", "main"); n != "4" {
				t.Errorf("%s commits, want 4", n)
			}
		})
	}
}

// A server needn't send what was a branch's head when it was asked for the list, and isn't any more.
func TestAHeadThatIsGoneBeforeItIsFetchedIsNoOutage(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := serveGit(t, bare)
	stale := git(t, bare, "commit-tree", "-m", "Somebody's", "main^{tree}")
	current := git(t, bare, "rev-parse", "main")
	git(t, bare, "update-ref", "refs/heads/main", stale)
	moves := once(func() { git(t, bare, "update-ref", "refs/heads/main", current) })
	server.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			moves()
		}
		return false
	}
	if _, err := open(t, gitrepo.Options{URL: server.url()}).Update(t.Context(), writes("mine", "x")); err != nil {
		t.Fatal(err)
	}
	if n := git(t, bare, "rev-list", "--count", current+"..main"); n != "1" {
		t.Errorf("%s commits came, want 1", n)
	}
}

func TestAForcedUnrelatedHistoryIsBuiltOn(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := serveGit(t, bare)
	forced := ""
	_, err := open(t, gitrepo.Options{URL: server.url()}).Update(t.Context(), func(ctx context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
		if forced == "" {
			forced = importFiles(t, bare, map[string]string{"log": "rewritten\n", "other": "x"})
			git(t, bare, "reflog", "expire", "--expire=now", "--all")
			git(t, bare, "gc", "--quiet", "--prune=now")
		}
		return appends("log", "ours")(ctx, tree)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"log": "rewritten\nours", "other": "x"}
	if diff := cmp.Diff(want, files(t, bare)); diff != "" {
		t.Error(diff)
	}
	if parent := git(t, bare, "rev-parse", "main^"); parent != forced {
		t.Errorf("built on %s, want %s", parent, forced)
	}
	git(t, bare, "fsck", "--strict", "--full")
}

// TestALostAnswerIsNotASecondCommit: the push arrives, the answer doesn't.
func TestALostAnswerIsNotASecondCommit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		then func(t *testing.T, bare string)
		want string
	}{
		{"and nothing else happens", func(*testing.T, string) {}, "ours"},
		{"and others push on top of it", func(t *testing.T, bare string) {
			t.Helper()
			commitFile(t, bare, "theirs", "1")
			commitFile(t, bare, "theirs", "2")
		}, "ours"},
		{"and it is forced away", func(t *testing.T, bare string) {
			t.Helper()
			importFiles(t, bare, map[string]string{"log": "rewritten\n"})
		}, "rewritten\nours"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bare := newBare(t)
			server := serveGit(t, bare)
			first := once(func() { tt.then(t, bare); panic(http.ErrAbortHandler) })
			server.after = func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
				if isPush(r) {
					first()
				}
				forward(w, answer)
			}
			result, err := open(t, gitrepo.Options{URL: server.url()}).Update(t.Context(), appends("log", "ours"))
			if err != nil {
				t.Fatal(err)
			}
			if got := git(t, bare, "show", "main:log"); got != tt.want {
				t.Errorf("log is %q, want %q", got, tt.want)
			}
			git(t, bare, "merge-base", "--is-ancestor", result.Commit, "main")
			if mine := git(t, bare, "rev-list", "--count", "--grep=Add ours", "main"); mine != "1" {
				t.Errorf("%s commits of ours, want 1", mine)
			}
		})
	}
}

// TestAPushThatArrivesLateIsNotDoubled: a proxy gives up, and what it has passed on arrives just before the second try.
func TestAPushThatArrivesLateIsNotDoubled(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := serveGit(t, bare)
	var late []byte
	server.before = func(w http.ResponseWriter, r *http.Request) bool {
		if !isPush(r) {
			return false
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if late == nil {
			late = body
			http.Error(w, "gateway time-out", http.StatusGatewayTimeout)
			return true
		}
		first := r.Clone(r.Context())
		first.Body, first.ContentLength = io.NopCloser(bytes.NewReader(late)), int64(len(late))
		server.backend.ServeHTTP(httptest.NewRecorder(), first)
		return false
	}
	calls := 0
	result, err := open(t, gitrepo.Options{URL: server.url()}).Update(t.Context(), func(ctx context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
		calls++
		return appends("log", "ours")(ctx, tree)
	})
	if err != nil || result.Attempts != 3 {
		t.Fatalf("%+v: %v", result, err)
	}
	if calls != 1 {
		t.Errorf("the change was applied %d times to the same tree: the pushes weren't of one commit", calls)
	}
	if got := git(t, bare, "rev-parse", "main"); got != result.Commit {
		t.Errorf("main is %s, want %s", got, result.Commit)
	}
	if got := git(t, bare, "show", "main:log"); got != "ours" {
		t.Errorf("log is %q", got)
	}
}

// TestAPushThatNeverArrivedIsSentWhole: what was sent once isn't taken to be there.
func TestAPushThatNeverArrivedIsSentWhole(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := serveGit(t, bare)
	lost := false
	server.before = func(w http.ResponseWriter, r *http.Request) bool {
		if !isPush(r) || lost {
			return false
		}
		lost = true
		commitFile(t, bare, "theirs", "x")
		http.Error(w, "maintenance", http.StatusServiceUnavailable)
		return true
	}
	if _, err := open(t, gitrepo.Options{URL: server.url()}).Update(t.Context(), writes("folder/ours", "y")); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"README.md": "hello", "theirs": "x", "folder/ours": "y"}
	if diff := cmp.Diff(want, files(t, bare)); diff != "" {
		t.Error(diff)
	}
	git(t, bare, "fsck", "--strict", "--full")
}

func TestOnlyWhatIsNewIsFetched(t *testing.T) {
	t.Parallel()
	const large = 1 << 20
	content := make([]byte, large/2)
	_, _ = rand.Read(content)
	bare := newEmpty(t)
	importFiles(t, bare, map[string]string{"large": hex.EncodeToString(content), "a/b": "c"})
	server := serveGit(t, bare)
	var sizes []int
	server.after = func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
		if strings.HasSuffix(r.URL.Path, "/git-upload-pack") {
			sizes = append(sizes, answer.Body.Len())
		}
		forward(w, answer)
	}
	calls := 0
	_, err := open(t, gitrepo.Options{URL: server.url()}).Update(t.Context(), func(ctx context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
		if calls++; calls == 1 {
			commitFile(t, bare, "theirs", "1")
			commitFile(t, bare, "theirs", "2")
		}
		return writes("ours", "y")(ctx, tree)
	})
	if err != nil || len(sizes) != 2 {
		t.Fatalf("fetches of %d bytes: %v", sizes, err)
	}
	if sizes[0] < large/2 || sizes[1] > 2_000 {
		t.Errorf("fetches of %d bytes; the second should be of two small commits", sizes)
	}
}

func TestErrorsAreToldApart(t *testing.T) {
	t.Parallel()
	refuse := func(status int, what string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.RequestURI(), what) {
				http.Error(w, "says the server", status)
				return true
			}
			return false
		}
	}
	tests := []struct {
		name    string
		bare    func(testing.TB) string
		before  func(http.ResponseWriter, *http.Request) bool
		options func(o *gitrepo.Options)
		hook    string
		want    error
		words   []string
	}{
		{name: "nobody told us a token", before: refuse(401, "receive-pack"), want: gitrepo.ErrNoPermission, words: []string{"who we are", "token"}},
		{name: "the token may only read", before: refuse(403, "service=git-receive-pack"), want: gitrepo.ErrNoPermission, words: []string{"says the server", "write"}},
		{name: "the push itself is forbidden", before: refuse(403, "config.git/git-receive-pack"), want: gitrepo.ErrNoPermission, words: []string{"write"}},
		{name: "there is no repository", before: refuse(404, "receive-pack"), want: gitrepo.ErrNotFound, words: []string{"address"}},
		{name: "the server is down", before: refuse(503, "receive-pack"), want: gitrepo.ErrUnreachable, words: []string{"HTTP 503", "says the server"}},
		{name: "nobody listens", options: func(o *gitrepo.Options) { o.URL = "http://127.0.0.1:1/x.git" }, want: gitrepo.ErrUnreachable, words: []string{"refused", "address"}},
		{name: "there is no such branch", options: func(o *gitrepo.Options) { o.Branch = "mian" }, want: gitrepo.ErrNoBranch, words: []string{"mian", `there is ["main"]`}},
		{name: "the repository is empty", bare: newEmpty, want: gitrepo.ErrEmpty, words: []string{"previewctl init"}},
		{
			name: "a hook declines", hook: "echo 'environments need an owner' >&2; exit 1", want: gitrepo.ErrRefused,
			words: []string{"pre-receive hook declined", "environments need an owner"},
		},
		{
			name: "nobody is the author", options: func(o *gitrepo.Options) { o.Environ = []string{"HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1"} },
			want: gitrepo.ErrNoAuthor, words: []string{"git config --global user.name"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.bare == nil {
				tt.bare = newBare
			}
			bare := tt.bare(t)
			if tt.hook != "" {
				writeFile(t, filepath.Join(bare, "hooks", "pre-receive"), "#!/bin/sh\n"+tt.hook+"\n", 0o755)
			}
			before := git(t, bare, "for-each-ref")
			server := serveGit(t, bare)
			server.before = tt.before
			o := gitrepo.Options{URL: server.url()}
			if tt.options != nil {
				tt.options(&o)
			}
			result, err := open(t, o).Update(t.Context(), writes("a", "b"))
			if !errors.Is(err, tt.want) {
				t.Fatalf("error is %v, want %v", err, tt.want)
			}
			for _, words := range tt.words {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("error %q lacks %q", err, words)
				}
			}
			if after := git(t, bare, "for-each-ref"); after != before {
				t.Errorf("the refs became %q", after)
			}
			if result.Attempts > 1 {
				t.Errorf("%d attempts at what can't be mended", result.Attempts)
			}
		})
	}
}

func writeFile(tb testing.TB, name, content string, mode os.FileMode) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), mode); err != nil {
		tb.Fatal(err)
	}
}

func TestAChangeIsAppliedAgainOnlyWhereItSeesSomethingElse(t *testing.T) {
	t.Parallel()
	look := map[string]func(*gitrepo.Tree) error{
		"a file":           func(tree *gitrepo.Tree) error { _, err := tree.ReadFile("dir/file"); return err },
		"a file's state":   func(tree *gitrepo.Tree) error { _, err := tree.Stat("dir/file"); return err },
		"an open file":     func(tree *gitrepo.Tree) error { _, err := fs.ReadFile(struct{ fs.FS }{tree}, "dir/file"); return err },
		"a folder":         func(tree *gitrepo.Tree) error { _, err := tree.ReadDir("dir"); return err },
		"what a folder is": func(tree *gitrepo.Tree) error { _, err := tree.Stat("dir"); return err },
		"an open folder":   func(tree *gitrepo.Tree) error { _, err := fs.ReadDir(struct{ fs.FS }{tree}, "dir"); return err },
		"a folder's hash":  func(tree *gitrepo.Tree) error { _, err := tree.Hash("dir"); return err },
		"what isn't there": func(tree *gitrepo.Tree) error {
			if _, err := tree.Stat("dir/new"); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("it is there: %w", err)
			}
			return nil
		},
		"a listed file": func(tree *gitrepo.Tree) error {
			entries, err := tree.ReadDir("dir")
			if err == nil {
				_, err = entries[0].Info()
			}
			return err
		},
		"nothing": func(*gitrepo.Tree) error { return nil },
	}
	tests := []struct {
		theirs string // file that somebody else writes meanwhile
		again  []string
	}{
		{"other/file", nil},
		{"dir/file", []string{"a file", "a file's state", "an open file", "a folder's hash", "a listed file"}},
		{"dir/new", []string{"a folder", "an open folder", "a folder's hash", "a listed file", "what isn't there"}},
	}
	for _, tt := range tests {
		for name, look := range look {
			t.Run(tt.theirs+" changes, looked at was "+name, func(t *testing.T) {
				t.Parallel()
				bare := newEmpty(t)
				importFiles(t, bare, map[string]string{"dir/file": "x", "other/file": "x"})
				calls, want := 0, 1
				if slices.Contains(tt.again, name) {
					want = 2
				}
				_, err := open(t, gitrepo.Options{URL: "file://" + bare}).Update(t.Context(), func(_ context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
					if calls++; calls == 1 {
						if err := look(tree); err != nil {
							return gitrepo.Edits{}, err
						}
						commitFile(t, bare, tt.theirs, "theirs")
					}
					return gitrepo.Edits{Write: map[string][]byte{"ours": nil}, Message: gitrepo.Message{Subject: "Write ours"}}, nil
				})
				if err != nil || calls != want {
					t.Errorf("%d calls, want %d: %v", calls, want, err)
				}
				if got := files(t, bare); got[tt.theirs] != "theirs" || len(got) < 3 {
					t.Errorf("main holds %v", got)
				}
			})
		}
	}
}

func TestARaceThatIsLostEveryTimeEnds(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	calls := 0
	_, err := open(t, gitrepo.Options{URL: serveGit(t, bare).url(), Retry: gitrepo.Retry{Attempts: 3, Min: 1, Max: 1}}).Update(t.Context(),
		func(ctx context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
			calls++
			commitFile(t, bare, "log", fmt.Sprint(calls))
			return appends("log", "ours")(ctx, tree)
		})
	if !errors.Is(err, gitrepo.ErrRace) || calls != 4 { // once before the remote is asked what to push to
		t.Errorf("%d calls, error %v", calls, err)
	}
	if got := files(t, bare)["log"]; got != fmt.Sprint(calls) {
		t.Errorf("our change is in, though it failed: %q", got)
	}
}

func TestAnUnknownOutcomeSaysWhichCommitToLookFor(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := serveGit(t, bare)
	down := false
	server.before = func(w http.ResponseWriter, r *http.Request) bool {
		if down = down || isPush(r); down {
			http.Error(w, "maintenance", http.StatusServiceUnavailable)
		}
		return down
	}
	_, err := open(t, gitrepo.Options{URL: server.url()}).Update(t.Context(), writes("a", "b"))
	if !errors.Is(err, gitrepo.ErrUnknownOutcome) || !strings.Contains(err.Error(), "look for commit ") || !strings.Contains(err.Error(), "maintenance") {
		t.Errorf("error is %v", err)
	}
}

func TestAnErrorOfTheChangeComesOutAsItIs(t *testing.T) {
	t.Parallel()
	mine := errors.New("there is no service x; did you mean y?")
	bare := newBare(t)
	_, err := open(t, gitrepo.Options{URL: "file://" + bare}).Update(t.Context(), func(context.Context, *gitrepo.Tree) (gitrepo.Edits, error) {
		return gitrepo.Edits{}, mine
	})
	if !errors.Is(err, mine) || err.Error() != mine.Error() {
		t.Errorf("error is %v", err)
	}
}

func TestProposePushesANewBranch(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	base := git(t, bare, "rev-parse", "main")
	server := serveGit(t, bare)
	repo := open(t, gitrepo.Options{URL: server.url()})
	result, err := repo.Propose(t.Context(), "previewctl/jakub", writes("a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	want := gitrepo.Result{Commit: git(t, bare, "rev-parse", "previewctl/jakub"), Base: base, Branch: "previewctl/jakub", Attempts: 1}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Error(diff)
	}
	if now := git(t, bare, "rev-parse", "main"); now != base {
		t.Errorf("main moved to %s", now)
	}
	if _, err := repo.Propose(t.Context(), "previewctl/jakub", writes("a", "c")); !errors.Is(err, gitrepo.ErrBranchExists) {
		t.Errorf("a second proposal of the name gives %v", err)
	}
	if _, err := repo.Propose(t.Context(), "main", writes("a", "c")); err == nil {
		t.Error("the branch itself is taken for a proposal")
	}
	first := once(func() { panic(http.ErrAbortHandler) })
	server.after = func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
		if isPush(r) {
			first()
		}
		forward(w, answer)
	}
	if result, err := repo.Propose(t.Context(), "other", writes("a", "c")); err != nil || result.Commit != git(t, bare, "rev-parse", "other") {
		t.Errorf("a proposal whose answer got lost: %+v: %v", result, err)
	}
}
