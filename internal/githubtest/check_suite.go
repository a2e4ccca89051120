package githubtest

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// CheckSuite is the check runs of one App for a commit that started together. GitHub sends one webhook for them.
type CheckSuite struct {
	App, Status, Conclusion, Branch string

	Number int // equals CheckRun.Suite of its runs
}

type checkSuiteEntry struct {
	CheckSuite
	at time.Time
}

// SetCheckSuite adds a check suite to a commit, or changes it, and sends its webhook.
func (r repoChecks) SetCheckSuite(sha string, suite CheckSuite) {
	c, unlock := r.begin()
	defer unlock()
	suite.App = cmp.Or(suite.App, "github-actions")
	suite.Status = cmp.Or(suite.Status, statusFromConclusion(suite.Conclusion))
	others := slices.DeleteFunc(r.repo.checkSuites[sha], func(e checkSuiteEntry) bool {
		return e.App == suite.App && e.Number == suite.Number
	})
	e := checkSuiteEntry{CheckSuite: suite, at: c.now()}
	r.repo.checkSuites[sha] = append(others, e)
	c.recordActivity(r.repo)
	action := map[bool]string{true: "completed", false: "requested"}[suite.Status == "completed"]
	c.send(r.repo, "check_suite", object{"action": action, "check_suite": checkSuiteJSON(r.repo, sha, e)})
}

func checkSuiteJSON(r *repository, sha string, e checkSuiteEntry) object {
	id, runs := suiteID(sha, e.App, e.Number), 0
	for _, run := range r.checkRuns[sha] {
		if run.App == e.App && run.Suite == e.Number {
			runs++
		}
	}
	o := object{
		"id": id, "node_id": numericNodeID("CS", id), "head_branch": nil, "head_sha": sha, "status": e.Status,
		"conclusion": nil, "url": r.apiURL() + "/check-suites/" + strconv.FormatInt(id, 10), "before": nil,
		"after": sha, "pull_requests": []any{}, "app": appJSON(e.App), "created_at": stamp(e.at),
		"updated_at": stamp(e.at), "latest_check_runs_count": runs,
	}
	if e.Branch != "" {
		o["head_branch"] = e.Branch
	}
	if e.Status == "completed" {
		o["conclusion"] = e.Conclusion
	}
	return o
}

func listCheckSuites(c *call, r *repository, ref string) *answer {
	sha := r.resolveCommit(ref)
	all := r.checkSuites[sha]
	show := func(e checkSuiteEntry) any { return checkSuiteJSON(r, sha, e) }
	return wrappedPage(c, r, all, show, func(suites []any) any {
		return object{"total_count": len(all), "check_suites": suites}
	})
}
