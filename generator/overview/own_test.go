package overview_test

import (
	"net/http"
	"testing"

	"github.com/previewset/previewset/generator/overview"
	"github.com/previewset/previewset/generator/testworld"
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
		if got := overview.IsOwn(login, row, decisions, claims); got != want {
			t.Errorf("%q: own %v", login, got)
		}
	}
	if !overview.IsOwn("mallory", nil, decisions[1:], nil) {
		t.Error("a held pull request without an environment isn't its author's own")
	}
}

// A link for guests ends when its preview is removed.
func TestLinkEndsWithThePreview(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := newSite(t, w)
	link := s.newLink(t)
	w.Change(func() {
		w.Tree = testworld.Tree(2, testworld.DeployPolicy)
		w.Tree.Files[config.AccessFile] = config.File{Content: []byte(access)}
	})
	s.Refresh(t.Context())
	if got := s.get(t, link, nil); got.Code != http.StatusOK {
		t.Errorf("while the preview waits for confirmation: %d", got.Code)
	}
	s.post(t, "/previews/shop-pr-7/confirm", "", someone("root"))
	s.Refresh(t.Context())
	if got := s.get(t, link, nil); got.Code != http.StatusNotFound {
		t.Errorf("after the removal: %d", got.Code)
	}
}
