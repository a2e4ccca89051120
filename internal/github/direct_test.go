package github

import (
	"context"
	"errors"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestMissingPullRequestIsReadDirectly(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		prepare    func(*githubtest.Server, *githubtest.Repo)
		isClosed   bool
		hasProblem bool
	}{
		"closed":                  {func(_ *githubtest.Server, r *githubtest.Repo) { r.Close(3) }, true, false},
		"open":                    {func(s *githubtest.Server, _ *githubtest.Repo) { s.Inject(emptyList) }, false, false},
		"status 404":              {hideWith(githubtest.Fault{Status: 404}), false, true},
		"status 500":              {hideWith(githubtest.Fault{Status: 500}), false, true},
		"an empty object":         {hideWithBody("{}"), false, true},
		"another number":          {hideWithBody(`{"number":9,"state":"closed","base":{"repo":{"id":1001}}}`), false, true},
		"another repository":      {hideWithBody(`{"number":3,"state":"closed","base":{"repo":{"id":9}}}`), false, true},
		"an unknown state":        {hideWithBody(`{"number":3,"state":"odd","labels":[],"base":{"repo":{"id":1001}}}`), false, true},
		"an empty body":           {hideWithBody(" "), false, true},
		"null instead of labels":  {setRawLabels(nil), false, true},
		"null instead of a label": {setRawLabels([]any{nil}), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			openMany(repo, 3)
			c := newClient(t, url, Options{})
			before := readShop(t, c, preview.Wants{})
			tc.prepare(s, repo)
			got := readShop(t, c, preview.Wants{})
			if tc.isClosed {
				assertEqual(t, []int{1, 2}, numbersOf(got))
				return
			}
			assertEqual(t, []int{1, 2, 3}, numbersOf(got))
			last := got.PullRequests[len(got.PullRequests)-1]
			assertEqual(t, tc.hasProblem, last.Problem != "")
			last.Problem, last.Stale = "", false
			assertEqual(t, before.PullRequests[2], last)
		})
	}
}

var emptyList = githubtest.Fault{Match: `pulls\?`, Times: 1, Status: 200, Body: "[]"}

// hideWith hides all pull requests in the list and injects the fault for direct reads.
func hideWith(fault githubtest.Fault) func(*githubtest.Server, *githubtest.Repo) {
	fault.Match = `pulls/`
	return func(s *githubtest.Server, _ *githubtest.Repo) {
		s.Inject(emptyList)
		s.Inject(fault)
	}
}

func hideWithBody(body string) func(*githubtest.Server, *githubtest.Repo) {
	return hideWith(githubtest.Fault{Status: 200, Body: body})
}

func setRawLabels(labels any) func(*githubtest.Server, *githubtest.Repo) {
	return func(_ *githubtest.Server, r *githubtest.Repo) {
		r.Edit(3, func(p *githubtest.PullRequest) { p.Raw = map[string]any{"labels": labels} })
	}
}

func TestCancelledDirectReadIsAnError(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 2)
	c := newClient(t, url, Options{})
	readShop(t, c, preview.Wants{})
	repo.Close(1)
	ctx, cancel := context.WithCancel(t.Context())
	s.After(`pulls/1`, cancel)
	s.Inject(githubtest.Fault{Match: `pulls/1`, Status: 500})
	if _, err := c.Repository(ctx, "acme/shop", preview.Wants{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}
