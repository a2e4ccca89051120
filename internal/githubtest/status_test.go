package githubtest

import (
	"testing"
)

func TestStatusesChecksAndReviews(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{HeadSHA: SHA("1")})
	r.SetStatus(SHA("1"), Status{Context: "image", State: "pending"})
	g.expect(201, g.do("POST", "/repos/acme/shop/statuses/"+SHA("1"), `{"context":"image","state":"success"}`))
	g.expect(422, g.do("POST", "/repos/acme/shop/statuses/"+SHA("1"), `{"state":"fine"}`))
	r.SetCheckRun(SHA("1"), CheckRun{Name: "build", Status: "in_progress"})
	r.SetCheckRun(SHA("1"), CheckRun{Name: "build", Conclusion: "success"})
	id := r.Review(1, Review{Author: "carol", State: "APPROVED"})
	r.DismissReview(1, id)
	commit := "/repos/acme/shop/commits/" + SHA("1")
	diff(t, 2, len(parse[[]any](t, g.get(commit+"/statuses"))))
	diff(t, "success", parse[struct{ State string }](t, g.get(commit+"/status")).State)
	runs := parse[struct {
		CheckRuns []struct{ Conclusion string } `json:"check_runs"`
	}](t, g.get(commit+"/check-runs?check_name=build"))
	diff(t, []struct{ Conclusion string }{{"success"}}, runs.CheckRuns)
	type review struct {
		State    string
		CommitID string `json:"commit_id"`
	}
	diff(t, []review{{"DISMISSED", SHA("1")}}, parse[[]review](t, g.get("/repos/acme/shop/pulls/1/reviews")))
}
