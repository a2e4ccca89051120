package githubtest

import "testing"

func TestReplicaAnswersOneRequestWithAnOlderState(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{})
	r.Open(PullRequest{})
	before := g.get("/repos/acme/shop/pulls")
	old := g.Replica()
	r.Close(1)
	r.Label(2, "preview")
	g.Inject(Fault{Match: `pulls$`, Times: 1, Replica: old})
	stale := g.get("/repos/acme/shop/pulls")
	diff(t, []int{2, 1}, numbers(t, stale))
	diff(t, before.header.Get("ETag"), stale.header.Get("ETag"))
	diff(t, []int{2}, numbers(t, g.get("/repos/acme/shop/pulls")))
	g.Inject(Fault{Match: `pulls/2$`, Times: 1, Replica: old})
	for _, want := range []int{0, 1} {
		pr := parse[struct{ Labels []any }](t, g.get("/repos/acme/shop/pulls/2"))
		diff(t, want, len(pr.Labels))
	}
}
