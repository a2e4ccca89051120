package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/previewset/previewset/internal/github/paged"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// byApp is a check run of an App.
func byApp(name, app string, green bool) preview.Check {
	return preview.Check{Name: name, App: app, AppID: githubtest.ID(app), Green: green}
}

// byUser is a commit status of a user.
func byUser(name, user string, green bool) preview.Check {
	return preview.Check{Name: name, User: user, UserID: githubtest.ID(user), Green: green}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	_, repo, url := startGitHub(t)
	head := githubtest.SHA("head")
	repo.Open(githubtest.PullRequest{HeadSHA: head})
	for _, s := range []githubtest.Status{
		{Context: "image", Creator: "ci[bot]", State: "success"},
		{Context: "image", Creator: "mallory", State: "success"},
		{Context: "image", Creator: "ci[bot]", State: "pending"}, // the newest status of ci counts
		{Context: "lint", Creator: "ci[bot]", State: "failure"},
		{Context: "lint", Creator: "ci[bot]", State: "success"},
		{Context: "x", State: "error"},
		{Context: "y", Creator: "github-actions", State: "success"}, // a user can have an App's slug as login
	} {
		repo.SetStatus(head, s)
	}
	for name, run := range map[string]githubtest.CheckRun{
		"1 queued": {}, "2 running": {Status: "in_progress"}, "3 neutral": {Conclusion: "neutral"},
		"4 skipped": {Conclusion: "skipped"}, "5 failure": {Conclusion: "failure"}, "6 cancelled": {Conclusion: "cancelled"},
		"7 success": {Conclusion: "success", App: "ci"}, "8 incomplete": {Status: "waiting", Conclusion: "success"},
	} {
		run.Name = name
		repo.SetCheckRun(head, run)
	}
	repo.SetCheckRun(head, githubtest.CheckRun{Name: "7 success", App: "ci", Suite: 2, Conclusion: "failure"})
	got := readShop(t, newClient(t, url, Options{}), wantChecks).Checks[head]
	slices.SortFunc(got, func(a, b preview.Check) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	assertEqual(t, []preview.Check{
		byApp("1 queued", "github-actions", false),
		byApp("2 running", "github-actions", false),
		byApp("3 neutral", "github-actions", false),
		byApp("4 skipped", "github-actions", false),
		byApp("5 failure", "github-actions", false),
		byApp("6 cancelled", "github-actions", false),
		byApp("7 success", "ci", false),
		byApp("7 success", "ci", true),
		byApp("8 incomplete", "github-actions", false),
		byUser("image", "mallory", true),
		{Name: "image", App: "ci"},
		{Name: "lint", App: "ci", Green: true},
		byUser("x", "octocat", false),
		byUser("y", "github-actions", true),
	}, got)
}

func TestChecksWithNulls(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	head := githubtest.SHA("head")
	repo.Open(githubtest.PullRequest{HeadSHA: head})
	s.Inject(githubtest.Fault{
		Match: "/statuses", Status: 200,
		Body: `[{"id":1,"context":"a","state":"success","creator":null},{"id":2,"context":null,"state":null}]`,
	})
	run := `{"id":%d,"head_sha":"` + head + `","name":"b","status":"%s","conclusion":%s,"app":null}`
	s.Inject(githubtest.Fault{Match: "/check-runs", Status: 200, Body: fmt.Sprintf(`{"check_runs":[`+run+","+run+","+run+"]}",
		1, "completed", "null", 2, "completed", `"success"`, 3, "in_progress", `"success"`)})
	got := readShop(t, newClient(t, url, Options{}), wantChecks)
	assertEqual(t, []preview.Check{
		{Name: "a", Green: true}, {}, {Name: "b"}, {Name: "b", Green: true}, {Name: "b"},
	}, got.Checks[head])
	assertEqual(t, "", got.PullRequests[0].Problem)
}

func TestCommitsWithChecks(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	for _, name := range []string{"one", "two", "one"} {
		repo.Open(githubtest.PullRequest{HeadSHA: githubtest.SHA(name)})
	}
	repo.SetBranch("dev", githubtest.SHA("dev"))
	repo.SetAnnotatedTag("v1", "commit", githubtest.SHA("v1"))
	repo.SetStatus(githubtest.SHA("v1"), githubtest.Status{State: "success"})
	c := newClient(t, url, Options{})
	readCommits := func(wants preview.Wants) []string {
		wants.Branches, wants.Tags = []string{"dev"}, []string{"v1", "none"}
		var out []string
		for sha, checks := range readShop(t, c, wants).Checks {
			if checks == nil {
				t.Errorf("the checks of %s are nil", sha)
			}
			out = append(out, sha)
		}
		slices.Sort(out)
		return out
	}
	sortedSHAs := func(names ...string) []string {
		var out []string
		for _, n := range names {
			out = append(out, githubtest.SHA(n))
		}
		slices.Sort(out)
		return out
	}
	assertEqual(t, sortedSHAs(), readCommits(preview.Wants{}))
	assertEqual(t, 0, countRequests(s, "/statuses"))
	assertEqual(t, sortedSHAs("two"), readCommits(preview.Wants{Checks: func(p preview.PullRequest) bool { return p.Number == 2 }}))
	assertEqual(t, sortedSHAs("dev", "v1"), readCommits(preview.Wants{BranchChecks: true}))
	s.ResetCounts()
	assertEqual(t, sortedSHAs("one", "two", "dev", "v1"), readCommits(preview.Wants{BranchChecks: true, Checks: always}))
	assertEqual(t, 8, countRequests(s, "/commits/")) // one read for two pull requests with the same head
	assertEqual(t, 4, len(c.repository("acme/shop").checks))
	readCommits(preview.Wants{})
	assertEqual(t, 0, len(c.repository("acme/shop").checks)) // unwanted checks are forgotten
}

func TestManyChecks(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]string{"with links": "", "without links": githubtest.NextLinkMissing} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			head := githubtest.SHA("head")
			repo.Open(githubtest.PullRequest{HeadSHA: head})
			repo.SetStatus(head, githubtest.Status{Context: "first", State: "success"})
			for i := range 150 {
				repo.SetStatus(head, githubtest.Status{Context: fmt.Sprint("c", i%120), State: "success"})
				repo.SetCheckRun(head, githubtest.CheckRun{Name: fmt.Sprint("r", i), Conclusion: "success"})
			}
			if fault != "" {
				s.Inject(githubtest.Fault{Match: "/commits/", Kind: fault})
			}
			c := newClient(t, url, Options{})
			assertEqual(t, 121+150, len(readShop(t, c, wantChecks).Checks[head]))
			s.ResetCounts()
			assertEqual(t, 121+150, len(readShop(t, c, wantChecks).Checks[head]))
			assertEqual(t, 0, s.Charged())
			assertEqual(t, 4, countRequests(s, "/commits/"))
		})
	}
}

// A restarted check run moves from the second page to the first. It must not be missed on both.
func TestChangeBetweenPages(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	head := githubtest.SHA("head")
	repo.Open(githubtest.PullRequest{HeadSHA: head})
	for i := range 101 {
		repo.SetCheckRun(head, githubtest.CheckRun{Name: fmt.Sprint("r", i), Conclusion: "success"})
	}
	s.After(`check-runs.*page=2$`, func() { repo.SetCheckRun(head, githubtest.CheckRun{Name: "r0", Conclusion: "failure"}) })
	got := readShop(t, newClient(t, url, Options{}), wantChecks).Checks[head]
	assertEqual(t, true, slices.Contains(got, byApp("r0", "github-actions", false)))
}

func TestUnreadableChecks(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]githubtest.Fault{
		"statuses: 500":       {Match: "/statuses", Status: 502},
		"check runs: 403":     {Match: "/check-runs", Status: 403},
		"statuses: no list":   {Match: "/statuses", Status: 200, Body: "null"},
		"statuses: null":      {Match: "/statuses", Status: 200, Body: "[null]"},
		"statuses: an object": {Match: "/statuses", Status: 200, Body: "{}"},
		"check runs: {}":      {Match: "/check-runs", Status: 200, Body: "{}"},
		"check runs: cut off": {Match: "/check-runs", Kind: githubtest.CutOff},
		"check runs: no ID":   {Match: "/check-runs", Status: 200, Body: `{"check_runs":[{"name":"x"}]}`},
		"check runs: another commit": {
			Match: "/check-runs", Status: 200, Body: `{"check_runs":[{"id":1,"head_sha":"` + githubtest.SHA("?") + `"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			one := githubtest.SHA("one")
			repo.Open(githubtest.PullRequest{HeadSHA: one})
			repo.Open(githubtest.PullRequest{HeadSHA: githubtest.SHA("other")})
			repo.SetStatus(one, githubtest.Status{Context: "image", State: "success"})
			c := newClient(t, url, Options{})
			wants := preview.Wants{
				Checks:   func(p preview.PullRequest) bool { return p.Number == 1 },
				Branches: []string{"main"}, BranchChecks: true,
			}
			green := readShop(t, c, wants).Checks[one]
			assertEqual(t, []preview.Check{byUser("image", "octocat", true)}, green)

			repo.SetStatus(one, githubtest.Status{Context: "image", State: "failure"})
			repo.SetCheckRun(one, githubtest.CheckRun{Name: "image"})
			fault.Match = one + fault.Match
			s.Inject(fault)
			got := readShop(t, c, wants)
			assertEqual(t, green, got.Checks[one]) // the last result of the same commit
			problem := got.PullRequests[0].Problem
			if !strings.Contains(problem, "checks of "+one[:7]+": ") || strings.Contains(problem, "\n") {
				t.Errorf("problem %q", problem)
			}
			assertEqual(t, "", got.PullRequests[1].Problem)
			assertEqual(t, true, got.Checks[got.Branches["main"]] != nil)

			s.ClearFaults()
			got = readShop(t, c, wants)
			assertEqual(t, []preview.Check{
				byUser("image", "octocat", false), byApp("image", "github-actions", false),
			}, got.Checks[one])
			assertEqual(t, "", got.PullRequests[0].Problem)
		})
	}
}

func TestUnreadableChecksOfNewCommit(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 1)
	c := newClient(t, url, Options{})
	readShop(t, c, wantChecks)
	s.Inject(githubtest.Fault{Match: "/commits/", Status: 500})
	head := repo.Push(1)
	got := readShop(t, c, wantChecks)
	if checks, isRead := got.Checks[head]; isRead {
		t.Errorf("the new commit has the checks %v", checks)
	}
	assertEqual(t, true, got.PullRequests[0].Problem != "")
}

func TestTooManyStatuses(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 1)
	repeated := "[" + strings.TrimSuffix(strings.Repeat(`{"id":1},`, 100), ",") + "]"
	s.Inject(githubtest.Fault{Match: "/statuses", Status: 200, Body: repeated})
	readShop(t, newClient(t, url, Options{}), wantChecks) // a page without new items is the last one
	assertEqual(t, 8, countRequests(s, "/statuses"))      // 4 passes over 2 pages
	s.ClearFaults()
	head := readShop(t, newClient(t, url, Options{}), preview.Wants{}).PullRequests[0].HeadSHA
	for i := range maxDetailPages*paged.PerPage + 1 {
		repo.SetStatus(head, githubtest.Status{Context: fmt.Sprint(i), State: "success"})
	}
	got := readShop(t, newClient(t, url, Options{}), wantChecks)
	if p := got.PullRequests[0].Problem; !strings.Contains(p, "more than 20 pages") || len(got.Checks) > 0 {
		t.Errorf("problem %q, checks %v", p, got.Checks)
	}
}

// A new token reads each page once. The next read is free again.
func TestNewTokenReadsDetailsOnce(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	head := githubtest.SHA("head")
	fork := repo.Fork("mallory").ID
	repo.Open(githubtest.PullRequest{HeadSHA: head, HeadRepository: fork, Files: []githubtest.File{{Name: "a"}}})
	openMany(repo, 120)
	for i := range 120 {
		repo.SetStatus(head, githubtest.Status{Context: fmt.Sprint(i), State: "success"})
	}
	repo.SetAnnotatedTag("v1", "commit", head)
	repo.SetPermission("carol", "write")
	repo.Review(1, githubtest.Review{Author: "carol", State: "APPROVED"})
	var token atomic.Value
	token.Store("one")
	c := newClient(t, url, Options{Token: func() (string, error) { return token.Load().(string), nil }})
	first := func(p preview.PullRequest) bool { return p.Number == 1 }
	wants := preview.Wants{
		Branches: []string{"main", "none"}, Tags: []string{"v1"}, Changes: first, Checks: first, Approvals: first,
	}
	before := readShop(t, c, wants)
	for _, newToken := range []string{"two", "three"} {
		token.Store(newToken)
		s.ResetCounts()
		got := readShop(t, c, wants)
		assertEqual(t, before.PullRequests, got.PullRequests)
		assertEqual(t, before.Checks, got.Checks)
		// 2 pages of pull requests, 3 refs, 2 pages of statuses, check runs, reviews, the commit, a permission
		assertEqual(t, 11, s.Charged())
		s.ResetCounts()
		readShop(t, c, wants)
		assertEqual(t, 0, s.Charged())
	}
	assertEqual(t, 0, s.Count(http.StatusNotFound))
}

func TestCancelledReadOfDetailsIsAnError(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/statuses", "/check-runs", "/reviews", "/commits/[^/]*$", "/permission"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			openMany(repo, 1)
			repo.Review(1, githubtest.Review{Author: "wendy", State: "APPROVED"})
			ctx, cancel := context.WithCancel(t.Context())
			path = strings.TrimSuffix(path, "$") + `(\?|$)`
			s.After(path, cancel)
			s.Inject(githubtest.Fault{Match: path, Status: 500})
			wants := preview.Wants{Checks: always, Approvals: always}
			if _, err := newClient(t, url, Options{}).Repository(ctx, "acme/shop", wants); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want context.Canceled", err)
			}
		})
	}
}
