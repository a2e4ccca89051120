package preview

import (
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// ownerOf returns the login that a pull request counts for in limits.perOwner. It is the author, or for a bot's pull
// request the human who last added a label that requests it. If a workflow or a deleted account added that label, or
// the label was renamed, it is the bot.
func ownerOf(policy config.PullRequestPolicy, pr PullRequest) string {
	if !pr.Bot {
		return pr.Author
	}
	for _, l := range slices.Backward(pr.Labellings) {
		isPresent := slices.ContainsFunc(pr.Labels, func(has string) bool { return strings.EqualFold(has, l.Label) })
		if !isPresent || parseLabels(policy, []string{l.Label}).isUnlabelled() {
			continue
		}
		if l.Human && l.By != "" {
			return l.By
		}
		break
	}
	return pr.Author
}
