package rest

import (
	"context"
	"fmt"
	"net/http"

	gh "github.com/google/go-github/v62/github"
)

// CreateStatus sets a commit status on a commit of the repository owner/name.
func (c *Client) CreateStatus(ctx context.Context, owner, name, sha string, status *gh.RepoStatus) error {
	s, err := c.currentSession()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	_, _, err = s.api.Repositories.CreateStatus(ctx, owner, name, sha, status)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("set commit status on %.7s of %s/%s: %w", sha, owner, name, c.handleError(s, err))
	if code := StatusOf(err); code == http.StatusForbidden || code == http.StatusNotFound {
		err = fmt.Errorf("%w; the token needs the permission to write commit statuses", err)
	}
	return err
}
