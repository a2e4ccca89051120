package githubtest

import (
	"strings"
	"testing"
)

func TestETags(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{HeadRepository: r.Fork("bob").ID})
	const list = "/repos/acme/shop/pulls"
	etag := func(token string) string { return g.expect(200, g.get(list, as(token)...)).header.Get("ETag") }
	one := etag("one")
	if !strings.HasPrefix(one, `W/"`) || one == etag("two") {
		t.Errorf("ETag %s isn't weak or is the same for another token", one)
	}
	conditional := func() response { return g.get(list, "Authorization", "token one", "If-None-Match", one) }
	charged := g.Charged()
	not := g.expect(304, conditional())
	diff(t, "", not.body)
	diff(t, one, not.header.Get("ETag"))
	diff(t, charged, g.Charged())
	for name, change := range map[string]func(){
		"a label":        func() { r.Label(1, "preview") },
		"another branch": func() { r.SetBranch("other", SHA("x")) },
		"a status":       func() { r.SetStatus(SHA("x"), Status{State: "success"}) },
		"a review":       func() { r.Review(1, Review{State: "APPROVED"}) },
	} {
		one = etag("one")
		g.expect(304, conditional())
		change()
		if conditional().status != 200 {
			t.Errorf("%s doesn't change the list", name)
		}
	}
}
