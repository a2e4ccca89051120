package githubtest

import (
	"testing"
)

func TestPullRequestsByREST(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	g.expect(201, g.do("POST", "/repos/acme/shop/git/refs", `{"ref":"refs/heads/a/b","sha":"`+SHA("1")+`"}`))
	g.expect(201, g.do("POST", "/repos/acme/shop/pulls", `{"title":"T","head":"a/b","base":"main"}`))
	g.expect(200, g.do("POST", "/repos/acme/shop/issues/1/labels", `{"labels":["preview","x/y"]}`))
	g.expect(200, g.do("DELETE", "/repos/acme/shop/issues/1/labels/x%2Fy", ""))
	g.expect(404, g.do("DELETE", "/repos/acme/shop/issues/1/labels/x%2Fy", ""))
	g.expect(200, g.do("PATCH", "/repos/acme/shop/pulls/1", `{"title":"U","draft":true}`))
	g.expect(200, g.do("PATCH", "/repos/acme/shop/git/refs/heads/a/b", `{"sha":"`+SHA("2")+`"}`))
	got, _ := r.PullRequest(1)
	diff(t, []any{"U", true, []string{"preview"}, SHA("2"), "open"}, []any{got.Title, got.Draft, got.Labels, got.HeadSHA, got.State})
	g.expect(405, g.do("PUT", "/repos/acme/shop/pulls/1/merge", "{}"))
	g.expect(200, g.do("PATCH", "/repos/acme/shop/pulls/1", `{"draft":false}`))
	g.expect(404, g.get("/repos/acme/shop/pulls/1/merge"))
	g.expect(200, g.do("PUT", "/repos/acme/shop/pulls/1/merge", "{}"))
	g.expect(204, g.get("/repos/acme/shop/pulls/1/merge"))
	g.expect(422, g.do("PATCH", "/repos/acme/shop/pulls/1", `{"state":"open"}`))
	shown := parse[struct {
		State  string
		Merged bool
		Closed string `json:"closed_at"`
		Head   struct{ Repo struct{ ID int64 } }
	}](t, g.get("/repos/acme/shop/pulls/1"))
	diff(t, []any{"closed", true, true, r.ID}, []any{shown.State, shown.Merged, shown.Closed != "", shown.Head.Repo.ID})
	g.expect(400, g.do("PATCH", "/repos/acme/shop/pulls/1", `{`))
}

func TestFiles(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{Files: append([]File{{Name: "new", Status: "renamed", Previous: "old"}}, make([]File, 3500)...)})
	first := g.get("/repos/acme/shop/pulls/1/files?per_page=1000")
	files := parse[[]struct {
		Filename string
		Previous string `json:"previous_filename"`
	}](t, first)
	diff(t, []any{100, "new", "old"}, []any{len(files), files[0].Filename, files[0].Previous})
	diff(t, "next 2, last 30", links(first.header.Get("Link")))
}
