package previewspage_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/previewset/previewset/generator/testworld"
	"github.com/previewset/previewset/internal/config"
)

// A pull request that gets no preview isn't broken: it is on hold, below all that is live.
func TestOnHold(t *testing.T) {
	t.Parallel()
	w := newWorld()
	pr := testworld.WithPaths(testworld.PullRequest(9, "alice", "preview"), "orders/main.go")
	pr.Draft = true
	w.Repositories["acme/shop"] = testworld.Repository("acme/shop", append(w.Repositories["acme/shop"].PullRequests, pr)...)
	s := newSite(t, w)
	list := s.get(t, "/", someone("alice", "everybody"))
	all := names(t, list.Body)
	if len(all) < 2 || all[len(all)-1] != "shop-pr-9" {
		t.Errorf("the last of %v isn't the one on hold", all)
	}
	if got := names(t, s.get(t, "/?state=on+hold", someone("alice", "everybody")).Body); !slices.Equal(got, []string{"shop-pr-9"}) {
		t.Errorf("on hold: %v", got)
	}
	if got := names(t, s.get(t, "/?state=failed", someone("alice", "everybody")).Body); len(got) > 0 {
		t.Errorf("failed: %v", got)
	}
}

// The list says that the newest configuration isn't used.
func TestInvalidConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := newSite(t, w)
	w.Change(func() {
		w.Tree = testworld.Tree(2, testworld.Policy)
		w.Tree.Files["slots.yaml"] = config.File{Content: []byte("slots: [")}
	})
	s.Refresh(t.Context())
	if got := s.get(t, "/", someone("alice", "everybody")); got.Code != http.StatusOK || !strings.Contains(got.Body, "slots.yaml") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
}

func TestEndsWithThePullRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t, newWorld())
	if got := texts(t, s.get(t, "/previews/shop-pr-7", someone("root")).Body, "dd"); !slices.Contains(got, "with its pull request") {
		t.Error(got)
	}
}

// A person without a button learns the reason.
func TestHintForOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t, newWorld())
	if got := s.get(t, "/previews/shop-pr-7", someone("carol", "everybody")); !strings.Contains(got.Body, "Only its owner") {
		t.Error(got.Body)
	}
	if got := s.get(t, "/previews/shop-pr-7", someone("root")); strings.Contains(got.Body, "Only its owner") {
		t.Error("an admin is told the same")
	}
}
