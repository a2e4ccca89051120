package github

import (
	"fmt"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/github/paged"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// wantLabellings requests the labellings of bots' pull requests.
var wantLabellings = preview.Wants{Labellings: func(pr preview.PullRequest) bool { return pr.Bot }}

// removeLabels removes all labels as the user.
func removeLabels(repo *githubtest.Repo, login string, number int) {
	repo.As(login).Edit(number, func(p *githubtest.PullRequest) { p.Labels = nil })
}

func TestLabellings(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
	repo.Open(githubtest.PullRequest{Author: "alice"})
	repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
	repo.As("alice").Label(1, "preview", "Bug")
	removeLabels(repo, "bob", 1)
	repo.As("github-actions[bot]").Label(1, "preview")
	repo.As("carol").Label(1, "preview:full")
	repo.As("alice").Label(2, "preview")
	c := newClient(t, url, Options{})
	got := readShop(t, c, wantLabellings).PullRequests
	assertEqual(t, []preview.Labelling{
		{Label: "preview", By: "alice", Human: true},
		{Label: "Bug", By: "alice", Human: true},
		{Label: "preview", By: "github-actions[bot]"},
		{Label: "preview:full", By: "carol", Human: true},
	}, got[0].Labellings)
	if got[1].Labellings != nil || countRequests(s, "/issues/2/events") != 0 {
		t.Errorf("read for a human's pull request: %v", got[1].Labellings)
	}
	assertEqual(t, []preview.Labelling{}, got[2].Labellings)
	assertEqual(t, []bool{true, false, true}, []bool{got[0].Bot, got[1].Bot, got[2].Bot})
	assertEqual(t, []preview.Labelling(nil), readShop(t, c, preview.Wants{}).PullRequests[0].Labellings)
}

func TestUnchangedEventsCostNothing(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
	for range 60 { // 120 events: two pages
		repo.As("alice").Label(1, "preview")
		removeLabels(repo, "alice", 1)
	}
	repo.As("bob").Label(1, "preview")
	c := newClient(t, url, Options{})
	last := func() preview.Labelling {
		all := readShop(t, c, wantLabellings).PullRequests[0].Labellings
		return all[len(all)-1]
	}
	assertEqual(t, "bob", last().By)
	s.ResetCounts()
	for range 10 {
		assertEqual(t, "bob", last().By)
	}
	assertEqual(t, 0, s.Charged())
	assertEqual(t, 20, countRequests(s, "/issues/1/events"))

	s.ResetCounts()
	removeLabels(repo, "bob", 1)
	repo.As("carol").Label(1, "preview")
	assertEqual(t, "carol", last().By)
	assertEqual(t, 2, s.Charged()) // the list of pull requests, and the last page of events

	s.ResetCounts()
	repo.Edit(1, func(p *githubtest.PullRequest) { p.Labels, p.State = nil, "closed" })
	readShop(t, c, wantLabellings)
	if n := len(c.repository("acme/shop").labellings); n != 0 || countRequests(s, "/issues/1/events") != 0 {
		t.Errorf("events of %d closed pull requests are remembered", n)
	}
}

func TestEventsWithNulls(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
	s.Inject(githubtest.Fault{Match: "/issues/1/events", Status: 200, Body: `[
		{"id":1,"event":"labeled","actor":null,"label":{"name":"preview"}},
		{"id":2,"event":"labeled","actor":{"login":"alice","type":"User"},"label":null},
		{"id":3,"event":null},
		{"id":4,"event":"unlabeled","actor":{"login":"alice","type":"User"},"label":{"name":"preview"}},
		{"id":5,"event":"labeled","actor":{"login":"ci[bot]","type":"User"},"label":{"name":"preview"}}]`})
	got := readShop(t, newClient(t, url, Options{}), wantLabellings).PullRequests[0]
	assertEqual(t, []preview.Labelling{{Label: "preview"}, {Label: "preview", By: "ci[bot]"}}, got.Labellings)
	assertEqual(t, "", got.Problem)
}

func TestUnreadableEvents(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault githubtest.Fault
		want  string
	}{
		"500":       {githubtest.Fault{Status: 500}, "500"},
		"403":       {githubtest.Fault{Status: 403}, "the token lacks a permission"},
		"404":       {githubtest.Fault{Status: 404}, "the token has no access"},
		"cut off":   {githubtest.Fault{Kind: githubtest.CutOff}, "unexpected EOF"},
		"null":      {githubtest.Fault{Status: 200, Body: "null"}, "no list"},
		"a null":    {githubtest.Fault{Status: 200, Body: "[null]"}, "without an ID"},
		"an object": {githubtest.Fault{Status: 200, Body: "{}"}, "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			for i := range 2 {
				repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
				repo.As("alice").Label(i+1, "preview")
			}
			c := newClient(t, url, Options{})
			tc.fault.Match = "/issues/1/events"
			s.Inject(tc.fault)
			got := readShop(t, c, wantLabellings).PullRequests
			problem := got[0].Problem
			if got[0].Labellings != nil || !strings.Contains(problem, "labels") || !strings.Contains(problem, tc.want) {
				t.Errorf("%v, problem %q, want one with %q", got[0].Labellings, problem, tc.want)
			}
			alice := []preview.Labelling{{Label: "preview", By: "alice", Human: true}}
			assertEqual(t, alice, got[1].Labellings)
			assertEqual(t, "", got[1].Problem)
			s.ClearFaults()
			second := readShop(t, c, wantLabellings).PullRequests[0]
			assertEqual(t, alice, second.Labellings)
			assertEqual(t, "", second.Problem)
		})
	}
}

func TestTooManyEvents(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
	for page := range maxDetailPages + 1 {
		var full strings.Builder
		for i := range paged.PerPage {
			fmt.Fprintf(&full, `,{"id":%d}`, page*paged.PerPage+i+1)
		}
		s.Inject(githubtest.Fault{
			Match:  fmt.Sprintf(`/issues/1/events.*[?&]page=%d(&|$)`, page+1),
			Status: 200, Body: "[" + full.String()[1:] + "]",
		})
	}
	got := readShop(t, newClient(t, url, Options{}), wantLabellings).PullRequests[0]
	if got.Labellings != nil || !strings.Contains(got.Problem, "more than 20 pages") {
		t.Errorf("problem %q", got.Problem)
	}
	assertEqual(t, maxDetailPages, countRequests(s, "/issues/1/events"))
}

func TestEventsOfARenamedRepository(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
	repo.As("alice").Label(1, "preview")
	c := newClient(t, url, Options{})
	readShop(t, c, wantLabellings)
	repo.Rename("acme/store")
	repo.As("bob").Label(1, "preview:full")
	for range 2 {
		all := readShop(t, c, wantLabellings).PullRequests[0].Labellings
		assertEqual(t, "bob", all[len(all)-1].By)
	}
	s.ResetCounts()
	readShop(t, c, wantLabellings)
	if countRequests(s, "/repos/acme/shop/issues/") != 0 || countRequests(s, "/issues/1/events") != 1 {
		t.Error("events are read by the old name, which costs a redirect")
	}
	repo.Rename("other/store")
	readShopError(t, c, "transferred")
}

// Events don't disappear, so a shorter list counts only if the next read shows it too.
func TestShorterListOfEventsIsAnError(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 1)
	repo.As("bob").Label(1, "preview")
	repo.Unlabel(1, "preview")
	old := s.Replica()
	repo.As("alice").Label(1, "preview")
	wants := preview.Wants{Labellings: always}
	c := newClient(t, url, Options{})
	good := readShop(t, c, wants).PullRequests[0]
	s.Inject(githubtest.Fault{Match: "events", Times: 1, Replica: old})
	stale := readShop(t, c, wants).PullRequests[0]
	if stale.Labellings != nil || stale.Problem == "" {
		t.Errorf("labellings %v, problem %q", stale.Labellings, stale.Problem)
	}
	assertEqual(t, good, readShop(t, c, wants).PullRequests[0])
	s.Inject(githubtest.Fault{Match: "events", Times: 2, Replica: old})
	readShop(t, c, wants)
	assertEqual(t, 1, len(readShop(t, c, wants).PullRequests[0].Labellings))
}

// GitHub answers a pass with an older list, and then fails. The next older list is still an error.
func TestFailedPassLeavesNoShorterList(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 1)
	for range 60 { // 120 events: two pages, so a change needs a second pass
		repo.As("bob").Label(1, "preview")
		repo.Unlabel(1, "preview")
	}
	old := s.Replica()
	repo.As("alice").Label(1, "preview")
	wants, c := preview.Wants{Labellings: always}, newClient(t, url, Options{})
	good := readShop(t, c, wants).PullRequests[0]
	s.Inject(githubtest.Fault{Match: "events", Times: 2, Replica: old})
	s.Inject(githubtest.Fault{Match: "events", Times: 1, Status: 500})
	if failed := readShop(t, c, wants).PullRequests[0]; !strings.Contains(failed.Problem, "500") {
		t.Fatalf("problem %q, want one of the second pass", failed.Problem)
	}
	s.ClearFaults()
	s.Inject(githubtest.Fault{Match: "events", Times: 4, Replica: old})
	if stale := readShop(t, c, wants).PullRequests[0]; stale.Labellings != nil || !strings.Contains(stale.Problem, "fewer events") {
		t.Errorf("%d labellings, problem %q", len(stale.Labellings), stale.Problem)
	}
	s.ClearFaults()
	assertEqual(t, good, readShop(t, c, wants).PullRequests[0])
}
