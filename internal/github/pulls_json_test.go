package github

import (
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestPullRequest(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	fork := repo.Fork("bob")
	created := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	updated := created.Add(time.Hour)
	s.SetClock(func() time.Time { return updated })
	head, base := githubtest.SHA("head"), githubtest.SHA("base")
	repo.Open(githubtest.PullRequest{
		Title: "Add \u202e cart", Author: "alice", Draft: true, Labels: []string{"preview", "Bug"},
		HeadRef: "feature/cart", HeadSHA: head, BaseSHA: base, HeadRepository: fork.ID, Created: created,
		Files: []githubtest.File{{Name: "b"}, {Name: "new", Status: "renamed", Previous: "a"}},
	})
	got := readShop(t, newClient(t, url, Options{}), wantChanges)
	want := []preview.PullRequest{{
		Number: 1, Title: "Add \u202e cart", URL: "https://github.com/acme/shop/pull/1", Author: "alice", Draft: true,
		Labels: []string{"preview", "Bug"}, Created: created, Updated: updated, Branch: "feature/cart",
		TargetBranch: "main",
		HeadSHA:      head, BaseSHA: base,
		HeadRepositoryID: fork.ID, BaseRepositoryID: repo.ID, Changes: &preview.Changes{Paths: []string{"a", "b", "new"}},
	}}
	assertEqual(t, want, got.PullRequests)
	assertEqual(t, "acme/shop", got.FullName)
	if time.Since(got.ReadAt) > time.Minute || got.ReadAt.IsZero() {
		t.Errorf("ReadAt is %v", got.ReadAt)
	}
}

func TestLongTextsAreShortened(t *testing.T) {
	t.Parallel()
	_, repo, url := startGitHub(t)
	long := strings.Repeat("x", 245<<10)
	repo.Open(githubtest.PullRequest{Title: long, Author: long, Labels: []string{"preview", long}, HeadRef: long})
	pr := readShop(t, newClient(t, url, Options{}), preview.Wants{}).PullRequests[0]
	got := map[string]string{"title": pr.Title, "author": pr.Author, "label": pr.Labels[1], "branch": pr.Branch}
	for name, most := range map[string]int{"title": 256, "author": 100, "label": 100, "branch": 255} {
		if want := strings.Repeat("x", most-1) + "…"; got[name] != want {
			t.Errorf("%s: %d bytes, want %d characters", name, len(got[name]), most)
		}
	}
}

func TestPullRequestWithNulls(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in      githubtest.PullRequest
		isValid func(preview.PullRequest) bool
	}{
		"a deleted author has no login": {
			githubtest.PullRequest{AuthorDeleted: true}, func(p preview.PullRequest) bool { return p.Author == "" },
		},
		"a deleted fork has no ID": {
			githubtest.PullRequest{HeadDeleted: true}, func(p preview.PullRequest) bool { return p.HeadRepositoryID == 0 },
		},
		"null as creation time": {withNull("created_at"), func(p preview.PullRequest) bool { return p.Created.IsZero() }},
		"null as head": {
			withNull("head"), func(p preview.PullRequest) bool { return p.HeadSHA == "" && p.HeadRepositoryID == 0 },
		},
		"null as title and draft": {
			withNull("title", "draft"), func(p preview.PullRequest) bool { return p.Title == "" && !p.Draft },
		},
		"nobody is asked for a review": {
			withNull("requested_reviewers", "requested_teams"), func(p preview.PullRequest) bool { return !p.ReviewRequested },
		},
		"a person is asked for a review": {
			githubtest.PullRequest{Raw: map[string]any{"requested_reviewers": []any{map[string]any{"login": "bob"}}}},
			func(p preview.PullRequest) bool { return p.ReviewRequested },
		},
		"a team is asked for a review": {
			githubtest.PullRequest{Raw: map[string]any{"requested_teams": []any{map[string]any{"slug": "web"}}}},
			func(p preview.PullRequest) bool { return p.ReviewRequested },
		},
		"null as base": {withNull("base"), func(p preview.PullRequest) bool { return p.BaseRepositoryID != 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, repo, url := startGitHub(t)
			repo.Open(tc.in)
			got := readShop(t, newClient(t, url, Options{}), preview.Wants{})
			if len(got.PullRequests) != 1 || !tc.isValid(got.PullRequests[0]) {
				t.Errorf("got %+v", got.PullRequests)
			}
		})
	}
}

// withNull returns a pull request with null in the fields.
func withNull(fields ...string) githubtest.PullRequest {
	raw := map[string]any{}
	for _, f := range fields {
		raw[f] = nil
	}
	return githubtest.PullRequest{Raw: raw}
}
