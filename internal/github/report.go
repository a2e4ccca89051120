package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	gh "github.com/google/go-github/v62/github"
)

// StatusContext names the commit status that Report sets.
const StatusContext = "previewset"

// Report sets the commit status "previewset" on a commit of the repository "owner/name". State is pending or success;
// target is a URL or "". The description has at most 140 characters.
func (c *Client) Report(ctx context.Context, repository, sha, state, description, target string) error {
	if !validRepository(repository) {
		return fmt.Errorf("set commit status: %q is not a repository", repository)
	}
	owner, name, _ := strings.Cut(repository, "/")
	s, err := c.current()
	if err != nil {
		return err
	}
	if err = s.holding(); err != nil {
		return err
	}
	status := &gh.RepoStatus{Context: new(StatusContext), State: &state, Description: &description}
	if target != "" {
		status.TargetURL = &target
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	if _, _, err = s.api.Repositories.CreateStatus(ctx, owner, name, sha, status); err != nil {
		err = fmt.Errorf("set commit status on %.7s of %s: %w", sha, repository, c.explained(s, err))
	}
	if code := statusOf(err); code == http.StatusForbidden || code == http.StatusNotFound {
		err = fmt.Errorf("%w; to set one it needs to write commit statuses", err)
	}
	return err
}
