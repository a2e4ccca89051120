package github

import (
	"context"
	"fmt"
	"strings"

	gh "github.com/google/go-github/v62/github"
)

// statusContext names our commit status.
const statusContext = "previewset"

// Report sets the commit status "previewset" on a commit of the repository "owner/name". State is pending or success;
// target is a URL or "". The description has at most 140 characters.
func (c *Client) Report(ctx context.Context, repository, sha, state, description, target string) error {
	owner, name, ok := strings.Cut(repository, "/")
	if !ok {
		return fmt.Errorf("set commit status: %q is not a repository", repository)
	}
	s, err := c.current()
	if err != nil {
		return err
	}
	if err = s.holding(); err != nil {
		return err
	}
	status := &gh.RepoStatus{Context: new(statusContext), State: &state, Description: &description}
	if target != "" {
		status.TargetURL = &target
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	if _, _, err = s.api.Repositories.CreateStatus(ctx, owner, name, sha, status); err != nil {
		return fmt.Errorf("set commit status on %s of %s: %w; the token needs to write commit statuses", sha[:min(7, len(sha))], repository, err)
	}
	return nil
}
