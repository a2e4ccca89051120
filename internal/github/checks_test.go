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

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

var checked = preview.Wants{Checks: func(preview.PullRequest) bool { return true }}

func TestChecks(t *testing.T) {
	t.Parallel()
	_, repo, url := start(t)
	head := githubtest.SHA("head")
	repo.Open(githubtest.PullRequest{HeadSHA: head})
	for _, s := range []githubtest.Status{
		{Context: "image", Creator: "ci[bot]", State: "success"},
		{Context: "image", Creator: "mallory", State: "success"},
		{Context: "image", Creator: "ci[bot]", State: "pending"}, // the newest of ci's counts
		{Context: "lint", Creator: "ci[bot]", State: "failure"},
		{Context: "lint", Creator: "ci[bot]", State: "success"},
		{Context: "x", State: "error"},
	} {
		repo.SetStatus(head, s)
	}
	for name, run := range map[string]githubtest.CheckRun{
		"1 queued": {}, "2 running": {Status: "in_progress"}, "3 neutral": {Conclusion: "neutral"}, "4 skipped": {Conclusion: "skipped"},
		"5 failure": {Conclusion: "failure"}, "6 cancelled": {Conclusion: "cancelled"}, "7 success": {Conclusion: "success", App: "ci"},
		"8 success that isn't completed": {Status: "waiting", Conclusion: "success"},
	} {
		run.Name = name
		repo.SetCheckRun(head, run)
	}
	repo.SetCheckRun(head, githubtest.CheckRun{Name: "7 success", App: "ci", Suite: 2, Conclusion: "failure"})
	got := read(t, client(t, url, Options{}), checked).Checks[head]
	slices.SortFunc(got, func(a, b preview.Check) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	diff(t, []preview.Check{
		{Name: "1 queued", App: "github-actions"},
		{Name: "2 running", App: "github-actions"},
		{Name: "3 neutral", App: "github-actions"},
		{Name: "4 skipped", App: "github-actions"},
		{Name: "5 failure", App: "github-actions"},
		{Name: "6 cancelled", App: "github-actions"},
		{Name: "7 success", App: "ci"},
		{Name: "7 success", App: "ci", Green: true},
		{Name: "8 success that isn't completed", App: "github-actions"},
		{Name: "image", App: "ci"},
		{Name: "image", App: "mallory", Green: true},
		{Name: "lint", App: "ci", Green: true},
		{Name: "x", App: "octocat"},
	}, got)
}

func TestNullsInChecksAreOrdinary(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	head := githubtest.SHA("head")
	repo.Open(githubtest.PullRequest{HeadSHA: head})
	s.Inject(githubtest.Fault{Match: "/statuses", Status: 200, Body: `[{"id":1,"context":"a","state":"success","creator":null},{"id":2,"context":null,"state":null}]`})
	run := `{"id":%d,"head_sha":"` + head + `","name":"b","status":"%s","conclusion":%s,"app":null}`
	s.Inject(githubtest.Fault{Match: "/check-runs", Status: 200, Body: fmt.Sprintf(`{"check_runs":[`+run+","+run+","+run+"]}",
		1, "completed", "null", 2, "completed", `"success"`, 3, "in_progress", `"success"`)})
	got := read(t, client(t, url, Options{}), checked)
	diff(t, []preview.Check{{Name: "a", Green: true}, {}, {Name: "b"}, {Name: "b", Green: true}, {Name: "b"}}, got.Checks[head])
	diff(t, "", got.PullRequests[0].Problem)
}

func TestWhoseChecksAreRead(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	for _, name := range []string{"one", "two", "one"} {
		repo.Open(githubtest.PullRequest{HeadSHA: githubtest.SHA(name)})
	}
	repo.SetBranch("dev", githubtest.SHA("dev"))
	repo.SetAnnotatedTag("v1", "commit", githubtest.SHA("v1"))
	repo.SetStatus(githubtest.SHA("v1"), githubtest.Status{State: "success"})
	c := client(t, url, Options{})
	commits := func(wants preview.Wants) []string {
		wants.Branches, wants.Tags = []string{"dev"}, []string{"v1", "none"}
		var out []string
		for sha, checks := range read(t, c, wants).Checks {
			if checks == nil {
				t.Errorf("the checks of %s are nil", sha)
			}
			out = append(out, sha)
		}
		slices.Sort(out)
		return out
	}
	shas := func(names ...string) []string {
		var out []string
		for _, n := range names {
			out = append(out, githubtest.SHA(n))
		}
		slices.Sort(out)
		return out
	}
	diff(t, shas(), commits(preview.Wants{}))
	diff(t, 0, asked(s, "/statuses"))
	diff(t, shas("two"), commits(preview.Wants{Checks: func(p preview.PullRequest) bool { return p.Number == 2 }}))
	diff(t, shas("dev", "v1"), commits(preview.Wants{BranchChecks: true}))
	s.ResetCounts()
	diff(t, shas("one", "two", "dev", "v1"), commits(preview.Wants{BranchChecks: true, Checks: checked.Checks}))
	diff(t, 8, asked(s, "/commits/")) // two pull requests at one commit are no reason to ask twice
	diff(t, 4, len(c.entry("acme/shop").checks))
	commits(preview.Wants{})
	diff(t, 0, len(c.entry("acme/shop").checks)) // nothing is kept of what nobody asks for
}

func TestManyChecks(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]string{"all is well": "", "a link is missing": githubtest.NextLinkMissing} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
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
			c := client(t, url, Options{})
			diff(t, 121+150, len(read(t, c, checked).Checks[head]))
			s.ResetCounts()
			diff(t, 121+150, len(read(t, c, checked).Checks[head]))
			diff(t, 0, s.Charged())
			diff(t, 4, asked(s, "/commits/"))
		})
	}
}

// A run that is started again moves from the second page to the first, and could be seen on neither.
func TestAChangeWhilePagesAreReadIsSeen(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	head := githubtest.SHA("head")
	repo.Open(githubtest.PullRequest{HeadSHA: head})
	for i := range 101 {
		repo.SetCheckRun(head, githubtest.CheckRun{Name: fmt.Sprint("r", i), Conclusion: "success"})
	}
	s.After(`check-runs.*page=2$`, func() { repo.SetCheckRun(head, githubtest.CheckRun{Name: "r0", Conclusion: "failure"}) })
	got := read(t, client(t, url, Options{}), checked).Checks[head]
	diff(t, true, slices.Contains(got, preview.Check{Name: "r0", App: "github-actions"}))
}

func TestUnreadableChecks(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]githubtest.Fault{
		"statuses: 500":              {Match: "/statuses", Status: 502},
		"check runs: 403":            {Match: "/check-runs", Status: 403},
		"statuses: no list":          {Match: "/statuses", Status: 200, Body: "null"},
		"statuses: null":             {Match: "/statuses", Status: 200, Body: "[null]"},
		"statuses: an object":        {Match: "/statuses", Status: 200, Body: "{}"},
		"check runs: {}":             {Match: "/check-runs", Status: 200, Body: "{}"},
		"check runs: cut off":        {Match: "/check-runs", Kind: githubtest.CutOff},
		"check runs: no ID":          {Match: "/check-runs", Status: 200, Body: `{"check_runs":[{"name":"x"}]}`},
		"check runs: another commit": {Match: "/check-runs", Status: 200, Body: `{"check_runs":[{"id":1,"head_sha":"` + githubtest.SHA("?") + `"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			one := githubtest.SHA("one")
			repo.Open(githubtest.PullRequest{HeadSHA: one})
			repo.Open(githubtest.PullRequest{HeadSHA: githubtest.SHA("other")})
			repo.SetStatus(one, githubtest.Status{Context: "image", State: "success"})
			c := client(t, url, Options{})
			wants := preview.Wants{Checks: func(p preview.PullRequest) bool { return p.Number == 1 }, Branches: []string{"main"}, BranchChecks: true}
			green := read(t, c, wants).Checks[one]
			diff(t, []preview.Check{{Name: "image", App: "octocat", Green: true}}, green)

			repo.SetStatus(one, githubtest.Status{Context: "image", State: "failure"})
			repo.SetCheckRun(one, githubtest.CheckRun{Name: "image"})
			fault.Match = one + fault.Match
			s.Inject(fault)
			got := read(t, c, wants)
			diff(t, green, got.Checks[one]) // as it was last known of the same commit
			if p := got.PullRequests[0].Problem; !strings.Contains(p, "read the checks of "+one[:7]+": ") || strings.Contains(p, "\n") {
				t.Errorf("the problem is %q", p)
			}
			diff(t, "", got.PullRequests[1].Problem)
			diff(t, true, got.Checks[got.Branches["main"]] != nil)

			s.ClearFaults()
			got = read(t, c, wants)
			diff(t, []preview.Check{{Name: "image", App: "octocat"}, {Name: "image", App: "github-actions"}}, got.Checks[one])
			diff(t, "", got.PullRequests[0].Problem)

			fault.Match = "/commits/"
			s.Inject(githubtest.Fault{Match: "/commits/", Status: 500})
			two := repo.Push(1)
			got = read(t, c, wants)
			if checks, there := got.Checks[two]; there {
				t.Errorf("the new commit has the checks %v", checks)
			}
			diff(t, true, got.PullRequests[0].Problem != "")
		})
	}
}

func TestAnEndlessListOfStatusesIsAProblem(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 1)
	s.Inject(githubtest.Fault{Match: "/statuses", Status: 200, Body: "[" + strings.TrimSuffix(strings.Repeat(`{"id":1},`, 100), ",") + "]"})
	read(t, client(t, url, Options{}), checked) // the same over and over again is the end
	diff(t, 2*maxPasses, asked(s, "/statuses"))
	s.ClearFaults()
	head := read(t, client(t, url, Options{}), preview.Wants{}).PullRequests[0].HeadSHA
	for i := range maxDetailPages*perPage + 1 {
		repo.SetStatus(head, githubtest.Status{Context: fmt.Sprint(i), State: "success"})
	}
	got := read(t, client(t, url, Options{}), checked)
	if p := got.PullRequests[0].Problem; !strings.Contains(p, "didn't end after 20 pages") || len(got.Checks) > 0 {
		t.Errorf("problem %q, checks %v", p, got.Checks)
	}
}

// One read per page and no more after a token rotates, and all of it free again.
func TestTokenRotationReadsDetailsOnce(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	head := githubtest.SHA("head")
	repo.Open(githubtest.PullRequest{HeadSHA: head, HeadRepository: repo.Fork("mallory").ID, Files: []githubtest.File{{Name: "a"}}})
	open(repo, 120)
	for i := range 120 {
		repo.SetStatus(head, githubtest.Status{Context: fmt.Sprint(i), State: "success"})
	}
	repo.SetAnnotatedTag("v1", "commit", head)
	repo.SetPermission("carol", "write")
	repo.Review(1, githubtest.Review{Author: "carol", State: "APPROVED"})
	var token atomic.Value
	token.Store("one")
	c := client(t, url, Options{Token: func() (string, error) { return token.Load().(string), nil }})
	first := func(p preview.PullRequest) bool { return p.Number == 1 }
	wants := preview.Wants{Branches: []string{"main", "none"}, Tags: []string{"v1"}, Changes: first, Checks: first, Approvals: first}
	before := read(t, c, wants)
	for _, tok := range []string{"two", "three"} {
		token.Store(tok)
		s.ResetCounts()
		got := read(t, c, wants)
		diff(t, before.PullRequests, got.PullRequests)
		diff(t, before.Checks, got.Checks)
		// 2 pages of pull requests, 3 refs, 2 pages of statuses, 1 of check runs, 1 of reviews, the commit, a permission
		diff(t, 11, s.Charged())
		s.ResetCounts()
		read(t, c, wants)
		diff(t, 0, s.Charged())
	}
	diff(t, 0, s.Count(http.StatusNotFound))
}

func TestACancelledReadOfDetailsIsAnError(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/statuses", "/check-runs", "/reviews", "/commits/[^/]*$", "/permission"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			open(repo, 1)
			repo.Review(1, githubtest.Review{Author: "wendy", State: "APPROVED"})
			ctx, cancel := context.WithCancel(t.Context())
			path = strings.TrimSuffix(path, "$") + `(\?|$)`
			s.After(path, cancel)
			s.Inject(githubtest.Fault{Match: path, Status: 500})
			wants := preview.Wants{Checks: checked.Checks, Approvals: approved.Approvals}
			if _, err := client(t, url, Options{}).Repository(ctx, "acme/shop", wants); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want that the read was cancelled", err)
			}
		})
	}
}
