package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/previewset/previewset/internal/github/rest"
)

const (
	// commentMarker is the first line of our comments. GitHub doesn't show it.
	commentMarker = "<!-- previewset -->"
	// maxCommentPages bounds the search for our comment. Each page has 100 comments.
	maxCommentPages = 10
)

type commentJSON struct {
	ID   int64  `json:"id"`
	Body string `json:"body"`
	User *struct {
		ID int64 `json:"id"`
	} `json:"user"`
	App *struct {
		ID int64 `json:"id"`
	} `json:"performed_via_github_app"`
}

// PutComment writes our comment of a pull request and returns its ID. It edits the comment with the ID. An ID of 0 is
// unknown. Then it searches for a comment with our hidden marker and from our account, and creates a missing one. A
// deleted comment is created again.
func (c *Client) PutComment(ctx context.Context, repository string, number int, id int64, body string) (int64, error) {
	action := fmt.Sprintf("comment on %s#%d", repository, number)
	content := map[string]string{"body": commentMarker + "\n" + body}
	if id != 0 {
		err := c.editComment(ctx, repository, id, content)
		if rest.StatusOf(err) != http.StatusNotFound {
			return id, explainWrite(err, action, "pull requests")
		}
	}
	id, err := c.findComment(ctx, repository, number)
	if err != nil {
		return 0, explainWrite(err, action, "pull requests")
	}
	if id != 0 {
		return id, explainWrite(c.editComment(ctx, repository, id, content), action, "pull requests")
	}
	var created commentJSON
	err = c.write(ctx, http.MethodPost, repository, fmt.Sprintf("/issues/%d/comments", number), content, &created)
	return created.ID, explainWrite(err, action, "pull requests")
}

func (c *Client) editComment(ctx context.Context, repository string, id int64, content any) error {
	return c.write(ctx, http.MethodPatch, repository, fmt.Sprintf("/issues/comments/%d", id), content, nil)
}

// findComment returns the ID of our comment, or 0. The marker alone proves nothing: everybody can write it.
func (c *Client) findComment(ctx context.Context, repository string, number int) (int64, error) {
	isOurs, err := c.authorship(ctx)
	if err != nil {
		return 0, err
	}
	for page := 1; page <= maxCommentPages; page++ {
		var comments []commentJSON
		path := fmt.Sprintf("repos/%s/issues/%d/comments?per_page=100&page=%d", repository, number, page)
		answer, err := c.rest.Get(ctx, path, "", &comments)
		if err != nil {
			return 0, err
		}
		for _, comment := range comments {
			if strings.HasPrefix(comment.Body, commentMarker) && isOurs(comment) {
				return comment.ID, nil
			}
		}
		if !answer.HasNext {
			break
		}
	}
	return 0, nil
}

// authorship returns a function that knows our comments: by the App's ID, or by the ID of the token's user.
func (c *Client) authorship(ctx context.Context) (isOurs func(commentJSON) bool, err error) {
	if app := c.rest.App(); app != 0 {
		return func(comment commentJSON) bool { return comment.App != nil && comment.App.ID == app }, nil
	}
	var user struct {
		ID int64 `json:"id"`
	}
	if _, err := c.rest.Get(ctx, "user", "", &user); err != nil {
		return nil, fmt.Errorf("get the token's user: %w", err)
	}
	return func(comment commentJSON) bool {
		return user.ID != 0 && comment.User != nil && comment.User.ID == user.ID && comment.App == nil
	}, nil
}
