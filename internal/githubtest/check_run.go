package githubtest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// CheckRun is a check run of the App with the slug. Status is "queued", "in_progress" or "completed". Conclusion is
// its result once it is completed.
type CheckRun struct {
	Name, App, Status, Conclusion string

	// Suite distinguishes runs with the same name and App: each workflow has a check suite of its own.
	Suite int
}

// AppCheckRun is a check run that an App created by the API.
type AppCheckRun struct {
	ID, App                                int64
	SHA, Name, ExternalID, Status          string
	Conclusion, DetailsURL, Title, Summary string
	Actions                                []CheckRunAction
}

// CheckRunAction is a button of a check run. Identifier is what the webhook says about a click on it.
type CheckRunAction struct{ Label, Description, Identifier string }

// checkRunEntry is a check run. created is zero if a test has set it.
type checkRunEntry struct {
	CheckRun
	id      int64
	at      time.Time
	created AppCheckRun
}

// SetCheckRun adds a check run to a commit, or changes the run with the same name, App and suite. It returns the
// run's ID.
func (r repoChecks) SetCheckRun(sha string, run CheckRun) int64 {
	c, unlock := r.begin()
	defer unlock()
	return c.addCheckRun(r.repo, sha, run).id
}

func (c change) addCheckRun(r *repository, sha string, run CheckRun) checkRunEntry {
	run.App = cmp.Or(run.App, "github-actions")
	run.Status = cmp.Or(run.Status, statusFromConclusion(run.Conclusion))
	runs := r.checkRuns[sha]
	i := slices.IndexFunc(runs, func(e checkRunEntry) bool {
		return e.Name == run.Name && e.App == run.App && e.Suite == run.Suite
	})
	if i < 0 {
		i = len(runs)
		runs = append(runs, checkRunEntry{id: c.newID()})
		r.checkRuns[sha] = runs
	}
	runs[i].CheckRun, runs[i].at = run, c.now()
	c.recordActivity(r)
	action := map[bool]string{true: "completed", false: "created"}[run.Status == "completed"]
	c.send(r, "check_run", object{"action": action, "check_run": checkRunJSON(r, sha, runs[i])})
	return runs[i]
}

// statusFromConclusion returns the default status of a check.
func statusFromConclusion(conclusion string) string {
	if conclusion == "" {
		return "queued"
	}
	return "completed"
}

// suiteID returns the ID of the check suite with a number.
func suiteID(sha, app string, number int) int64 {
	return idFromName(fmt.Sprintf("suite %s %s %d", sha, app, number))
}

func checkRunJSON(r *repository, sha string, e checkRunEntry) object {
	id := strconv.FormatInt(e.id, 10)
	o := object{
		"id": e.id, "name": e.Name, "node_id": nodeID("CR", id), "head_sha": sha, "external_id": "",
		"url": r.apiURL() + "/check-runs/" + id, "html_url": r.htmlURL() + "/runs/" + id, "status": e.Status,
		"conclusion": nil, "started_at": stamp(e.at), "completed_at": nil, "pull_requests": []any{},
		"app": appJSON(e.App), "check_suite": object{"id": suiteID(sha, e.App, e.Suite)},
	}
	if e.created.ID != 0 {
		addCreated(o, e.created)
	}
	if e.Status == "completed" {
		o["conclusion"], o["completed_at"] = e.Conclusion, stamp(e.at)
	}
	return o
}

// addCreated adds what only check runs of Apps have.
func addCreated(o object, run AppCheckRun) {
	o["external_id"], o["details_url"] = run.ExternalID, run.DetailsURL
	o["output"] = object{"title": run.Title, "summary": run.Summary, "text": nil, "annotations_count": 0}
	o["app"] = object{"id": run.App, "slug": fmt.Sprintf("app-%d", run.App), "name": "App", "owner": userJSON("github")}
}
