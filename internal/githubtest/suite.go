package githubtest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// CheckSuite is all check runs of an app for a commit that began together, as one webhook tells them.
type CheckSuite struct {
	App, Status, Conclusion, Branch string

	Number int // CheckRun.Suite
}

type suiteEntry struct {
	CheckSuite
	at time.Time
}

// SetCheckSuite adds a check suite to a commit or changes it, and sends its webhook.
func (r *Repo) SetCheckSuite(sha string, suite CheckSuite) {
	s := r.lock()
	defer s.mu.Unlock()
	suite.App = cmp.Or(suite.App, "github-actions")
	suite.Status = cmp.Or(suite.Status, map[bool]string{true: "queued", false: "completed"}[suite.Conclusion == ""])
	suites := slices.DeleteFunc(r.repo.suites[sha], func(e suiteEntry) bool { return e.App == suite.App && e.Number == suite.Number })
	e := suiteEntry{CheckSuite: suite, at: s.now()}
	r.repo.suites[sha] = append(suites, e)
	s.touch(r.repo)
	action := map[bool]string{true: "completed", false: "requested"}[suite.Status == "completed"]
	s.emit(r.repo, "check_suite", object{"action": action, "check_suite": e.json(r.repo, sha)})
}

func appJSON(slug string) object {
	return object{"id": numberOf(slug), "slug": slug, "name": slug, "owner": userJSON("github")}
}

func suiteID(sha, app string, number int) int64 {
	return numberOf(fmt.Sprintf("suite %s %s %d", sha, app, number))
}

func (e suiteEntry) json(r *repository, sha string) object {
	id, runs := suiteID(sha, e.App, e.Number), 0
	for _, run := range r.checks[sha] {
		if run.App == e.App && run.Suite == e.Number {
			runs++
		}
	}
	o := object{
		"id": id, "node_id": nodeID("CS", strconv.FormatInt(id, 10)), "head_branch": nil, "head_sha": sha, "status": e.Status, "conclusion": nil,
		"url": r.api() + "/check-suites/" + strconv.FormatInt(id, 10), "before": nil, "after": sha, "pull_requests": []any{}, "app": appJSON(e.App),
		"created_at": stamp(e.at), "updated_at": stamp(e.at), "latest_check_runs_count": runs,
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
	sha := r.commit(ref)
	from, to, link := c.page(r, len(r.suites[sha]))
	suites := []any{}
	for _, e := range r.suites[sha][from:to] {
		suites = append(suites, e.json(r, sha))
	}
	a := ok(object{"total_count": len(r.suites[sha]), "check_suites": suites})
	if link != "" {
		a.header.Set("Link", link)
	}
	return a
}
