package githubtest

import (
	"testing"
)

func TestIssueEventsNameTheActor(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{Author: "alice", Labels: []string{"bug"}})
	r.As("bob").Label(1, "preview", "bug")
	r.As("carol").Edit(1, func(p *PullRequest) { p.Labels = []string{"bug"} })
	g.expect(200, g.do("POST", "/repos/acme/shop/issues/1/labels", `["again"]`))
	r.Close(1)
	r.Reopen(1)
	type shown struct {
		Event string
		Actor struct{ Login string }
		Label struct{ Name string }
	}
	got := [][3]string{}
	for _, page := range []string{"?per_page=4", "?per_page=4&page=2"} {
		for _, e := range parse[[]shown](t, g.expect(200, g.get("/repos/acme/shop/issues/1/events"+page))) {
			got = append(got, [3]string{e.Event, e.Actor.Login, e.Label.Name})
		}
	}
	diff(t, [][3]string{
		{"labeled", "alice", "bug"},
		{"labeled", "bob", "preview"},
		{"unlabeled", "carol", "preview"},
		{"labeled", "octocat", "again"},
		{"closed", "octocat", ""},
		{"reopened", "octocat", ""},
	}, got)
}
