package githubtest

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// Status is a commit status. State is "success", "pending", "failure" or "error"; Creator is a login.
type Status struct{ Context, State, Description, TargetURL, Creator string }

type statusEntry struct {
	Status
	id int64
	at time.Time
}

// SetStatus adds a status to a commit. The last status of a context counts.
func (r repoChecks) SetStatus(sha string, status Status) {
	c, unlock := r.begin()
	defer unlock()
	c.addStatus(r.repo, sha, status)
}

func (c change) addStatus(r *repository, sha string, status Status) statusEntry {
	status.Context = cmp.Or(status.Context, "default")
	status.Creator = cmp.Or(status.Creator, octocat)
	e := statusEntry{Status: status, id: c.newID(), at: c.now()}
	r.statuses[sha] = append([]statusEntry{e}, r.statuses[sha]...) // GitHub lists the newest first
	c.recordActivity(r)
	payload := statusJSON(r, sha, e)
	payload["sha"], payload["name"], payload["commit"] = sha, r.fullName(), commitJSON(c.commits, r, sha)
	c.send(r, "status", payload)
	return e
}

func statusJSON(r *repository, sha string, e statusEntry) object {
	return object{
		"id": e.id, "node_id": numericNodeID("SC", e.id), "url": r.apiURL() + "/statuses/" + sha, "state": e.State,
		"description": e.Description, "target_url": e.TargetURL, "context": e.Context, "avatar_url": "",
		"created_at": stamp(e.at), "updated_at": stamp(e.at), "creator": userJSON(e.Creator),
	}
}

func listStatuses(c *call, r *repository, ref string) *answer {
	sha := r.resolveCommit(ref)
	return listPage(c, r, r.statuses[sha], func(e statusEntry) any { return statusJSON(r, sha, e) })
}

// combinedStatus answers GET commits/REF/status: the newest status of each context, and the state that follows from
// them.
func combinedStatus(_ *call, r *repository, ref string) *answer {
	sha, seen, state := r.resolveCommit(ref), map[string]bool{}, "pending"
	latest := []any{}
	for _, e := range r.statuses[sha] {
		if seen[e.Context] {
			continue
		}
		seen[e.Context] = true
		latest = append(latest, statusJSON(r, sha, e))
		state = combineStates(state, e.State, len(latest) == 1)
	}
	return ok(object{
		"state": state, "sha": sha, "total_count": len(latest), "statuses": latest,
		"repository": minimalRepository(r), "commit_url": r.apiURL() + "/commits/" + sha,
	})
}

// combineStates returns the worse of two states; the first state replaces the initial one.
func combineStates(a, b string, first bool) string {
	if b == "error" {
		b = "failure"
	}
	if first || a == "success" || b == "failure" {
		return b
	}
	return a
}

func createStatus(c *call, r *repository, sha string) *answer {
	var in struct {
		State, Context, Description string
		TargetURL                   string `json:"target_url"`
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	if !slices.Contains([]string{"error", "failure", "pending", "success"}, in.State) {
		return unprocessable("Validation Failed")
	}
	status := Status{Context: in.Context, State: in.State, Description: in.Description, TargetURL: in.TargetURL}
	return reply(http.StatusCreated, statusJSON(r, sha, c.change.addStatus(r, sha, status)))
}
