package stories

import (
	"testing"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
)

// A labelled pull request becomes a running preview with its own commit, and goes when its label goes.
func TestLabelledPullRequestRunsUntilUnlabelled(t *testing.T) {
	w := shared
	number := w.gateway.Open(githubtest.PullRequest{Title: "Retry", Labels: []string{"preview"}, Files: []githubtest.File{{Name: "main.go"}}})
	w.WaitSynced(t, "preview-gateway-pr-1", 2*time.Minute)
	w.gateway.Unlabel(number, "preview")
	w.WaitGone(t, "preview-gateway-pr-1", 2*time.Minute)
}
