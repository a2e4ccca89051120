package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestReadWithoutChangesCostsNothing(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 250)
	repo.SetAnnotatedTag("v1", "commit", githubtest.SHA("v1"))
	s.AddRepository("acme/empty")
	c := newClient(t, url, Options{})
	wants := preview.Wants{Branches: []string{"main"}, Tags: []string{"v1"}, Changes: always}
	first := readShop(t, c, wants)
	s.ResetCounts()
	second := readShop(t, c, wants)
	assertEqual(t, first.PullRequests, second.PullRequests)
	assertEqual(t, first.Tags, second.Tags)
	assertEqual(t, numbersUpTo(250), numbersOf(second))
	assertEqual(t, 0, s.Charged())
	assertEqual(t, 5, s.Count(http.StatusNotModified)) // 3 pages, branch, tag
	assertEqual(t, 5, s.Count())

	readEmpty := func() {
		if _, err := c.Repository(t.Context(), "acme/empty", preview.Wants{}); err != nil {
			t.Fatal(err)
		}
	}
	readEmpty()
	s.ResetCounts()
	readEmpty()
	assertEqual(t, 0, s.Charged())
}

func TestCancelledReadIsAnError(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 3)
	c := newClient(t, url, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	s.After(`/files`, cancel)
	s.Inject(githubtest.Fault{Match: `/files`, Status: 500})
	if _, err := c.Repository(ctx, "acme/shop", wantChanges); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

// polls is the number of polls in TestHourWithoutChangesCostsNothing, one per minute.
const polls = 60

func TestHourWithoutChangesCostsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := githubtest.New()
		names := addRepositories(s, 50)
		c := newInProcessClient(t, s)
		wants := preview.Wants{
			Branches: []string{"main", "release", "none"}, Tags: []string{"v1", "v2"}, BranchChecks: true,
			Changes: always, Checks: always,
			Approvals: func(p preview.PullRequest) bool { return p.HeadRepositoryID != p.BaseRepositoryID },
		}
		readAll := func() {
			for _, name := range names {
				if _, err := c.Repository(t.Context(), name, wants); err != nil {
					t.Fatal(err)
				}
			}
		}
		readAll()
		t.Logf("the first read of %d repositories: %d requests, %d charged", len(names), s.Count(), s.Charged())
		s.ResetCounts()
		for range polls {
			if pause := c.Pause(time.Minute); pause != time.Minute {
				t.Fatalf("pause %v, but nothing is charged", pause)
			}
			time.Sleep(time.Minute)
			readAll()
		}
		t.Logf("%d polls of unchanged repositories: %d requests, %d charged", polls, s.Count(), s.Charged())
		assertEqual(t, 0, s.Charged())
		assertEqual(t, s.Count(), s.Count(http.StatusNotModified))

		s.ResetCounts()
		s.Repository("acme/r7").Label(1, "preview")
		if _, err := c.Repository(t.Context(), "acme/r7", wants); err != nil {
			t.Fatal(err)
		}
		assertEqual(t, 1, s.Charged())
	})
}

// addRepositories adds n repositories of every kind: without pull requests, with forks, with and without reviews and
// checks.
func addRepositories(s *githubtest.Server, n int) []string {
	var names []string
	for i := range n {
		name := fmt.Sprintf("acme/r%d", i)
		names = append(names, name)
		r := s.AddRepository(name)
		r.SetBranch("release", githubtest.SHA(name))
		r.SetBranch("none-of-these", githubtest.SHA(name))
		r.SetAnnotatedTag("v1", "commit", githubtest.SHA(name))
		r.SetStatus(githubtest.SHA(name), githubtest.Status{State: "success"})
		if i%10 == 0 {
			continue
		}
		head := githubtest.SHA(name + " head")
		r.Open(githubtest.PullRequest{HeadSHA: head, Files: []githubtest.File{{Name: "a"}}})
		r.SetStatus(head, githubtest.Status{State: "success"})
		r.Open(githubtest.PullRequest{HeadRepository: r.Fork("mallory").ID})
		r.Review(2, githubtest.Review{Author: "wendy", State: "APPROVED"})
	}
	return names
}
