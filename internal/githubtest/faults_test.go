package githubtest

import (
	"errors"
	"io"
	"testing"
	"time"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	for range 3 {
		r.Open(PullRequest{})
	}
	g.Inject(Fault{Match: `^GET /repos/acme/shop$`, Times: 2, Status: 502})
	for _, want := range []int{502, 502, 200} {
		g.expect(want, g.get("/repos/acme/shop"))
	}
	g.Inject(Fault{Match: `pulls`, Times: 1, Kind: RateLimited})
	diff(t, "0", g.expect(403, g.get("/repos/acme/shop/pulls")).header.Get("X-RateLimit-Remaining"))
	g.Inject(Fault{Match: `pulls`, Times: 1, Kind: SecondaryLimit, Status: 429, RetryAfter: 7 * time.Second})
	diff(t, "7", g.expect(429, g.get("/repos/acme/shop/pulls")).header.Get("Retry-After"))
	g.Inject(Fault{Match: `pulls`, Times: 1, Kind: CutOff})
	if cut := g.get("/repos/acme/shop/pulls"); !errors.Is(cut.err, io.ErrUnexpectedEOF) {
		t.Errorf("reading the cut-off body: %v", cut.err)
	}
	g.Inject(Fault{Match: `pulls`, Kind: NextLinkMissing})
	diff(t, "prev 1, first 1", links(g.get("/repos/acme/shop/pulls?per_page=1&page=2").header.Get("Link")))
	g.ClearFaults()
	diff(t, "next 2, last 3", links(g.get("/repos/acme/shop/pulls?per_page=1").header.Get("Link")))
	g.After(`pulls$`, func() { r.Close(1) })
	diff(t, []int{3, 2, 1}, numbers(t, g.get("/repos/acme/shop/pulls")))
	diff(t, []int{3, 2}, numbers(t, g.get("/repos/acme/shop/pulls")))
}
