package githubtest

import "testing"

func TestLabelsOfARepository(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	const preview, full, env = "/repos/acme/shop/labels/Preview", "/repos/acme/shop/labels/a%2Fb:full", "/repos/acme/shop/labels/env"
	g.expect(404, g.get(preview))
	r.Open(PullRequest{Labels: []string{"preview"}})
	r.Label(1, "a/b:full")
	g.expect(200, g.get(full))
	diff(t, "preview", parse[struct{ Name string }](t, g.get(preview)).Name)
	r.Unlabel(1, "preview") // the repository still has it
	g.expect(200, g.get(preview))
	r.RenameLabel("preview", "env")
	g.expect(404, g.get(preview))
	g.expect(200, g.get(env))
	g.expect(204, g.do("DELETE", full, ""))
	g.expect(404, g.do("DELETE", full, ""))
	got, _ := r.PullRequest(1)
	diff(t, 0, len(got.Labels))
}
