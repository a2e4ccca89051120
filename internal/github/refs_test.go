package github

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestRefs(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	one, two := githubtest.SHA("one"), githubtest.SHA("two")
	for _, name := range []string{"dev", "feature/a#%2F&\u00fc", "main-2"} {
		repo.SetBranch(name, one)
	}
	repo.SetTag("light", one)
	inner := repo.SetAnnotatedTag("inner", "commit", two)
	repo.SetAnnotatedTag("nested", "tag", inner)
	repo.SetAnnotatedTag("tree", "tree", githubtest.SHA("a tree"))
	wants := preview.Wants{
		Branches: []string{"dev", "feature/a#%2F&\u00fc", "mai", "light", "../../pulls", "a b", ""},
		Tags:     []string{"light", "inner", "nested", "tree", "dev", "none", "../heads/dev"},
	}
	var token atomic.Value
	token.Store("one")
	c := newClient(t, url, Options{Token: func() (string, error) { return token.Load().(string), nil }})
	got := readShop(t, c, wants)
	assertEqual(t, 10, countRequests(s, "/git/matching-refs/")) // no request for invalid names
	assertEqual(t, 1, s.Count(http.StatusNotFound))             // "mai", which is a prefix of "main"
	assertEqual(t, map[string]string{"dev": one, "feature/a#%2F&\u00fc": one}, got.Branches)
	assertEqual(t, map[string]string{"light": one, "inner": two, "nested": two}, got.Tags)

	repo.SetTag("light", two)
	repo.DeleteBranch("dev")
	token.Store("two") // new ETags for all refs; tag objects aren't read again
	s.ResetCounts()
	got = readShop(t, c, wants)
	assertEqual(t, map[string]string{"feature/a#%2F&\u00fc": one}, got.Branches)
	assertEqual(t, map[string]string{"light": two, "inner": two, "nested": two}, got.Tags)
	assertEqual(t, 0, countRequests(s, "/git/tags/"+inner))

	other := `{"ref":"refs/heads/dev-2","object":{"sha":"` + one + `","type":"commit"}}`
	s.Inject(githubtest.Fault{Match: "git/matching-refs/heads/dev", Status: 200, Body: "[" + other + "]"})
	s.Inject(githubtest.Fault{Match: "git/ref/heads/dev", Status: 200, Body: other})
	assertEqual(t, map[string]string{}, readShop(t, c, preview.Wants{Branches: []string{"dev"}}).Branches)

	for name, fault := range map[string]githubtest.Fault{
		"500": {Status: 500}, "404": {Status: 404}, "no list": {Status: 200, Body: "null"},
	} {
		s.ClearFaults()
		fault.Match = "git/matching-refs/heads/main"
		s.Inject(fault)
		if err := readShopError(t, c, "get heads/main"); !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestMissingRefCostsNothing(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 1)
	repo.SetBranch("dev-1", githubtest.SHA("1"))
	c := newClient(t, url, Options{})
	wants := preview.Wants{Branches: []string{"dev", "main", "none"}, Tags: []string{"v1"}}
	first := readShop(t, c, wants)
	s.ResetCounts()
	assertEqual(t, first.Branches, readShop(t, c, wants).Branches)
	assertEqual(t, 0, s.Charged())
	repo.SetBranch("none", githubtest.SHA("2"))
	assertEqual(t, githubtest.SHA("2"), readShop(t, c, wants).Branches["none"])
	assertEqual(t, 2, s.Charged()) // the ref, and the list of pull requests, which changes with each activity
	repo.DeleteBranch("none")
	s.ResetCounts()
	assertEqual(t, first.Branches, readShop(t, c, wants).Branches)
	assertEqual(t, 2, s.Charged())

	// If GitHub doesn't list the ref itself first, the ref is read itself.
	s.Inject(githubtest.Fault{
		Match: "matching-refs/heads/main", Status: 200,
		Body: `[{"ref":"refs/heads/main-2","object":{"sha":"x","type":"commit"}}]`,
	})
	assertEqual(t, first.Branches, readShop(t, newClient(t, url, Options{}), wants).Branches)
}

func TestLongChainOfTagObjectsIsAnError(t *testing.T) {
	t.Parallel()
	_, repo, url := startGitHub(t)
	sha, kind := githubtest.SHA("x"), "commit"
	for i := range maxTagObjects + 1 {
		sha = repo.SetAnnotatedTag(fmt.Sprintf("t%d", i), kind, sha)
		kind = "tag"
	}
	wants := preview.Wants{Tags: []string{fmt.Sprintf("t%d", maxTagObjects)}}
	_, err := newClient(t, url, Options{}).Repository(t.Context(), "acme/shop", wants)
	if err == nil || !strings.Contains(err.Error(), "more than 5 tag objects") {
		t.Errorf("error %v", err)
	}
}
