package answer_test

import (
	"testing"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Only pull requests that are part of a live environment make it their author's own.
func TestHeldPullRequestsOwnNothing(t *testing.T) {
	t.Parallel()
	row := &preview.Row{Name: "checkout", Owner: "alice"}
	decisions := []*preview.Decision{
		{Outcome: preview.Live, Number: 1, Author: "bob", Environment: "checkout"},
		{Outcome: preview.Held, Number: 2, Author: "mallory", Owner: "mallory", Environment: "checkout"},
	}
	claims := map[string]config.Claim{"checkout": {Holders: []string{"carol"}}}
	for login, want := range map[string]bool{
		"alice": true, "Bob": true, "carol": true, "mallory": false, "dave": false, "": false,
	} {
		if got := answer.IsOwn(login, row, decisions, claims); got != want {
			t.Errorf("%q: own %v", login, got)
		}
	}
	if !answer.IsOwn("mallory", nil, decisions[1:], nil) {
		t.Error("a held pull request without an environment isn't its author's own")
	}
}
