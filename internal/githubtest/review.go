package githubtest

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// Review is a review of a pull request at a commit. State is "APPROVED", "CHANGES_REQUESTED", "COMMENTED",
// "DISMISSED" or "PENDING".
type Review struct {
	Author, State, SHA string

	AuthorDeleted bool // the author's account doesn't exist any more: user is null
}

type reviewEntry struct {
	Review
	id int64
	at time.Time
}

// Review adds a review to a pull request and returns its ID. The default SHA is the pull request's head.
func (r *Repo) Review(number int, review Review) int64 {
	c, unlock := r.begin()
	defer unlock()
	p := r.repo.pulls[number]
	if p == nil {
		return 0
	}
	return c.addReview(r.repo, p, review).id
}

func (c change) addReview(r *repository, p *pull, review Review) reviewEntry {
	review.SHA = cmp.Or(review.SHA, p.HeadSHA)
	review.Author = cmp.Or(review.Author, octocat)
	e := reviewEntry{Review: review, id: c.newID(), at: c.now()}
	p.reviews = append(p.reviews, e)
	c.recordPullActivity(r, p)
	c.sendReview(r, p, reviewJSON(r, p, e), "submitted")
	return e
}

// DismissReview dismisses a review: it doesn't count any more.
func (r *Repo) DismissReview(number int, id int64) {
	c, unlock := r.begin()
	defer unlock()
	if p := r.repo.pulls[number]; p != nil {
		c.dismiss(r.repo, p, id)
	}
}

// dismiss returns the dismissed review, or false if the pull request has no such review.
func (c change) dismiss(r *repository, p *pull, id int64) (reviewEntry, bool) {
	i := slices.IndexFunc(p.reviews, func(e reviewEntry) bool { return e.id == id })
	if i < 0 {
		return reviewEntry{}, false
	}
	p.reviews[i].State = "DISMISSED"
	c.recordPullActivity(r, p)
	c.sendReview(r, p, reviewJSON(r, p, p.reviews[i]), "dismissed")
	return p.reviews[i], true
}

func reviewJSON(r *repository, p *pull, e reviewEntry) object {
	o := object{
		"id": e.id, "node_id": numericNodeID("PRR", e.id), "user": userJSON(e.Author), "body": "", "state": e.State,
		"commit_id": e.SHA, "submitted_at": stamp(e.at),
		"author_association": "MEMBER", "html_url": r.htmlURL() + "/pull/" + strconv.Itoa(p.Number),
		"pull_request_url": r.apiURL() + "/pulls/" + strconv.Itoa(p.Number),
	}
	if e.AuthorDeleted {
		o["user"] = nil
	}
	return o
}

func listReviews(c *call, r *repository, p *pull) *answer {
	return listPage(c, r, p.reviews, func(e reviewEntry) any { return reviewJSON(r, p, e) })
}

func createReview(c *call, r *repository, p *pull) *answer {
	var in struct {
		Event    string
		CommitID string `json:"commit_id"`
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	state := map[string]string{
		"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED",
	}[in.Event]
	e := c.change.addReview(r, p, Review{State: cmp.Or(state, "PENDING"), SHA: in.CommitID})
	return ok(reviewJSON(r, p, e))
}

// dismissReview answers PUT pulls/N/reviews/ID/dismissals.
func dismissReview(c *call, r *repository, p *pull) *answer {
	e, found := c.change.dismiss(r, p, int64(c.number("review")))
	if !found {
		return notFound()
	}
	return ok(reviewJSON(r, p, e))
}
