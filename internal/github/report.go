package github

import (
	"context"
	"fmt"
	"strings"

	gh "github.com/google/go-github/v62/github"

	"github.com/previewset/previewset/internal/config"
)

// StatusContext is the name of the commit status that Report sets.
const StatusContext = "previewset"

// Report sets the commit status "previewset" on a commit of the repository "owner/name". State is pending or success;
// target is a URL or empty. The description has at most 140 characters.
func (c *Client) Report(ctx context.Context, repository, sha, state, description, target string) error {
	if !config.IsRepository(repository) {
		return fmt.Errorf("set commit status: invalid repository name %q; write owner/name", repository)
	}
	owner, name, _ := strings.Cut(repository, "/")
	status := &gh.RepoStatus{Context: new(StatusContext), State: &state, Description: &description}
	if target != "" {
		status.TargetURL = &target
	}
	return c.rest.CreateStatus(ctx, owner, name, sha, status)
}
