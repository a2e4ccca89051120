package github

import (
	"fmt"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestChangedPathsAreReadOncePerHeadAndBase(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	repo.Open(githubtest.PullRequest{Files: []githubtest.File{{Name: "a"}}})
	c := newClient(t, url, Options{})
	readShop(t, c, wantChanges)
	repo.Label(1, "preview")
	s.ResetCounts()
	assertEqual(t, []string{"a"}, readShop(t, c, wantChanges).PullRequests[0].Changes.Paths)
	assertEqual(t, 1, s.Count())
	repo.Push(1, githubtest.File{Name: "b"})
	assertEqual(t, []string{"b"}, readShop(t, c, wantChanges).PullRequests[0].Changes.Paths)
	repo.Edit(1, func(p *githubtest.PullRequest) {
		p.BaseSHA, p.Files = githubtest.SHA("new base"), []githubtest.File{{Name: "c"}}
	})
	assertEqual(t, []string{"c"}, readShop(t, c, wantChanges).PullRequests[0].Changes.Paths)
	repo.Close(1)
	readShop(t, c, wantChanges)
	assertEqual(t, 0, len(c.repository("acme/shop").changes)) // closed pull requests are forgotten
}

func TestOnlyWantedChangesAreRead(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 2)
	wants := preview.Wants{Changes: func(p preview.PullRequest) bool { return p.Number == 2 }}
	got := readShop(t, newClient(t, url, Options{}), wants)
	if got.PullRequests[0].Changes != nil || got.PullRequests[1].Changes == nil {
		t.Errorf("got %+v", got.PullRequests)
	}
	assertEqual(t, 0, countRequests(s, "/pulls/1/files"))
}

func TestManyFiles(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files int
		fault string
		all   bool
		paths int
	}{
		"no file":                    {0, "", false, 0},
		"one page and one file":      {101, "", false, 101},
		"one page exactly":           {100, "", false, 100},
		"a link is missing":          {250, githubtest.NextLinkMissing, false, 250},
		"one file below the maximum": {2999, "", false, 2999},
		"the maximum of files":       {3000, "", true, 0},
		"more than the maximum":      {4000, "", true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			files := make([]githubtest.File, tc.files)
			for i := range files {
				files[i].Name = fmt.Sprintf("f%04d", i)
			}
			repo.Open(githubtest.PullRequest{Files: files})
			if tc.fault != "" {
				s.Inject(githubtest.Fault{Match: "/files", Kind: tc.fault})
			}
			got := readShop(t, newClient(t, url, Options{}), wantChanges).PullRequests[0].Changes
			assertEqual(t, tc.all, got.All)
			assertEqual(t, tc.paths, len(got.Paths))
		})
	}
}

func TestUnreadableChanges(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	repo.Open(githubtest.PullRequest{Files: []githubtest.File{{Name: "a"}}})
	c := newClient(t, url, Options{})
	before := readShop(t, c, wantChanges).PullRequests[0]
	repo.Push(1, githubtest.File{Name: "b"})
	repo.Open(githubtest.PullRequest{})
	s.Inject(githubtest.Fault{Match: "/files", Status: 500})
	got := readShop(t, c, wantChanges).PullRequests
	for i := range got {
		if !strings.Contains(got[i].Problem, "list its changed files") {
			t.Errorf("#%d has the problem %q", got[i].Number, got[i].Problem)
		}
		got[i].Problem = ""
	}
	assertEqual(t, before, got[0]) // the old head with its paths
	if got[1].Changes != nil {
		t.Errorf("#2 has changes: %v", got[1].Changes)
	}
	s.ClearFaults()
	assertEqual(t, []string{"b"}, readShop(t, c, wantChanges).PullRequests[0].Changes.Paths)
}
