package github

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

var approved = preview.Wants{Approvals: func(preview.PullRequest) bool { return true }}

func said(author, state, sha string) githubtest.Review {
	return githubtest.Review{Author: author, State: state, SHA: githubtest.SHA(sha)}
}

func TestApprovals(t *testing.T) {
	t.Parallel()
	approval := func(reviewer, sha string, writer bool) preview.Approval {
		return preview.Approval{Reviewer: reviewer, SHA: githubtest.SHA(sha), Writer: writer}
	}
	for name, tc := range map[string]struct {
		reviews []githubtest.Review
		dismiss int // which one, from 1
		want    []preview.Approval
	}{
		"no review":                              {nil, 0, []preview.Approval{}},
		"a writer approves":                      {[]githubtest.Review{said("wendy", "APPROVED", "1")}, 0, []preview.Approval{approval("wendy", "1", true)}},
		"a maintainer and an admin approve":      {[]githubtest.Review{said("mary", "APPROVED", "1"), said("acme", "APPROVED", "1")}, 0, []preview.Approval{approval("mary", "1", true), approval("acme", "1", true)}},
		"who may only label doesn't count":       {[]githubtest.Review{said("tina", "APPROVED", "1")}, 0, []preview.Approval{approval("tina", "1", false)}},
		"a stranger doesn't count":               {[]githubtest.Review{said("bob", "APPROVED", "1")}, 0, []preview.Approval{approval("bob", "1", false)}},
		"a bot doesn't count, whatever it may":   {[]githubtest.Review{said("wendy[bot]", "APPROVED", "1")}, 0, []preview.Approval{approval("wendy[bot]", "1", false)}},
		"the newest commit of a reviewer counts": {[]githubtest.Review{said("wendy", "APPROVED", "1"), said("wendy", "APPROVED", "2")}, 0, []preview.Approval{approval("wendy", "2", true)}},
		"a comment changes nothing":              {[]githubtest.Review{said("wendy", "APPROVED", "1"), said("wendy", "COMMENTED", "2")}, 0, []preview.Approval{approval("wendy", "1", true)}},
		"a pending one changes nothing":          {[]githubtest.Review{said("wendy", "APPROVED", "1"), said("wendy", "PENDING", "2")}, 0, []preview.Approval{approval("wendy", "1", true)}},
		"a comment is no approval":               {[]githubtest.Review{said("wendy", "COMMENTED", "1")}, 0, []preview.Approval{}},
		"changes requested later":                {[]githubtest.Review{said("wendy", "APPROVED", "1"), said("Wendy", "CHANGES_REQUESTED", "1")}, 0, []preview.Approval{}},
		"changes requested earlier":              {[]githubtest.Review{said("wendy", "CHANGES_REQUESTED", "1"), said("wendy", "APPROVED", "1")}, 0, []preview.Approval{approval("wendy", "1", true)}},
		"by somebody else":                       {[]githubtest.Review{said("wendy", "APPROVED", "1"), said("mary", "CHANGES_REQUESTED", "1")}, 0, []preview.Approval{approval("wendy", "1", true)}},
		"dismissed":                              {[]githubtest.Review{said("wendy", "APPROVED", "1")}, 1, []preview.Approval{}},
		"the newest is dismissed":                {[]githubtest.Review{said("wendy", "APPROVED", "1"), said("wendy", "APPROVED", "2")}, 2, []preview.Approval{}},
		"an older one is dismissed":              {[]githubtest.Review{said("wendy", "APPROVED", "1"), said("wendy", "APPROVED", "2")}, 1, []preview.Approval{approval("wendy", "2", true)}},
		"a ghost is nobody":                      {[]githubtest.Review{{AuthorDeleted: true, State: "APPROVED"}}, 0, []preview.Approval{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			repo.SetPermission("wendy", "write")
			repo.SetPermission("wendy[bot]", "write")
			repo.SetPermission("mary", "maintain")
			repo.SetPermission("tina", "triage")
			repo.Open(githubtest.PullRequest{Author: "mallory", HeadSHA: githubtest.SHA("1")})
			var ids []int64
			for _, r := range tc.reviews {
				ids = append(ids, repo.Review(1, r))
			}
			if tc.dismiss > 0 {
				repo.DismissReview(1, ids[tc.dismiss-1])
			}
			got := read(t, client(t, url, Options{}), approved).PullRequests[0]
			diff(t, tc.want, got.Approvals)
			diff(t, []string{"mallory"}, got.CommitAuthors)
			diff(t, "", got.Problem)
			diff(t, 0, asked(s, "bot]/permission"))
		})
	}
}

func TestCommitAuthors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		commit githubtest.Commit
		want   []string
	}{
		"two people":               {githubtest.Commit{Author: "alice", Committer: "bob"}, []string{"alice", "bob"}},
		"one":                      {githubtest.Commit{Author: "alice", Committer: "alice"}, []string{"alice"}},
		"GitHub knows no author":   {githubtest.Commit{Author: githubtest.NoAccount, Committer: "bob"}, []string{"", "bob"}},
		"GitHub knows no commiter": {githubtest.Commit{Author: "alice", Committer: githubtest.NoAccount}, []string{"alice", ""}},
		"GitHub knows nobody":      {githubtest.Commit{Author: githubtest.NoAccount, Committer: githubtest.NoAccount}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			open(repo, 1)
			c := client(t, url, Options{})
			head := read(t, c, approved).PullRequests[0].HeadSHA
			s.SetCommit(head, tc.commit) // somebody adds an e-mail address to their account
			diff(t, tc.want, read(t, c, approved).PullRequests[0].CommitAuthors)
		})
	}
}

func TestApprovalsCostNothingWhileUnchanged(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 3)
	repo.SetPermission("wendy", "write")
	for range 120 {
		repo.Review(1, said("wendy", "COMMENTED", "1"))
	}
	repo.Review(1, said("wendy", "APPROVED", "1"))
	repo.Review(2, said("Wendy", "APPROVED", "2"))
	c := client(t, url, Options{})
	wants := preview.Wants{Approvals: func(p preview.PullRequest) bool { return p.Number < 3 }}
	first := read(t, c, wants)
	diff(t, 1, asked(s, "/permission")) // once for both
	diff(t, true, first.PullRequests[2].Approvals == nil)
	s.ResetCounts()
	diff(t, first.PullRequests, read(t, c, wants).PullRequests)
	diff(t, 0, s.Charged())
	repo.SetPermission("wendy", "read")
	diff(t, false, read(t, c, wants).PullRequests[0].Approvals[0].Writer)
	diff(t, 1, s.Charged())
	repo.Close(1)
	read(t, c, wants)
	e := c.entry("acme/shop")
	diff(t, []int{1, 1, 1}, []int{len(e.reviews), len(e.authors), len(e.writers)})
	read(t, c, preview.Wants{})
	diff(t, []int{0, 0, 0}, []int{len(e.reviews), len(e.authors), len(e.writers)})
}

func TestUnreadableApprovals(t *testing.T) {
	t.Parallel()
	head := githubtest.SHA("1")
	for name, tc := range map[string]struct {
		fault githubtest.Fault
		want  string
	}{
		"reviews: 500":                  {githubtest.Fault{Match: "/pulls/1/reviews", Status: 500}, "list reviews, page 1: "},
		"reviews: null":                 {githubtest.Fault{Match: "/pulls/1/reviews", Status: 200, Body: "null"}, "no list"},
		"reviews: without an ID":        {githubtest.Fault{Match: "/pulls/1/reviews", Status: 200, Body: "[{}]"}, "without an ID"},
		"reviews: cut off":              {githubtest.Fault{Match: "/pulls/1/reviews", Kind: githubtest.CutOff}, "unexpected EOF"},
		"the commit: 404":               {githubtest.Fault{Match: "/commits/" + head, Status: 404}, "get the commit " + head[:7]},
		"the commit: {}":                {githubtest.Fault{Match: "/commits/" + head, Status: 200, Body: "{}"}, "about another one"},
		"the permission: 403":           {githubtest.Fault{Match: "/collaborators/wendy", Status: 403}, "read whether wendy may push: "},
		"the permission: somebody else": {githubtest.Fault{Match: "/collaborators/wendy", Status: 200, Body: `{"permission":"admin","user":{"login":"x","type":"User"}}`}, "somebody else"},
		"the permission: {}":            {githubtest.Fault{Match: "/collaborators/wendy", Status: 200, Body: "{}"}, "somebody else"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			repo.SetPermission("wendy", "write")
			repo.Open(githubtest.PullRequest{HeadSHA: head})
			repo.Open(githubtest.PullRequest{})
			repo.Review(1, said("wendy", "APPROVED", "1"))
			c := client(t, url, Options{})
			good := read(t, c, approved)
			repo.SetPermission("wendy", "maintain")
			repo.Review(1, said("wendy", "COMMENTED", "1"))
			s.Inject(tc.fault)
			got := read(t, c, approved)
			if p := got.PullRequests[0]; p.Approvals != nil || p.CommitAuthors != nil || !strings.Contains(p.Problem, tc.want) || strings.Contains(p.Problem, "\n") {
				t.Errorf("approvals %v, authors %v, problem %q", p.Approvals, p.CommitAuthors, p.Problem)
			}
			diff(t, good.PullRequests[1], got.PullRequests[1])
			s.ClearFaults()
			diff(t, good.PullRequests, read(t, c, approved).PullRequests)
		})
	}
}

func TestAReviewerWhomGitHubDoesNotKnow(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 1)
	repo.SetPermission("wendy", "write")
	repo.Review(1, said("bob", "APPROVED", "1"))
	repo.Review(1, said("wendy", "APPROVED", "1"))
	s.Inject(githubtest.Fault{Match: "/collaborators/bob/", Status: 404})
	c := client(t, url, Options{})
	for range 3 { // a 404 has no ETag: it is asked for once
		got := read(t, c, approved).PullRequests[0]
		diff(t, []preview.Approval{{Reviewer: "bob", SHA: githubtest.SHA("1")}, {Reviewer: "wendy", SHA: githubtest.SHA("1"), Writer: true}}, got.Approvals)
		diff(t, true, strings.Contains(got.Problem, "whether bob may push"))
	}
	diff(t, 1, asked(s, "/collaborators/bob/"))
	s.ClearFaults()
	repo.SetPermission("bob", "write")
	repo.Review(1, said("bob", "APPROVED", "2"))
	got := read(t, c, approved).PullRequests[0]
	diff(t, "", got.Problem)
	diff(t, preview.Approval{Reviewer: "bob", SHA: githubtest.SHA("2"), Writer: true}, got.Approvals[1])
}

func TestSeveralProblemsAreAllTold(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 1)
	s.Inject(githubtest.Fault{Match: "/files|/reviews|/check-runs", Status: 500})
	wants := preview.Wants{Changes: all.Changes, Checks: checked.Checks, Approvals: approved.Approvals}
	got := read(t, client(t, url, Options{}), wants).PullRequests[0].Problem
	for _, want := range []string{"list its changed files: ", "; read its approvals: ", "; read the checks of "} {
		if !strings.Contains(got, want) {
			t.Errorf("the problem %q lacks %q", got, want)
		}
	}
}

// What can't be read at all stays as it was, with its approvals.
func TestAPullRequestThatIsKeptKeepsItsApprovals(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 2)
	repo.SetPermission("wendy", "write")
	repo.Review(2, said("wendy", "APPROVED", "1"))
	c := client(t, url, Options{})
	before := read(t, c, approved).PullRequests[1]
	s.Inject(githubtest.Fault{Match: `pulls\?`, Status: 200, Body: "[]"})
	s.Inject(githubtest.Fault{Match: `pulls/2`, Status: 500})
	got := read(t, c, approved).PullRequests[1]
	diff(t, true, strings.Contains(got.Problem, "can't be read directly"))
	got.Problem = ""
	diff(t, before, got)
}
