package githubtest

import (
	"strings"
	"testing"
)

func TestRefs(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.SetBranch("feature/ü#1", SHA("1"))
	tag := r.SetAnnotatedTag("v1", "commit", SHA("1"))
	type ref struct{ Ref, SHA, Type string }
	show := func(path string) ref {
		o := parse[struct {
			Ref    string
			Object struct{ SHA, Type string }
		}](t, g.expect(200, g.get("/repos/acme/shop/git/"+path)))
		return ref{o.Ref, o.Object.SHA, o.Object.Type}
	}
	diff(t, ref{"refs/heads/feature/ü#1", SHA("1"), "commit"}, show("ref/heads/feature/%C3%BC%231"))
	diff(t, ref{"refs/tags/v1", tag, "tag"}, show("ref/tags/v1"))
	diff(t, ref{"", SHA("1"), "commit"}, show("tags/"+tag))
	g.expect(404, g.get("/repos/acme/shop/git/ref/heads/feature"))
	diff(t, true, strings.Contains(g.get("/repos/acme/shop/git/matching-refs/heads/feat").body, "refs/heads/feature/"))
	diff(t, "[]", g.get("/repos/acme/shop/git/matching-refs/heads/none").body)
	diff(t, true, strings.Contains(g.expect(200, g.get("/repos/acme/shop/commits/v1")).body, SHA("1")))
	g.expect(200, g.get("/repos/acme/shop/branches/feature/%C3%BC%231"))
	g.expect(204, g.do("DELETE", "/repos/acme/shop/git/refs/tags/v1", ""))
	g.expect(404, g.get("/repos/acme/shop/git/ref/tags/v1"))
}
