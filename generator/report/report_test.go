package report_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/generator"
	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/testfixture/golden"
)

// compareStatuses compares statuses with a file of testdata/statuses.
func compareStatuses(t *testing.T, name string, sent []string) {
	t.Helper()
	golden.Compare(t, "testdata/statuses/"+name+".txt", []byte(strings.Join(sent, "\n")+"\n"))
}

func TestStatusIsSetOnce(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{}
	_, keep := testworld.NewStore(t)
	reporting := func(o *generator.Options) { o.Reporter = r }
	w.Repositories["acme/shop"] = testworld.Repository(
		"acme/shop", testworld.WithPaths(testworld.PullRequest(7, "alice"), "README.md"),
		testworld.PullRequest(8, "carol", "bug"),
	)
	s := testworld.Ready(t, w, keep, testworld.WithHealthyApplications, reporting)
	compareStatuses(t, "first", r.Take())
	s.Refresh(t.Context())
	if sent := r.Take(); len(sent) != 0 {
		t.Errorf("set again: %v", sent)
	}
	w.Change(func() {
		w.Repositories["acme/shop"] = testworld.Repository("acme/shop", testworld.WithPaths(testworld.PullRequest(7, "alice"), "orders/main.go"))
	})
	s.Refresh(t.Context())
	compareStatuses(t, "live", r.Take())
}

func TestFailedStatusIsRetried(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{Fails: func(string) bool { return true }}
	s := testworld.Ready(t, w, testworld.WithHealthyApplications, func(o *generator.Options) { o.Reporter = r })
	first := r.Take()
	r.Fails = nil
	s.Refresh(t.Context())
	if sent := r.Take(); len(sent) != 0 {
		t.Errorf("retried at once: %v", sent)
	}
	w.Now = w.Now.Add(5 * time.Minute)
	s.Refresh(t.Context())
	if diff := cmp.Diff(first, r.Take()); diff != "" || len(first) != 3 {
		t.Errorf("retried: %s", diff)
	}
	w.AdvanceClock(5 * time.Minute)
	s.Refresh(t.Context())
	if sent := r.Take(); len(sent) != 0 {
		t.Errorf("set again: %v", sent)
	}
}

func TestNewStatusIsSetDespiteEarlierFailure(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{Fails: func(line string) bool { return strings.Contains(line, "acme/shop 3ef ") }}
	s := testworld.Ready(t, w, testworld.WithHealthyApplications, func(o *generator.Options) { o.Reporter = r })
	r.Take()
	w.Change(func() {
		moved := testworld.WithPaths(testworld.PullRequest(7, "alice"), "orders/main.go")
		moved.HeadSHA = fmt.Sprintf("%040x", 0xbeef)
		w.Repositories["acme/shop"] = testworld.Repository("acme/shop", moved)
	})
	s.Refresh(t.Context())
	if sent := r.Take(); len(sent) != 2 || !strings.HasPrefix(sent[1], "acme/shop beef success ") {
		t.Errorf("sent: %v", sent)
	}
}

// crowd returns n held pull requests with the same kind of reason.
func crowd(n int, label string) []preview.PullRequest {
	prs := make([]preview.PullRequest, n)
	for i := range prs {
		prs[i] = testworld.WithPaths(testworld.PullRequest(100+i, "alice", "preview:"+label), "README.md")
	}
	return prs
}

func TestFailingStatusesDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	failing := func(line string) bool { return strings.Compare(line, "acme/shop 456 ") < 0 } // the first ten fail
	w, r := testworld.New(), &testworld.Statuses{Fails: failing}
	w.Repositories["acme/shop"] = testworld.Repository("acme/shop", crowd(30, "none")...)
	w.Repositories["acme/gateway"] = testworld.Repository("acme/gateway")
	s := testworld.Ready(t, w, testworld.WithHealthyApplications, func(o *generator.Options) { o.Reporter = r })
	attempts, done := len(r.Take()), 0
	for range 10 {
		s.Refresh(t.Context())
		for _, line := range r.Take() {
			attempts++
			if !failing(line) {
				done++
			}
		}
	}
	if attempts != 30 || done != 20 {
		t.Errorf("%d attempts, %d of 20 others were set", attempts, done)
	}
	w.Change(func() {
		w.Now = w.Now.Add(5 * time.Minute)
		w.Repositories["acme/shop"] = testworld.Repository("acme/shop", crowd(31, "none")...)
	})
	s.Refresh(t.Context())
	if again := r.Take(); len(again) != 4 || failing(again[3]) {
		t.Errorf("expected the new status and three retries, got %v", again)
	}
}

func TestStatusesAreShortAndLimited(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{}
	w.Repositories["acme/shop"] = testworld.Repository("acme/shop", crowd(40, strings.Repeat("a b", 40))...)
	w.Repositories["acme/gateway"] = testworld.Repository("acme/gateway")
	s := testworld.Ready(t, w, testworld.WithHealthyApplications, func(o *generator.Options) { o.Reporter = r })
	first := r.Take()
	for _, line := range first {
		description, err := strconv.Unquote(line[strings.IndexByte(line, '"') : strings.LastIndexByte(line, '"')+1])
		if n := utf8.RuneCountInString(description); err != nil || n < 139 || n > 140 {
			t.Errorf("%d characters: %s", n, description)
		}
	}
	s.Refresh(t.Context())
	s.Refresh(t.Context())
	if later := r.Take(); len(first) != 20 || len(later) != 20 {
		t.Errorf("%d in the first refresh, %d in the second", len(first), len(later))
	}
}

// GitHub refuses characters of four bytes. Texts of users are escaped.
func TestStatusesOfHostileTexts(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{}
	w.Repositories["acme/shop"] = testworld.Repository(
		"acme/shop", testworld.PullRequest(7, "alice", "preview:\x1b[31m\u202e\U0001F98A\n\x00<b>"),
	)
	w.Repositories["acme/gateway"] = testworld.Repository("acme/gateway")
	testworld.Ready(t, w, testworld.WithHealthyApplications, func(o *generator.Options) { o.Reporter = r })
	compareStatuses(t, "hostile", r.Take())
}

// The status belongs to the head. It is pending while an older commit is live.
func TestHeadThatIsNotDeployedIsPending(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{}
	w.Tree = testworld.Tree(
		1,
		strings.Replace(
			testworld.Policy, `tag: "{{ .SHA }}", data: [postgres]`,
			`tag: "{{ .SHA }}", data: [postgres], ready: {check: image, app: ci}`, 1,
		),
	)
	w.Repositories["acme/gateway"] = testworld.Repository("acme/gateway")
	at := func(commit int, green bool) {
		pr := testworld.WithPaths(testworld.PullRequest(7, "alice"), "orders/main.go")
		pr.HeadSHA = fmt.Sprintf("%040x", commit)
		w.Repositories["acme/shop"] = testworld.Repository("acme/shop", pr)
		shop := w.Repositories["acme/shop"]
		shop.Checks = map[string][]preview.Check{pr.HeadSHA: {{Name: "image", App: "ci", Green: green}}}
		w.Repositories["acme/shop"] = shop
	}
	at(0xa, true)
	s := testworld.Ready(t, w, testworld.WithHealthyApplications, func(o *generator.Options) { o.Reporter = r })
	w.Change(func() { at(0xb, false) })
	s.Refresh(t.Context())
	w.Change(func() { at(0xb, true) })
	s.Refresh(t.Context())
	compareStatuses(t, "building", r.Sent)
}

// Statuses don't repeat GitHub's temporary errors.
func TestTemporaryErrorsAreNotReported(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{}
	s := testworld.Ready(t, w, testworld.WithHealthyApplications, func(o *generator.Options) { o.Reporter = r })
	r.Take()
	for i := range 3 {
		w.Change(func() {
			live := testworld.PullRequest(7, "alice", "Preview")
			live.Changes, live.Problem = nil, fmt.Sprint("list its changed files: 500 at ", i)
			fresh := live
			fresh.Number = 9
			w.Repositories["acme/shop"] = testworld.Repository("acme/shop", live, fresh)
		})
		s.Refresh(t.Context())
	}
	compareStatuses(t, "unread", r.Take())
}

func TestStatusNamesNoOtherEnvironment(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{}
	w.Taken = map[string]string{"preview-shop-pr-7": "of ApplicationSet secret-project"}
	testworld.Ready(t, w, testworld.WithHealthyApplications, func(o *generator.Options) {
		o.Reporter, o.Cluster = r, testworld.Cluster{World: w}
	})
	compareStatuses(t, "taken", r.Take())
}

func TestRestartRepeatsStatusesAtMostOnce(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{}
	_, keep := testworld.NewStore(t)
	reporting := func(o *generator.Options) { o.Reporter = r }
	testworld.Ready(t, w, keep, testworld.WithHealthyApplications, reporting)
	first := r.Take()
	for range 2 {
		s := testworld.Ready(t, w, keep, testworld.WithHealthyApplications, reporting)
		s.Refresh(t.Context())
		s.Refresh(t.Context())
	}
	sent := map[string]int{}
	for _, line := range r.Take() {
		sent[line]++
	}
	for line, n := range sent {
		if n > 2 || !slices.Contains(first, line) {
			t.Errorf("set %d times after two restarts: %s", n, line)
		}
	}
}

// Sleep and wake don't change the status.
func TestSleepingEnvironmentIsReportedAsLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, r := testworld.New(), &testworld.Statuses{}
		s := testworld.NewService(t, w, testworld.WithRealTime, testworld.WithHealthyApplications, func(o *generator.Options) { o.Reporter = r })
		s.Start(t)
		testworld.Advance(time.Minute)
		if sent := r.Take(); len(sent) != 3 {
			t.Errorf("first statuses: %v", sent)
		}
		for _, ask := range [][2]string{{"sleep", string(preview.Asleep)}, {"wake", string(preview.Awake)}} {
			s.Request(t, "gateway-pr-1", ask[0], "")
			testworld.Advance(time.Minute)
			if got := s.States(t)["gateway-pr-1"]; string(got) != ask[1] {
				t.Errorf("%s: state %s", ask[0], got)
			}
			if sent := r.Take(); len(sent) != 0 {
				t.Errorf("%s: %v", ask[0], sent)
			}
		}
	})
}

func TestOnlyConfiguredRepositoriesGetStatuses(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{}
	s := testworld.Ready(t, w, testworld.WithHealthyApplications, func(o *generator.Options) { o.Reporter = r })
	r.Take()
	w.Change(func() { w.Tree = testworld.Tree(2, strings.ReplaceAll(testworld.Policy, "acme/shop", "acme/store")) })
	s.Refresh(t.Context())
	if sent := r.Take(); len(sent) != 0 || !strings.Contains(s.Get(t, "/api/v1/decisions").Body, "acme/shop") {
		t.Errorf("sent: %v", sent)
	}
}

// A renamed repository gets statuses under its new name.
func TestRenamedRepositoryGetsStatuses(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{}
	w.Repositories["acme/shop"] = testworld.Repository("acme/Store", testworld.WithPaths(testworld.PullRequest(7, "alice"), "orders/main.go"))
	testworld.Ready(t, w, testworld.WithHealthyApplications, func(o *generator.Options) { o.Reporter = r })
	if !slices.ContainsFunc(r.Take(), func(line string) bool { return strings.HasPrefix(line, "acme/Store 3ef success ") }) {
		t.Error("no status was set")
	}
}

// Another repository with the old name gets no statuses about the first one's environments.
func TestRepositoryWithTakenNameGetsNoStatuses(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{}
	shop := w.Repositories["acme/shop"]
	shop.ID = 70
	w.Repositories["acme/shop"] = shop
	s := testworld.Ready(t, w, testworld.WithHealthyApplications, func(o *generator.Options) { o.Reporter = r })
	if sent := r.Take(); len(sent) != 3 {
		t.Fatalf("sent: %v", sent)
	}
	w.Change(func() { w.RepositoryErrs["acme/shop"] = &preview.IdentityError{Was: 70, Is: 71} })
	s.Refresh(t.Context())
	w.Change(func() { w.RepositoryErrs["acme/shop"] = errors.New("GitHub answers 500") })
	s.Refresh(t.Context())
	if got := s.Decisions(t); !slices.Contains(got, "shop-pr-7: live withheld*") {
		t.Fatalf("decisions: %v", got)
	}
	if sent := r.Take(); len(sent) != 0 {
		t.Errorf("sent: %v", sent)
	}
}

// The status of a commit follows Argo CD: green only when it is synced and healthy.
func TestStatusFollowsArgoCD(t *testing.T) {
	t.Parallel()
	w, r, argo := testworld.New(), &testworld.Statuses{}, &testworld.Applications{Statuses: map[string]*preview.ApplicationStatus{}}
	s := testworld.Ready(t, w, testworld.WithApplications(argo), func(o *generator.Options) { o.Reporter = r })
	row := s.Environment(t, "shop-pr-7").Row
	for _, tt := range []struct {
		name   string
		change func(*preview.ApplicationStatus)
		want   string
	}{
		{"healthy", func(*preview.ApplicationStatus) {}, "success"},
		{"crashing", func(a *preview.ApplicationStatus) { a.Health = "Degraded" }, "failure"},
		{"fixed", func(*preview.ApplicationStatus) {}, "success"},
		{"its sync failed", func(a *preview.ApplicationStatus) { a.Operation, a.Message = "Failed", "no such image" }, "failure"},
		{"out of sync after a failure", func(a *preview.ApplicationStatus) { a.Sync = "OutOfSync" }, "pending"},
	} {
		r.Take()
		status := testworld.Synced(row)
		tt.change(status)
		argo.Statuses[row.Namespace] = status
		w.AdvanceClock(time.Minute)
		s.Refresh(t.Context())
		sent := slices.DeleteFunc(r.Take(), func(line string) bool { return !strings.HasPrefix(line, "acme/shop 3ef ") })
		if len(sent) != 1 || !strings.HasPrefix(sent[0], "acme/shop 3ef "+tt.want+" ") {
			t.Errorf("%s: %v", tt.name, sent)
		}
	}
}

// Members of a join turn green, and a join with a reserved name is told why it gets no preview.
func TestJoinedPullRequestsGetStatuses(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{}
	joined := func(number int, author, name string) preview.PullRequest {
		return testworld.WithPaths(testworld.PullRequest(number, author, "preview-with:"+name), "orders/main.go")
	}
	w.Repositories["acme/shop"] = testworld.Repository("acme/shop", joined(7, "alice", "checkout"), joined(9, "bob", "staging"))
	w.Repositories["acme/gateway"] = testworld.Repository("acme/gateway", testworld.PullRequest(1, "alice", "preview-with:checkout"))
	testworld.Ready(t, w, testworld.WithHealthyApplications, func(o *generator.Options) { o.Reporter = r })
	compareStatuses(t, "joined", r.Take())
}

// Without a cluster the health of a preview stays unknown, so its status doesn't stay pending.
func TestStatusWithoutAClusterFails(t *testing.T) {
	t.Parallel()
	w, r := testworld.New(), &testworld.Statuses{}
	testworld.Ready(t, w, func(o *generator.Options) { o.Reporter = r })
	for _, line := range r.Take() {
		if strings.Contains(line, " pending ") {
			t.Error(line)
		}
	}
}
