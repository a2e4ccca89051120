package githubtest

import (
	"net/http"
	"testing"
)

func TestCheckSuites(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	sha := SHA("1")
	first := r.SetCheckRun(sha, CheckRun{Name: "build", Conclusion: "success"})
	second := r.SetCheckRun(sha, CheckRun{Name: "build", Suite: 1})
	diff(t, true, first != second)
	r.SetCheckSuite(sha, CheckSuite{Number: 1})
	r.SetCheckSuite(sha, CheckSuite{Number: 1, Conclusion: "failure"})
	type suite struct {
		ID                 int64
		Status, Conclusion string
		HeadSHA            string `json:"head_sha"`
		Runs               int    `json:"latest_check_runs_count"`
	}
	runs := parse[struct {
		Runs []struct {
			Suite struct{ ID int64 } `json:"check_suite"`
		} `json:"check_runs"`
	}](t, g.get("/repos/acme/shop/commits/"+sha+"/check-runs"))
	diff(t, true, runs.Runs[0].Suite.ID != runs.Runs[1].Suite.ID)
	got := parse[struct {
		Total  int     `json:"total_count"`
		Suites []suite `json:"check_suites"`
	}](t, g.expect(http.StatusOK, g.get("/repos/acme/shop/commits/"+sha+"/check-suites")))
	diff(t, 1, got.Total)
	diff(t, []suite{{runs.Runs[1].Suite.ID, "completed", "failure", sha, 1}}, got.Suites)
}
