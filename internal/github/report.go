package github

import (
	"context"
	"fmt"
	"net/http"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/github/rest"
)

// StatusContext is the name of the commit status that Report sets.
const StatusContext = "previewset"

// Report sets the commit status "previewset" on a commit of the repository "owner/name". State is pending, success or
// failure; target is a URL or empty. The description has at most 140 characters.
func (c *Client) Report(ctx context.Context, repository, sha, state, description, target string) error {
	status := map[string]string{"context": StatusContext, "state": state, "description": description}
	if target != "" {
		status["target_url"] = target
	}
	err := c.write(ctx, http.MethodPost, repository, "/statuses/"+sha, status, nil)
	return explainWrite(err, fmt.Sprintf("set commit status on %.7s of %s", sha, repository), "commit statuses")
}

// write sends a request that changes a repository. Path is the part after the repository.
func (c *Client) write(ctx context.Context, method, repository, path string, in, out any) error {
	if !config.IsRepository(repository) {
		return fmt.Errorf("invalid repository name %q; write owner/name", repository)
	}
	return c.rest.Write(ctx, method, "repos/"+repository+path, in, out)
}

// exists tells a missing object from a missing permission: GitHub answers 404 for both. It is true if that is unknown.
// Path is the part after the repository.
func (c *Client) exists(ctx context.Context, repository, path string) bool {
	var found struct{}
	_, err := c.rest.Get(ctx, "repos/"+repository+path, "", &found)
	return rest.StatusOf(err) != http.StatusNotFound
}

// explainWrite adds the action to an error, and the permission that may be missing.
func explainWrite(err error, action, permission string) error {
	switch {
	case err == nil:
		return nil
	case rest.IsRefused(err):
		return fmt.Errorf("%s: %w; the token needs the permission to write %s", action, err, permission)
	}
	return fmt.Errorf("%s: %w", action, err)
}

// IsRefused reports whether GitHub refused a report, because the credentials may not write it.
func IsRefused(err error) bool { return rest.IsRefused(err) }
