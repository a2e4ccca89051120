package githubtest

import (
	"net/http"
	"slices"
	"strconv"
)

// maxComment is GitHub's limit for the body of a comment, in characters.
const maxComment = 65536

// Comments returns the comments of a pull request, the oldest first.
func (r *Repo) Comments(number int) []IssueComment {
	_, unlock := r.begin()
	defer unlock()
	var all []IssueComment
	if p := r.repo.pulls[number]; p != nil {
		for _, e := range p.comments {
			all = append(all, e.IssueComment)
		}
	}
	return all
}

// Comment adds a comment and returns its ID.
func (r *Repo) Comment(number int, body string) int64 {
	c, unlock := r.begin()
	defer unlock()
	return c.addComment(r.repo.pulls[number], body, 0).ID
}

// DeleteComment deletes a comment of a pull request.
func (r *Repo) DeleteComment(number int, id int64) {
	_, unlock := r.begin()
	defer unlock()
	p := r.repo.pulls[number]
	p.comments = slices.DeleteFunc(p.comments, func(e *commentEntry) bool { return e.ID == id })
}

func (c change) addComment(p *pull, body string, app int64) *commentEntry {
	e := &commentEntry{IssueComment: IssueComment{ID: c.newID(), Author: c.actor, Body: body, App: app}, at: c.now()}
	p.comments = append(p.comments, e)
	return e
}

func commentJSON(r *repository, e *commentEntry) object {
	o := object{
		"id": e.ID, "node_id": numericNodeID("IC", e.ID), "user": userJSON(e.Author), "body": e.Body,
		"url":        r.apiURL() + "/issues/comments/" + strconv.FormatInt(e.ID, 10),
		"created_at": stamp(e.at), "updated_at": stamp(e.at), "performed_via_github_app": nil,
	}
	if e.App != 0 {
		o["performed_via_github_app"] = object{"id": e.App}
	}
	return o
}

// listComments answers GET issues/N/comments, the oldest first.
func listComments(c *call, r *repository, p *pull) *answer {
	return listPage(c, r, p.comments, func(e *commentEntry) any { return commentJSON(r, e) })
}

// createComment answers POST issues/N/comments.
func createComment(c *call, r *repository, p *pull) *answer {
	body, a := commentBody(c)
	if a != nil {
		return a
	}
	return reply(http.StatusCreated, commentJSON(r, c.change.addComment(p, body, c.token.app)))
}

// editComment answers PATCH issues/comments/ID.
func editComment(c *call, r *repository) *answer {
	body, a := commentBody(c)
	if a != nil {
		return a
	}
	for _, p := range r.pulls {
		for _, e := range p.comments {
			if e.ID == int64(c.number("comment")) {
				e.Body, e.Edits = body, e.Edits+1
				return ok(commentJSON(r, e))
			}
		}
	}
	return notFound()
}

func commentBody(c *call) (string, *answer) {
	var in struct{ Body string }
	if a := c.decode(&in); a != nil {
		return "", a
	}
	if in.Body == "" || len([]rune(in.Body)) > maxComment {
		return "", unprocessable("Validation Failed")
	}
	return in.Body, nil
}

// getTokenUser answers GET /user. Tokens of Apps belong to no user.
func getTokenUser(c *call) *answer {
	if c.token.app != 0 {
		return problem(http.StatusForbidden, "Resource not accessible by integration")
	}
	return ok(userJSON(octocat))
}
