package githubtest

import (
	"testing"
)

func TestCounts(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.AddRepository("acme/shop")
	g.get("/repos/acme/shop")
	g.get("/api/v3/repos/acme/shop?x=1")
	g.get("/nothing")
	diff(t, map[Request]int{
		{Method: "GET", Path: "/repos/acme/shop", Status: 200}: 2, {Method: "GET", Path: "/nothing", Status: 404}: 1,
	}, g.Requests())
	diff(t, 2, g.Count(200))
	diff(t, 3, g.Charged())
	g.ResetCounts()
	diff(t, 0, g.Count())
}
