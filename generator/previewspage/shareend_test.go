package previewspage_test

import (
	"net/http"
	"testing"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
)

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
	s.post(t, "/previews/shop-pr-7/confirm", "sure=1", someone("root"))
	s.Refresh(t.Context())
	if got := s.get(t, link, nil); got.Code != http.StatusNotFound {
		t.Errorf("after the removal: %d", got.Code)
	}
}
