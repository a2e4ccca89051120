package github

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// pairTransport sends requests in pairs. A request waits for another one, so two requests in sequence never arrive.
type pairTransport chan struct{}

// RoundTrip implements http.RoundTripper.
func (t pairTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case t <- struct{}{}:
	case <-t:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestFilesAreReadInParallelWithTheList(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	number := repo.Open(githubtest.PullRequest{Files: []githubtest.File{{Name: "a"}}})
	wants := wantChanges
	wants.Expected = webhookContent(t, repo, number)
	got := readShop(t, newClient(t, url, Options{Transport: make(pairTransport), Timeout: 5 * time.Second}), wants)
	assertEqual(t, &preview.Changes{Paths: []string{"a"}}, got.PullRequests[0].Changes)
	assertEqual(t, 2, s.Charged())
}

// webhookContent returns the pull request as a webhook shows it.
func webhookContent(t *testing.T, repo *githubtest.Repo, number int) []preview.PullRequest {
	t.Helper()
	pr, ok := repo.PullRequest(number)
	if !ok {
		t.Fatalf("there is no pull request %d", number)
	}
	return []preview.PullRequest{{Number: number, HeadSHA: pr.HeadSHA, BaseSHA: pr.BaseSHA}}
}

func TestWebhookContentIsNoFact(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change  func(*githubtest.Repo, []preview.PullRequest)
		want    []string
		charged int
	}{
		"a newer head": {
			func(r *githubtest.Repo, prs []preview.PullRequest) { r.Push(prs[0].Number, githubtest.File{Name: "b"}) },
			[]string{"b"},
			3,
		},
		"another base": {
			func(_ *githubtest.Repo, prs []preview.PullRequest) { prs[0].BaseSHA = "other" }, []string{"a"}, 3,
		},
		"an unknown number": {
			func(_ *githubtest.Repo, prs []preview.PullRequest) { prs[0].Number = 7 }, []string{"a"}, 3,
		},
		"no number": {
			func(_ *githubtest.Repo, prs []preview.PullRequest) { prs[0].Number = 0 }, []string{"a"}, 2,
		},
		"labels that make it unwanted": {
			func(_ *githubtest.Repo, prs []preview.PullRequest) { prs[0].Labels = []string{"no"} }, []string{"a"}, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			number := repo.Open(githubtest.PullRequest{Files: []githubtest.File{{Name: "a"}}})
			wants := preview.Wants{Changes: func(pr preview.PullRequest) bool { return len(pr.Labels) == 0 }}
			wants.Expected = webhookContent(t, repo, number)
			tc.change(repo, wants.Expected)
			got := readShop(t, newClient(t, url, Options{}), wants)
			assertEqual(t, []int{1}, numbersOf(got))
			assertEqual(t, &preview.Changes{Paths: tc.want}, got.PullRequests[0].Changes)
			assertEqual(t, tc.charged, s.Charged())
		})
	}
}

func TestKnownFilesAreNotPrefetched(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	number := repo.Open(githubtest.PullRequest{Files: []githubtest.File{{Name: "a"}}})
	c := newClient(t, url, Options{})
	readShop(t, c, wantChanges)
	s.ResetCounts()
	wants := wantChanges
	wants.Expected = webhookContent(t, repo, number)
	readShop(t, c, wants)
	assertEqual(t, 0, s.Charged())
}

func TestFilesOfAnotherRepositoryWithTheNameAreNotKept(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	number := repo.Open(githubtest.PullRequest{Files: []githubtest.File{{Name: "a"}}})
	c := newClient(t, url, Options{})
	readShop(t, c, preview.Wants{})
	repo.Rename("acme/renamed")
	other := s.AddRepository("acme/shop")
	other.Open(githubtest.PullRequest{Files: []githubtest.File{{Name: "other"}}})
	wants := wantChanges
	wants.Expected = webhookContent(t, repo, number)
	var refused *preview.IdentityError
	if _, err := c.Repository(t.Context(), "acme/shop", wants); !errors.As(err, &refused) {
		t.Fatalf("error %v, want one about the repository's identity", err)
	}
	other.Delete()
	repo.Rename("acme/shop")
	got := readShop(t, c, wants)
	assertEqual(t, &preview.Changes{Paths: []string{"a"}}, got.PullRequests[0].Changes)
}
