package github

import (
	"net/http"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestReadOfRenamedRepositoryCostsOneRequest(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 250)
	repo.SetStatus(githubtest.SHA("x"), githubtest.Status{State: "success"})
	c := newClient(t, url, Options{})
	wants := preview.Wants{Branches: []string{"main", "none"}, BranchChecks: true}
	before := readShop(t, c, wants)
	repo.Rename("Acme/store")
	readShop(t, c, wants)
	readShop(t, c, wants)
	s.ResetCounts()
	after := readShop(t, c, wants)
	assertEqual(t, 1, s.Charged())
	assertEqual(t, 1, s.Count(http.StatusMovedPermanently))
	assertEqual(t, "Acme/store", after.FullName)
	assertEqual(t, numbersUpTo(250), numbersOf(after))
	assertEqual(t, before.Branches, after.Branches)
	if _, err := c.Repository(t.Context(), "acme/STORE", wants); err != nil {
		t.Errorf("read by the new name: %v", err)
	}
}

func TestCostOfReadAfterChange(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*githubtest.Server, *githubtest.Repo)
		want   int
	}{
		"a label added":         {func(_ *githubtest.Server, r *githubtest.Repo) { r.Label(1, "preview") }, 1},
		"a renamed label":       {func(_ *githubtest.Server, r *githubtest.Repo) { r.RenameLabel("bug", "preview") }, 1},
		"a closed pull request": {func(_ *githubtest.Server, r *githubtest.Repo) { r.Close(2) }, 2},
		"a status": {func(_ *githubtest.Server, r *githubtest.Repo) {
			r.SetStatus(githubtest.SHA("1"), githubtest.Status{State: "success"})
		}, 2},
		"a check run": {func(_ *githubtest.Server, r *githubtest.Repo) {
			r.SetCheckRun(githubtest.SHA("1"), githubtest.CheckRun{Name: "x"})
		}, 2},
		"a review": {func(_ *githubtest.Server, r *githubtest.Repo) {
			r.Review(1, githubtest.Review{Author: "wendy", State: "APPROVED"})
		}, 2},
		"a new reviewer": {func(_ *githubtest.Server, r *githubtest.Repo) {
			r.Review(1, githubtest.Review{Author: "bob", State: "APPROVED"})
		}, 3},
		"a pushed branch":  {func(_ *githubtest.Server, r *githubtest.Repo) { r.SetBranch("main", githubtest.SHA("1")) }, 2},
		"a pushed head":    {func(_ *githubtest.Server, r *githubtest.Repo) { r.Push(1) }, 5}, // list, files, statuses, check runs, commit
		"another activity": {func(_ *githubtest.Server, r *githubtest.Repo) { r.Touch() }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			repo.Open(githubtest.PullRequest{HeadSHA: githubtest.SHA("1"), Labels: []string{"bug"}})
			openMany(repo, 1)
			repo.Review(1, githubtest.Review{Author: "wendy", State: "APPROVED"})
			c := newClient(t, url, Options{})
			one := func(p preview.PullRequest) bool { return p.Number == 1 }
			wants := preview.Wants{Branches: []string{"main"}, Changes: one, Checks: one, Approvals: one}
			readShop(t, c, wants)
			s.ResetCounts()
			tc.change(s, repo)
			readShop(t, c, wants)
			assertEqual(t, tc.want, s.Charged())
			readShop(t, c, wants)
			assertEqual(t, tc.want, s.Charged())
		})
	}
}
