package githubtest

import (
	"testing"
)

func TestReviewOfADeletedAuthor(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{})
	r.Review(1, Review{AuthorDeleted: true, State: "APPROVED"})
	got := parse[[]map[string]any](t, g.get("/repos/acme/shop/pulls/1/reviews"))
	if user, shown := got[0]["user"]; !shown || user != nil {
		t.Errorf("user is %v, shown %t; want null", user, shown)
	}
}
