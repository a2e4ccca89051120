package githubtest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Status is a commit status. State is "success", "pending", "failure" or "error"; Creator is a login.
type Status struct{ Context, State, Description, TargetURL, Creator string }

// CheckRun is a check run of the app with the slug. Status is "queued", "in_progress" or "completed", and then Conclusion says how.
type CheckRun struct {
	Name, App, Status, Conclusion string

	// Suite tells runs of one name and app apart: each workflow has a check suite of its own.
	Suite int
}

// Review is a review of a pull request at a commit. State is "APPROVED", "CHANGES_REQUESTED", "COMMENTED" or "DISMISSED".
type Review struct {
	Author, State, SHA string

	Ghost bool // the author's account is gone: user is null
}

type statusEntry struct {
	Status
	id int64
	at time.Time
}

type checkEntry struct {
	CheckRun
	id int64
	at time.Time
}

type reviewEntry struct {
	Review
	id int64
	at time.Time
}

// SetStatus adds a status to a commit; the last one of a context counts.
func (r *Repo) SetStatus(sha string, status Status) {
	s := r.lock()
	defer s.mu.Unlock()
	s.addStatus(r.repo, sha, status)
}

func (s *Server) addStatus(r *repository, sha string, status Status) statusEntry {
	status.Context = cmp.Or(status.Context, "default")
	status.Creator = cmp.Or(status.Creator, "octocat")
	e := statusEntry{Status: status, id: s.newID(), at: s.now()}
	r.statuses[sha] = append([]statusEntry{e}, r.statuses[sha]...) // GitHub lists the newest first
	s.touch(r)
	payload := e.json(r, sha)
	payload["sha"], payload["name"], payload["commit"] = sha, r.fullName(), s.commitJSON(r, sha)
	s.emit(r, "status", payload)
	return e
}

// SetCheckRun adds a check run to a commit, or changes the one of that name, app and suite, and returns its ID.
func (r *Repo) SetCheckRun(sha string, run CheckRun) int64 {
	s := r.lock()
	defer s.mu.Unlock()
	return s.setCheckRun(r.repo, sha, run).id
}

func (s *Server) setCheckRun(r *repository, sha string, run CheckRun) checkEntry {
	run.App = cmp.Or(run.App, "github-actions")
	run.Status = cmp.Or(run.Status, map[bool]string{true: "queued", false: "completed"}[run.Conclusion == ""])
	i := slices.IndexFunc(r.checks[sha], func(e checkEntry) bool {
		return e.Name == run.Name && e.App == run.App && e.Suite == run.Suite
	})
	if i < 0 {
		i = len(r.checks[sha])
		r.checks[sha] = append(r.checks[sha], checkEntry{id: s.newID()})
	}
	e := &r.checks[sha][i]
	e.CheckRun, e.at = run, s.now()
	s.touch(r)
	action := map[bool]string{true: "completed", false: "created"}[run.Status == "completed"]
	s.emit(r, "check_run", object{"action": action, "check_run": e.json(r, sha)})
	return *e
}

// Review adds a review to a pull request, of its head unless the review names a commit, and returns its ID.
func (r *Repo) Review(number int, review Review) int64 {
	s := r.lock()
	defer s.mu.Unlock()
	p := r.repo.pulls[number]
	if p == nil {
		return 0
	}
	return s.addReview(r.repo, p, review).id
}

func (s *Server) addReview(r *repository, p *pull, review Review) reviewEntry {
	review.SHA = cmp.Or(review.SHA, p.HeadSHA)
	review.Author = cmp.Or(review.Author, "octocat")
	e := reviewEntry{Review: review, id: s.newID(), at: s.now()}
	p.reviews = append(p.reviews, e)
	s.touchPull(r, p)
	s.emitReview(r, p, e, "submitted")
	return e
}

// DismissReview makes a review count no longer.
func (r *Repo) DismissReview(number int, id int64) {
	s := r.lock()
	defer s.mu.Unlock()
	if p := r.repo.pulls[number]; p != nil {
		s.dismissReview(r.repo, p, id)
	}
}

func (s *Server) dismissReview(r *repository, p *pull, id int64) *reviewEntry {
	for i := range p.reviews {
		if p.reviews[i].id == id {
			p.reviews[i].State = "DISMISSED"
			s.touchPull(r, p)
			s.emitReview(r, p, p.reviews[i], "dismissed")
			return &p.reviews[i]
		}
	}
	return nil
}

func (s *Server) emitReview(r *repository, p *pull, e reviewEntry, action string) {
	s.emit(r, "pull_request_review", object{"action": action, "review": e.json(r, p), "pull_request": raw(s.pullJSONIfHooked(r, p))})
}

func (e statusEntry) json(r *repository, sha string) object {
	return object{
		"id": e.id, "node_id": nodeID("SC", strconv.FormatInt(e.id, 10)), "url": r.api() + "/statuses/" + sha, "state": e.State,
		"description": e.Description, "target_url": e.TargetURL, "context": e.Context, "avatar_url": "",
		"created_at": stamp(e.at), "updated_at": stamp(e.at), "creator": userJSON(e.Creator),
	}
}

func (e checkEntry) json(r *repository, sha string) object {
	o := object{
		"id": e.id, "name": e.Name, "node_id": nodeID("CR", strconv.FormatInt(e.id, 10)), "head_sha": sha, "external_id": "",
		"url": r.api() + "/check-runs/" + strconv.FormatInt(e.id, 10), "html_url": r.html() + "/runs/" + strconv.FormatInt(e.id, 10),
		"status": e.Status, "conclusion": nil, "started_at": stamp(e.at), "completed_at": nil, "pull_requests": []any{},
		"app": appJSON(e.App), "check_suite": object{"id": suiteID(sha, e.App, e.Suite)},
	}
	if e.Status == "completed" {
		o["conclusion"], o["completed_at"] = e.Conclusion, stamp(e.at)
	}
	return o
}

func (e reviewEntry) json(r *repository, p *pull) object {
	o := object{
		"id": e.id, "node_id": nodeID("PRR", strconv.FormatInt(e.id, 10)), "user": userJSON(e.Author), "body": "", "state": e.State,
		"commit_id": e.SHA, "submitted_at": stamp(e.at), "author_association": "MEMBER",
		"html_url": r.html() + "/pull/" + strconv.Itoa(p.Number), "pull_request_url": r.api() + "/pulls/" + strconv.Itoa(p.Number),
	}
	if e.Ghost {
		o["user"] = nil
	}
	return o
}

func listStatuses(c *call, r *repository, ref string) *answer {
	sha := r.commit(ref)
	return listed(c, r, r.statuses[sha], func(e statusEntry) any { return e.json(r, sha) })
}

// combinedStatus is GET commits/REF/status: the newest of each context, and what they amount to.
func combinedStatus(_ *call, r *repository, ref string) *answer {
	sha, seen, state := r.commit(ref), map[string]bool{}, "pending"
	latest := []any{}
	for _, e := range r.statuses[sha] {
		if seen[e.Context] {
			continue
		}
		seen[e.Context] = true
		latest = append(latest, e.json(r, sha))
		state = worse(state, e.State, len(latest) == 1)
	}
	return ok(object{"state": state, "sha": sha, "total_count": len(latest), "statuses": latest, "repository": raw(r.minimalJSON()), "commit_url": r.api() + "/commits/" + sha})
}

func worse(a, b string, first bool) string {
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
	e := c.server.addStatus(r, sha, Status{Context: in.Context, State: in.State, Description: in.Description, TargetURL: in.TargetURL})
	return reply(http.StatusCreated, e.json(r, sha))
}

func listCheckRuns(c *call, r *repository, ref string) *answer {
	sha, name := r.commit(ref), c.query("check_name", "")
	found := []checkEntry{}
	for _, e := range r.checks[sha] {
		if name == "" || e.Name == name {
			found = append(found, e)
		}
	}
	from, to, link := c.page(r, len(found))
	runs := []any{}
	for _, e := range found[from:to] {
		runs = append(runs, e.json(r, sha))
	}
	a := ok(object{"total_count": len(found), "check_runs": runs})
	if link != "" {
		a.header.Set("Link", link)
	}
	return a
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
	e := c.server.setCheckRun(r, in.HeadSHA, CheckRun{Name: in.Name, Status: in.Status, Conclusion: in.Conclusion})
	return reply(http.StatusCreated, e.json(r, in.HeadSHA))
}

func listReviews(c *call, r *repository, p *pull) *answer {
	return listed(c, r, p.reviews, func(e reviewEntry) any { return e.json(r, p) })
}

func createReview(c *call, r *repository, p *pull) *answer {
	var in struct {
		Event    string
		CommitID string `json:"commit_id"`
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	state := map[string]string{"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}[in.Event]
	e := c.server.addReview(r, p, Review{State: cmp.Or(state, "PENDING"), SHA: in.CommitID})
	return ok(e.json(r, p))
}

func dismissReview(c *call, r *repository, p *pull) *answer {
	e := c.server.dismissReview(r, p, int64(c.number("review")))
	if e == nil {
		return notFound()
	}
	return ok(e.json(r, p))
}
