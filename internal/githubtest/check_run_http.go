package githubtest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// GitHub's limits for a check run, in characters.
const (
	maxActions           = 3
	maxActionLabel       = 20
	maxActionDescription = 40
	maxActionIdentifier  = 20
	maxCheckRunText      = 65535
)

// checkRunInput is the body of a request that creates or changes a check run. A missing field is nil.
type checkRunInput struct {
	Name, Status, Conclusion *string
	HeadSHA                  *string `json:"head_sha"`
	ExternalID               *string `json:"external_id"`
	DetailsURL               *string `json:"details_url"`
	Output                   *struct{ Title, Summary, Text *string }
	Actions                  *[]CheckRunAction
}

// CheckRuns returns the check runs that Apps created, the oldest first.
func (r repoChecks) CheckRuns() []AppCheckRun {
	_, unlock := r.begin()
	defer unlock()
	var all []AppCheckRun
	for _, runs := range r.repo.checkRuns {
		for _, e := range runs {
			if e.created.ID != 0 {
				all = append(all, e.created)
			}
		}
	}
	slices.SortFunc(all, func(a, b AppCheckRun) int { return int(a.ID - b.ID) })
	return all
}

// RequestAction clicks on a button of a check run. It returns false if the check run has no such button.
func (r *Repo) RequestAction(id int64, identifier string) bool {
	c, unlock := r.begin()
	defer unlock()
	e := r.repo.checkRunByID(id)
	isWanted := func(a CheckRunAction) bool { return a.Identifier == identifier }
	if e == nil || !slices.ContainsFunc(e.created.Actions, isWanted) {
		return false
	}
	c.send(r.repo, "check_run", object{
		"action": "requested_action", "check_run": checkRunJSON(r.repo, e.created.SHA, *e),
		"requested_action": object{"identifier": identifier},
	})
	return true
}

// RerequestCheckRun is a click of the acting user on "Re-run" of a check run. It reports whether there is such a run.
func (r *Repo) RerequestCheckRun(id int64) bool {
	c, unlock := r.begin()
	defer unlock()
	e := r.repo.checkRunByID(id)
	if e != nil {
		c.send(r.repo, "check_run", object{
			"action": "rerequested", "check_run": checkRunJSON(r.repo, e.created.SHA, *e),
		})
	}
	return e != nil
}

func (r *repository) checkRunByID(id int64) *checkRunEntry {
	for _, runs := range r.checkRuns {
		for i := range runs {
			if runs[i].id == id {
				return &runs[i]
			}
		}
	}
	return nil
}

// listCheckRuns answers GET commits/REF/check-runs. Without the parameter filter=all, only the newest run of each name,
// App and suite is listed.
func listCheckRuns(c *call, r *repository, ref string) *answer {
	sha, name, app := r.resolveCommit(ref), c.query("check_name", ""), c.query("app_id", "")
	listsAll := c.query("filter", "latest") == "all"
	found := []checkRunEntry{}
	for _, e := range r.checkRuns[sha] {
		appID := ID(e.App)
		if e.created.ID != 0 {
			appID = e.created.App
		}
		if (name != "" && e.Name != name) || (app != "" && app != strconv.FormatInt(appID, 10)) {
			continue
		}
		isSame := func(o checkRunEntry) bool { return o.Name == e.Name && o.App == e.App && o.Suite == e.Suite }
		if i := slices.IndexFunc(found, isSame); i >= 0 && !listsAll {
			found = slices.Delete(found, i, i+1)
		}
		found = append(found, e)
	}
	show := func(e checkRunEntry) any { return checkRunJSON(r, sha, e) }
	return wrappedPage(c, r, found, show, func(runs []any) any {
		return object{"total_count": len(found), "check_runs": runs}
	})
}

// createCheckRun answers POST check-runs. Only an App may create one, and each request creates another one.
func createCheckRun(c *call, r *repository) *answer {
	var in checkRunInput
	if a := c.decode(&in); a != nil {
		return a
	}
	if c.token.app == 0 {
		return problem(http.StatusForbidden, "You must authenticate via a GitHub App.")
	}
	if in.Name == nil || *in.Name == "" || in.HeadSHA == nil || len(*in.HeadSHA) != 40 || !in.isValid() {
		return unprocessable("Invalid request.")
	}
	slug := fmt.Sprintf("app-%d", c.token.app)
	e := checkRunEntry{id: c.change.newID(), at: c.change.now()}
	e.CheckRun = CheckRun{Name: *in.Name, App: slug, Status: "queued"}
	e.created = AppCheckRun{ID: e.id, App: c.token.app, SHA: *in.HeadSHA, Name: *in.Name}
	e.change(in)
	r.checkRuns[*in.HeadSHA] = append(slices.Clone(r.checkRuns[*in.HeadSHA]), e)
	return c.sendCheckRun(r, e, http.StatusCreated)
}

// updateCheckRun answers PATCH check-runs/ID. A completed check run can't be opened again.
func updateCheckRun(c *call, r *repository) *answer {
	var in checkRunInput
	if a := c.decode(&in); a != nil {
		return a
	}
	e := r.checkRunByID(int64(c.number("run")))
	switch {
	case c.token.app == 0:
		return problem(http.StatusForbidden, "You must authenticate via a GitHub App.")
	case e == nil:
		return notFound()
	case e.created.App != c.token.app:
		return problem(http.StatusForbidden, "Invalid app_id: a check run can only be modified by the App that created it.")
	case !in.isValid():
		return unprocessable("Invalid request.")
	}
	e.change(in)
	return c.sendCheckRun(r, *e, http.StatusOK)
}

// getCheckRun answers GET check-runs/ID.
func getCheckRun(c *call, r *repository) *answer {
	e := r.checkRunByID(int64(c.number("run")))
	if e == nil {
		return notFound()
	}
	return ok(checkRunJSON(r, e.created.SHA, *e))
}

// sendCheckRun sends the webhook about a changed check run, and answers with it.
func (c *call) sendCheckRun(r *repository, e checkRunEntry, status int) *answer {
	c.change.recordActivity(r)
	action := map[bool]string{true: "completed", false: "created"}[e.Status == "completed"]
	o := checkRunJSON(r, e.created.SHA, e)
	by := c.change.by(e.App + "[bot]")
	by.send(r, "check_run", object{"action": action, "check_run": o})
	return reply(status, o)
}

// isValid reports whether the fields are within GitHub's limits.
func (in checkRunInput) isValid() bool {
	isOne := func(value *string, allowed ...string) bool { return value == nil || slices.Contains(allowed, *value) }
	isCompleted := in.Status != nil && *in.Status == "completed"
	if !isOne(in.Status, "queued", "in_progress", "completed") ||
		!isOne(in.Conclusion, "action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out") ||
		isCompleted && in.Conclusion == nil {
		return false
	}
	if o := in.Output; o != nil {
		for _, text := range []*string{o.Title, o.Summary} {
			if text == nil || *text == "" || len(*text) > maxCheckRunText {
				return false
			}
		}
	}
	if in.Actions == nil {
		return true
	}
	isTooLong := func(text string, most int) bool { return text == "" || len([]rune(text)) > most }
	return len(*in.Actions) <= maxActions && !slices.ContainsFunc(*in.Actions, func(a CheckRunAction) bool {
		return isTooLong(a.Label, maxActionLabel) || isTooLong(a.Description, maxActionDescription) ||
			isTooLong(a.Identifier, maxActionIdentifier)
	})
}

// change takes over the fields that a request has. A conclusion completes the run.
func (e *checkRunEntry) change(in checkRunInput) {
	run := &e.created
	for to, from := range map[*string]*string{
		&run.ExternalID: in.ExternalID, &run.DetailsURL: in.DetailsURL, &e.Conclusion: in.Conclusion,
	} {
		if from != nil {
			*to = *from
		}
	}
	if in.Output != nil {
		run.Title, run.Summary = *in.Output.Title, *in.Output.Summary
	}
	if in.Actions != nil {
		run.Actions = slices.Clone(*in.Actions)
	}
	switch {
	case in.Conclusion != nil:
		e.Status = "completed"
	case in.Status != nil && e.Status != "completed":
		e.Status = *in.Status
	}
	run.Status, run.Conclusion = e.Status, e.Conclusion
}
