package github

import (
	"net/http"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// together is a transport that lets two requests go only once both are there: asked for one after the other, neither arrives.
type together chan struct{}

// RoundTrip implements http.RoundTripper.
func (t together) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case t <- struct{}{}:
	case <-t:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestAnExpectedPullRequestsFilesAreReadBesideTheList(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	number := repo.Open(githubtest.PullRequest{Files: []githubtest.File{{Name: "a"}}})
	wants := all
	wants.Expected = expectedOf(t, repo, number)
	got := read(t, client(t, url, Options{Transport: make(together), Timeout: 5 * time.Second}), wants)
	diff(t, &preview.Changes{Paths: []string{"a"}}, got.PullRequests[0].Changes)
	diff(t, 2, s.Charged())
}

// expectedOf is what a webhook tells of a pull request.
func expectedOf(t *testing.T, repo *githubtest.Repo, number int) []preview.PullRequest {
	t.Helper()
	pr, ok := repo.PullRequest(number)
	if !ok {
		t.Fatalf("there is no pull request %d", number)
	}
	return []preview.PullRequest{{Number: number, HeadSHA: pr.HeadSHA, BaseSHA: pr.BaseSHA}}
}

func TestWhatIsExpectedIsNoFact(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change  func(*githubtest.Repo, []preview.PullRequest)
		want    []string
		charged int
	}{
		"a head that is another by now": {func(r *githubtest.Repo, prs []preview.PullRequest) {
			r.Push(prs[0].Number, githubtest.File{Name: "b"})
		}, []string{"b"}, 3},
		"a base that is another":              {func(_ *githubtest.Repo, prs []preview.PullRequest) { prs[0].BaseSHA = "other" }, []string{"a"}, 3},
		"a pull request that doesn't exist":   {func(_ *githubtest.Repo, prs []preview.PullRequest) { prs[0].Number = 7 }, []string{"a"}, 3},
		"no number":                           {func(_ *githubtest.Repo, prs []preview.PullRequest) { prs[0].Number = 0 }, []string{"a"}, 2},
		"a label that makes it look unwanted": {func(_ *githubtest.Repo, prs []preview.PullRequest) { prs[0].Labels = []string{"no"} }, []string{"a"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			number := repo.Open(githubtest.PullRequest{Files: []githubtest.File{{Name: "a"}}})
			wants := preview.Wants{Changes: func(pr preview.PullRequest) bool { return len(pr.Labels) == 0 }}
			wants.Expected = expectedOf(t, repo, number)
			tc.change(repo, wants.Expected)
			got := read(t, client(t, url, Options{}), wants)
			diff(t, []int{1}, numbers(got))
			diff(t, &preview.Changes{Paths: tc.want}, got.PullRequests[0].Changes)
			diff(t, tc.charged, s.Charged())
		})
	}
}

func TestFilesThatAreKnownAreNotReadAhead(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	number := repo.Open(githubtest.PullRequest{Files: []githubtest.File{{Name: "a"}}})
	c := client(t, url, Options{})
	read(t, c, all)
	s.ResetCounts()
	wants := all
	wants.Expected = expectedOf(t, repo, number)
	read(t, c, wants)
	diff(t, 0, s.Charged())
}
