package github

import (
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestBot(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		user  any
		isBot bool
	}{
		"a human":                          {map[string]any{"login": "alice", "type": "User"}, false},
		"an App":                           {map[string]any{"login": "renovate[bot]", "type": "Bot"}, true},
		"an App with the login of a human": {map[string]any{"login": "Copilot", "type": "Bot"}, true},
		"an App without a type":            {map[string]any{"login": "renovate[bot]"}, true},
		"a human with the name of a bot":   {map[string]any{"login": "renovate-bot", "type": "User"}, false},
		"a deleted account":                {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, repo, url := startGitHub(t)
			repo.Open(githubtest.PullRequest{Raw: map[string]any{"user": tc.user}})
			assertEqual(t, tc.isBot, readShop(t, newClient(t, url, Options{}), preview.Wants{}).PullRequests[0].Bot)
		})
	}
}
