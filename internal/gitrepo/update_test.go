package gitrepo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/gitrepo"
	"github.com/previewset/previewset/internal/gittest"
)

// Parallel updates make one linear history with one commit for each change. The test in e2e/gitops does the same with
// processes.
func TestParallelUpdates(t *testing.T) {
	t.Parallel()
	const writers, changes = 16, 6
	bare := newBare(t)
	server := gittest.Serve(t, bare)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			repo := open(t, gitrepo.Options{URL: server.Address(), Retry: gitrepo.Retry{Attempts: 1000}})
			for c := range changes {
				// Half of the writers open the branch again for each update, as the command does.
				if w%2 == 0 {
					repo = open(t, gitrepo.Options{URL: server.Address(), Retry: gitrepo.Retry{Attempts: 1000}})
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
	for line := range strings.FieldsSeq(gittest.Git(tb, bare, "show", "main:log")) {
		count[line]++
	}
	for w := range writers {
		for c := range changes {
			if line := fmt.Sprintf("%d-%d", w, c); count[line] != 1 {
				tb.Errorf("change %s is there %d times", line, count[line])
			}
		}
	}
	if n := gittest.Git(tb, bare, "rev-list", "--count", "main"); n != fmt.Sprint(writers*changes+1) {
		tb.Errorf("%s commits, want %d", n, writers*changes+1)
	}
	if merges := gittest.Git(tb, bare, "rev-list", "--min-parents=2", "main"); merges != "" {
		tb.Errorf("merges: %s", merges)
	}
}

func TestLostRaceAppliesChangeAgain(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "file"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			bare := newBare(t)
			url := "file://" + bare
			if scheme == "http" {
				url = gittest.Serve(t, bare).Address()
			}
			calls := 0
			repo := open(t, gitrepo.Options{URL: url})
			result, err := repo.Update(t.Context(), func(ctx context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
				if calls++; calls <= 2 {
					// Another push comes first, after the read of the tree.
					gittest.Commit(t, bare, map[string]string{"log": fmt.Sprintf("theirs-%d\n", calls)})
				}
				return appends("log", "ours")(ctx, tree)
			})
			// Only the second race was lost after the listing for the push.
			if err != nil || calls != 3 || result.Attempts != 2 {
				t.Fatalf("%d calls, %+v: %v", calls, result, err)
			}
			if got := gittest.Git(t, bare, "show", "main:log"); got != "theirs-2\nours" {
				t.Errorf("log is %q", got)
			}
			if n := gittest.Git(t, bare, "rev-list", "--count", "main"); n != "4" {
				t.Errorf("%s commits, want 4", n)
			}
		})
	}
}

func TestUpdateAfterForcedPush(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := gittest.Serve(t, bare)
	forced := ""
	repo := open(t, gitrepo.Options{URL: server.Address()})
	_, err := repo.Update(t.Context(), func(ctx context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
		if forced == "" {
			forced = gittest.Import(t, bare, map[string]string{"log": "rewritten\n", "other": "x"})
			gittest.Git(t, bare, "reflog", "expire", "--expire=now", "--all")
			gittest.Git(t, bare, "gc", "--quiet", "--prune=now")
		}
		return appends("log", "ours")(ctx, tree)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"log": "rewritten\nours", "other": "x"}
	if diff := cmp.Diff(want, gittest.Files(t, bare)); diff != "" {
		t.Error(diff)
	}
	if parent := gittest.Git(t, bare, "rev-parse", "main^"); parent != forced {
		t.Errorf("built on %s, want %s", parent, forced)
	}
	gittest.Git(t, bare, "fsck", "--strict", "--full")
}

// The push arrives, but its answer is lost.
func TestLostAnswerCausesNoSecondCommit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		then func(t *testing.T, bare string)
		want string
	}{
		{"and nothing else happens", func(*testing.T, string) {}, "ours"},
		{"and others push on top of it", func(t *testing.T, bare string) {
			t.Helper()
			gittest.Commit(t, bare, map[string]string{"theirs": "1"})
			gittest.Commit(t, bare, map[string]string{"theirs": "2"})
		}, "ours"},
		{"and it is forced away", func(t *testing.T, bare string) {
			t.Helper()
			gittest.Import(t, bare, map[string]string{"log": "rewritten\n"})
		}, "rewritten\nours"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bare := newBare(t)
			server := gittest.Serve(t, bare)
			first := once(func() { tt.then(t, bare); panic(http.ErrAbortHandler) })
			server.After = func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
				if gittest.IsPush(r) {
					first()
				}
				gittest.Forward(w, answer)
			}
			repo := open(t, gitrepo.Options{URL: server.Address()})
			result, err := repo.Update(t.Context(), appends("log", "ours"))
			if err != nil {
				t.Fatal(err)
			}
			if got := gittest.Git(t, bare, "show", "main:log"); got != tt.want {
				t.Errorf("log is %q, want %q", got, tt.want)
			}
			gittest.Git(t, bare, "merge-base", "--is-ancestor", result.Commit, "main")
			if mine := gittest.Git(t, bare, "rev-list", "--count", "--grep=Add ours", "main"); mine != "1" {
				t.Errorf("%s commits of ours, want 1", mine)
			}
		})
	}
}

// A proxy times out. The push arrives nevertheless, just before the second attempt.
func TestLatePushCausesNoSecondCommit(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := gittest.Serve(t, bare)
	var late []byte
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !gittest.IsPush(r) {
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
		server.Backend.ServeHTTP(httptest.NewRecorder(), first)
		return false
	}
	calls := 0
	repo := open(t, gitrepo.Options{URL: server.Address()})
	result, err := repo.Update(t.Context(), func(ctx context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
		calls++
		return appends("log", "ours")(ctx, tree)
	})
	if err != nil || result.Attempts != 3 {
		t.Fatalf("%+v: %v", result, err)
	}
	if calls != 1 {
		t.Errorf("the change was applied %d times to the same tree: the pushes weren't of one commit", calls)
	}
	if got := gittest.Git(t, bare, "rev-parse", "main"); got != result.Commit {
		t.Errorf("main is %s, want %s", got, result.Commit)
	}
	if got := gittest.Git(t, bare, "show", "main:log"); got != "ours" {
		t.Errorf("log is %q", got)
	}
}

// The objects of a lost push are sent again.
func TestLostPushIsSentAgain(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := gittest.Serve(t, bare)
	lost := false
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if !gittest.IsPush(r) || lost {
			return false
		}
		lost = true
		gittest.Commit(t, bare, map[string]string{"theirs": "x"})
		http.Error(w, "maintenance", http.StatusServiceUnavailable)
		return true
	}
	repo := open(t, gitrepo.Options{URL: server.Address()})
	if _, err := repo.Update(t.Context(), writes("folder/ours", "y")); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"README.md": "hello", "theirs": "x", "folder/ours": "y"}
	if diff := cmp.Diff(want, gittest.Files(t, bare)); diff != "" {
		t.Error(diff)
	}
	gittest.Git(t, bare, "fsck", "--strict", "--full")
}

func TestUpdateStopsAfterLostRaces(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	calls := 0
	repo := open(t, gitrepo.Options{URL: gittest.Serve(t, bare).Address(), Retry: gitrepo.Retry{Attempts: 3, Min: 1, Max: 1}})
	_, err := repo.Update(t.Context(),
		func(ctx context.Context, tree *gitrepo.Tree) (gitrepo.Edits, error) {
			calls++
			gittest.Commit(t, bare, map[string]string{"log": fmt.Sprint(calls)})
			return appends("log", "ours")(ctx, tree)
		})
	if !errors.Is(err, gitrepo.ErrRace) || calls != 4 { // once before the listing for the push
		t.Errorf("%d calls, error %v", calls, err)
	}
	if got := gittest.Files(t, bare)["log"]; got != fmt.Sprint(calls) {
		t.Errorf("our change is in, though it failed: %q", got)
	}
}

func TestUnknownOutcomeNamesCommit(t *testing.T) {
	t.Parallel()
	bare := newBare(t)
	server := gittest.Serve(t, bare)
	down := false
	server.Before = func(w http.ResponseWriter, r *http.Request) bool {
		if down = down || gittest.IsPush(r); down {
			http.Error(w, "maintenance", http.StatusServiceUnavailable)
		}
		return down
	}
	repo := open(t, gitrepo.Options{URL: server.Address()})
	_, err := repo.Update(t.Context(), writes("a", "b"))
	if !errors.Is(err, gitrepo.ErrUnknownOutcome) ||
		!strings.Contains(err.Error(), "look for commit ") || !strings.Contains(err.Error(), "maintenance") {
		t.Errorf("error is %v", err)
	}
}
