package github

import (
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestUnchangedApprovalsCostNothing(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 3)
	repo.SetPermission("wendy", "write")
	for range 120 {
		repo.Review(1, newReview("wendy", "COMMENTED", "1"))
	}
	repo.Review(1, newReview("wendy", "APPROVED", "1"))
	repo.Review(2, newReview("Wendy", "APPROVED", "2"))
	c := newClient(t, url, Options{})
	wants := preview.Wants{Approvals: func(p preview.PullRequest) bool { return p.Number < 3 }}
	first := readShop(t, c, wants)
	assertEqual(t, 1, countRequests(s, "/permission")) // once for both
	assertEqual(t, true, first.PullRequests[2].Approvals == nil)
	s.ResetCounts()
	assertEqual(t, first.PullRequests, readShop(t, c, wants).PullRequests)
	assertEqual(t, 0, s.Charged())
	repo.SetPermission("wendy", "read")
	assertEqual(t, false, readShop(t, c, wants).PullRequests[0].Approvals[0].Writer)
	assertEqual(t, 1, s.Charged())
	repo.Close(1)
	readShop(t, c, wants)
	cache := &c.repository("acme/shop").approvals
	assertEqual(t, []int{1, 1, 1}, []int{len(cache.reviews), len(cache.authors), len(cache.permissions)})
	readShop(t, c, preview.Wants{})
	assertEqual(t, []int{0, 0, 0}, []int{len(cache.reviews), len(cache.authors), len(cache.permissions)})
}

func TestUnreadableApprovals(t *testing.T) {
	t.Parallel()
	head := githubtest.SHA("1")
	for name, tc := range map[string]struct {
		fault githubtest.Fault
		want  string
	}{
		"reviews: 500":           {githubtest.Fault{Match: "/pulls/1/reviews", Status: 500}, "list reviews, page 1: "},
		"reviews: null":          {githubtest.Fault{Match: "/pulls/1/reviews", Status: 200, Body: "null"}, "no list"},
		"reviews: without an ID": {githubtest.Fault{Match: "/pulls/1/reviews", Status: 200, Body: "[{}]"}, "without an ID"},
		"reviews: cut off":       {githubtest.Fault{Match: "/pulls/1/reviews", Kind: githubtest.CutOff}, "unexpected EOF"},
		"commit: 404":            {githubtest.Fault{Match: "/commits/" + head, Status: 404}, "get commit " + head[:7]},
		"commit: {}":             {githubtest.Fault{Match: "/commits/" + head, Status: 200, Body: "{}"}, "about another commit"},
		"permission: 403":        {githubtest.Fault{Match: "/collaborators/wendy", Status: 403}, "read whether wendy may push: "},
		"permission: another account": {
			githubtest.Fault{
				Match: "/collaborators/wendy", Status: 200, Body: `{"permission":"admin","user":{"login":"x","type":"User"}}`,
			}, "another account",
		},
		"permission: {}": {githubtest.Fault{Match: "/collaborators/wendy", Status: 200, Body: "{}"}, "another account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			began := time.Now()
			s.SetClock(func() time.Time { return began }) // the reviews don't change updated_at
			repo.SetPermission("wendy", "write")
			repo.Open(githubtest.PullRequest{HeadSHA: head})
			repo.Open(githubtest.PullRequest{})
			repo.Review(1, newReview("wendy", "APPROVED", "1"))
			c := newClient(t, url, Options{})
			good := readShop(t, c, wantApprovals)
			repo.SetPermission("wendy", "maintain")
			repo.Review(1, newReview("wendy", "COMMENTED", "1"))
			s.Inject(tc.fault)
			got := readShop(t, c, wantApprovals)
			pr := got.PullRequests[0]
			if pr.Approvals != nil || pr.CommitAuthors != nil {
				t.Errorf("approvals %v, authors %v", pr.Approvals, pr.CommitAuthors)
			}
			if !strings.Contains(pr.Problem, tc.want) || strings.Contains(pr.Problem, "\n") {
				t.Errorf("problem %q", pr.Problem)
			}
			assertEqual(t, good.PullRequests[1], got.PullRequests[1])
			s.ClearFaults()
			assertEqual(t, good.PullRequests, readShop(t, c, wantApprovals).PullRequests)
		})
	}
}

func TestProblemHasAllErrors(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 1)
	s.Inject(githubtest.Fault{Match: "/files|/reviews|/check-runs", Status: 500})
	wants := preview.Wants{Changes: always, Checks: always, Approvals: always}
	got := readShop(t, newClient(t, url, Options{}), wants).PullRequests[0].Problem
	for _, want := range []string{"list its changed files: ", "; read its approvals: ", "; read the checks of "} {
		if !strings.Contains(got, want) {
			t.Errorf("the problem %q lacks %q", got, want)
		}
	}
}

func TestUnreadablePullRequestKeepsItsApprovals(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 2)
	repo.SetPermission("wendy", "write")
	repo.Review(2, newReview("wendy", "APPROVED", "1"))
	c := newClient(t, url, Options{})
	before := readShop(t, c, wantApprovals).PullRequests[1]
	s.Inject(githubtest.Fault{Match: `pulls\?`, Status: 200, Body: "[]"})
	s.Inject(githubtest.Fault{Match: `pulls/2`, Status: 500})
	got := readShop(t, c, wantApprovals).PullRequests[1]
	assertEqual(t, true, strings.Contains(got.Problem, "unreadable"))
	got.Problem, got.Stale = "", false
	assertEqual(t, before, got)
}
