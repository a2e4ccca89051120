package github

import (
	"fmt"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

var labelledByWhom = preview.Wants{Labellings: func(pr preview.PullRequest) bool { return pr.Bot }}

// unlabel takes labels off in somebody's name.
func unlabel(repo *githubtest.Repo, login string, number int) {
	repo.As(login).Edit(number, func(p *githubtest.PullRequest) { p.Labels = nil })
}

func TestWhoLabelledABotsPullRequest(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
	repo.Open(githubtest.PullRequest{Author: "alice"})
	repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
	repo.As("alice").Label(1, "preview", "Bug")
	unlabel(repo, "bob", 1)
	repo.As("github-actions[bot]").Label(1, "preview")
	repo.As("carol").Label(1, "preview:full")
	repo.As("alice").Label(2, "preview")
	c := client(t, url, Options{})
	got := read(t, c, labelledByWhom).PullRequests
	diff(t, []preview.Labelling{
		{Label: "preview", By: "alice", Human: true},
		{Label: "Bug", By: "alice", Human: true},
		{Label: "preview", By: "github-actions[bot]"},
		{Label: "preview:full", By: "carol", Human: true},
	}, got[0].Labellings)
	if got[1].Labellings != nil || asked(s, "/issues/2/events") != 0 {
		t.Errorf("asked about a human's pull request: %v", got[1].Labellings)
	}
	diff(t, []preview.Labelling{}, got[2].Labellings) // read, and nobody
	diff(t, []bool{true, false, true}, []bool{got[0].Bot, got[1].Bot, got[2].Bot})
	diff(t, []preview.Labelling(nil), read(t, c, preview.Wants{}).PullRequests[0].Labellings)
}

func TestWhoIsABot(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		user any
		bot  bool
	}{
		"a human":                                     {map[string]any{"login": "alice", "type": "User"}, false},
		"an App":                                      {map[string]any{"login": "renovate[bot]", "type": "Bot"}, true},
		"an App whose login doesn't show it":          {map[string]any{"login": "Copilot", "type": "Bot"}, true},
		"an App of which GitHub tells the login":      {map[string]any{"login": "renovate[bot]"}, true},
		"somebody with a bot's name":                  {map[string]any{"login": "renovate-bot", "type": "User"}, false},
		"an account that is gone is nobody's, no bot": {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, repo, url := start(t)
			repo.Open(githubtest.PullRequest{Raw: map[string]any{"user": tc.user}})
			diff(t, tc.bot, read(t, client(t, url, Options{}), preview.Wants{}).PullRequests[0].Bot)
		})
	}
}

func TestEventsCostNothingUntilThereAreMore(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
	for range 60 { // 120 events: two pages
		repo.As("alice").Label(1, "preview")
		unlabel(repo, "alice", 1)
	}
	repo.As("bob").Label(1, "preview")
	c := client(t, url, Options{})
	last := func() preview.Labelling {
		all := read(t, c, labelledByWhom).PullRequests[0].Labellings
		return all[len(all)-1]
	}
	diff(t, "bob", last().By)
	s.ResetCounts()
	for range 10 {
		diff(t, "bob", last().By)
	}
	diff(t, 0, s.Charged())
	diff(t, 20, asked(s, "/issues/1/events"))

	s.ResetCounts()
	unlabel(repo, "bob", 1)
	repo.As("carol").Label(1, "preview")
	diff(t, "carol", last().By)
	diff(t, 2, s.Charged()) // the list of pull requests and the last page of events

	s.ResetCounts()
	repo.Edit(1, func(p *githubtest.PullRequest) { p.Labels, p.State = nil, "closed" })
	read(t, c, labelledByWhom)
	if n := len(c.entry("acme/shop").events); n != 0 || asked(s, "/issues/1/events") != 0 {
		t.Errorf("events of %d closed pull requests are remembered", n)
	}
}

func TestNullsInEventsAreOrdinary(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
	s.Inject(githubtest.Fault{Match: "/issues/1/events", Status: 200, Body: `[
		{"id":1,"event":"labeled","actor":null,"label":{"name":"preview"}}, {"id":2,"event":"labeled","actor":{"login":"alice","type":"User"},"label":null},
		{"id":3,"event":null}, {"id":4,"event":"unlabeled","actor":{"login":"alice","type":"User"},"label":{"name":"preview"}},
		{"id":5,"event":"labeled","actor":{"login":"ci[bot]","type":"User"},"label":{"name":"preview"}}]`})
	got := read(t, client(t, url, Options{}), labelledByWhom).PullRequests[0]
	diff(t, []preview.Labelling{{Label: "preview"}, {Label: "preview", By: "ci[bot]"}}, got.Labellings)
	diff(t, "", got.Problem)
}

func TestEventsThatCantBeReadAreOnePullRequestsProblem(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault githubtest.Fault
		want  string
	}{
		"500":       {githubtest.Fault{Status: 500}, "500"},
		"403":       {githubtest.Fault{Status: 403}, "the token may not do this"},
		"404":       {githubtest.Fault{Status: 404}, "the token may not read it"},
		"cut off":   {githubtest.Fault{Kind: githubtest.CutOff}, "unexpected EOF"},
		"null":      {githubtest.Fault{Status: 200, Body: "null"}, "no list"},
		"a null":    {githubtest.Fault{Status: 200, Body: "[null]"}, "without an ID"},
		"an object": {githubtest.Fault{Status: 200, Body: "{}"}, "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			for i := range 2 {
				repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
				repo.As("alice").Label(i+1, "preview")
			}
			c := client(t, url, Options{})
			tc.fault.Match = "/issues/1/events"
			s.Inject(tc.fault)
			got := read(t, c, labelledByWhom).PullRequests
			if p := got[0].Problem; got[0].Labellings != nil || !strings.Contains(p, "read who labelled it: ") || !strings.Contains(p, tc.want) {
				t.Errorf("%v, problem %q, want one with %q", got[0].Labellings, p, tc.want)
			}
			alice := []preview.Labelling{{Label: "preview", By: "alice", Human: true}}
			diff(t, alice, got[1].Labellings)
			diff(t, "", got[1].Problem)
			s.ClearFaults()
			again := read(t, c, labelledByWhom).PullRequests[0]
			diff(t, alice, again.Labellings)
			diff(t, "", again.Problem)
		})
	}
}

func TestEventsWithoutEnd(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
	for page := range maxDetailPages + 1 {
		var full strings.Builder
		for i := range perPage {
			fmt.Fprintf(&full, `,{"id":%d}`, page*perPage+i+1)
		}
		s.Inject(githubtest.Fault{Match: fmt.Sprintf(`/issues/1/events.*[?&]page=%d(&|$)`, page+1), Status: 200, Body: "[" + full.String()[1:] + "]"})
	}
	got := read(t, client(t, url, Options{}), labelledByWhom).PullRequests[0]
	if got.Labellings != nil || !strings.Contains(got.Problem, "didn't end after 20 pages") {
		t.Errorf("problem %q", got.Problem)
	}
	diff(t, maxDetailPages, asked(s, "/issues/1/events"))
}

func TestEventsOfARenamedRepository(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	repo.Open(githubtest.PullRequest{Author: "renovate[bot]"})
	repo.As("alice").Label(1, "preview")
	c := client(t, url, Options{})
	read(t, c, labelledByWhom)
	repo.Rename("acme/store")
	repo.As("bob").Label(1, "preview:full")
	for range 2 {
		all := read(t, c, labelledByWhom).PullRequests[0].Labellings
		diff(t, "bob", all[len(all)-1].By)
	}
	s.ResetCounts()
	read(t, c, labelledByWhom)
	if asked(s, "/repos/acme/shop/issues/") != 0 || asked(s, "/issues/1/events") != 1 {
		t.Error("events are asked for by a name that only redirects, which costs")
	}
	repo.Rename("other/store") // transferred: whom other trusts isn't whom acme does
	readError(t, c, "transferred")
}
