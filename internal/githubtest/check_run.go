package githubtest

import (
	"cmp"
	"fmt"
	"net/http"
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

type checkRunEntry struct {
	CheckRun
	id int64
	at time.Time
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
	if e.Status == "completed" {
		o["conclusion"], o["completed_at"] = e.Conclusion, stamp(e.at)
	}
	return o
}

func listCheckRuns(c *call, r *repository, ref string) *answer {
	sha, name := r.resolveCommit(ref), c.query("check_name", "")
	found := []checkRunEntry{}
	for _, e := range r.checkRuns[sha] {
		if name == "" || e.Name == name {
			found = append(found, e)
		}
	}
	show := func(e checkRunEntry) any { return checkRunJSON(r, sha, e) }
	return wrappedPage(c, r, found, show, func(runs []any) any {
		return object{"total_count": len(found), "check_runs": runs}
	})
}

func createCheckRun(c *call, r *repository) *answer {
	var in struct {
		Name, Status, Conclusion string
		HeadSHA                  string `json:"head_sha"`
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	if in.Name == "" || in.HeadSHA == "" {
		return unprocessable("Invalid request. \"name\" and \"head_sha\" are needed.")
	}
	e := c.change.addCheckRun(r, in.HeadSHA, CheckRun{Name: in.Name, Status: in.Status, Conclusion: in.Conclusion})
	return reply(http.StatusCreated, checkRunJSON(r, in.HeadSHA, e))
}
