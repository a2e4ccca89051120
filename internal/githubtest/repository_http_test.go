package githubtest

import (
	"fmt"
	"testing"
)

func TestRenamedRepositoryRedirects(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{})
	g.expect(200, g.do("PATCH", "/repos/acme/shop", `{"name":"store"}`))
	moved := g.expect(301, g.get("/api/v3/repos/acme/shop/pulls?page=1"))
	diff(t, fmt.Sprintf("%s/api/v3/repositories/%d/pulls?page=1", g.url, r.ID), moved.header.Get("Location"))
	g.expect(307, g.do("PATCH", "/repos/acme/shop/pulls/1", "{}"))
	diff(t, []int{1}, numbers(t, g.get(fmt.Sprintf("/repositories/%d/pulls", r.ID))))
	g.expect(200, g.get(fmt.Sprintf("/repositories/%d", r.ID)))
	other := g.AddRepository("acme/shop")
	diff(t, other.ID, parse[struct{ ID int64 }](t, g.get("/repos/acme/shop")).ID)
	g.expect(202, g.do("POST", "/repos/acme/shop/transfer", `{"new_owner":"bob"}`))
	g.expect(200, g.get("/repos/bob/shop"))
	g.expect(204, g.do("DELETE", "/repos/bob/shop", ""))
	g.expect(404, g.get("/repos/bob/shop"))
}
