package github

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func TestReadOfOneChangedPageCostsOneRequest(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 20)
	c := newClient(t, url, Options{})
	readShop(t, c, preview.Wants{})
	s.ResetCounts()
	repo.Label(7, "preview")
	got := readShop(t, c, preview.Wants{})
	assertEqual(t, []string{"preview"}, got.PullRequests[6].Labels)
	assertEqual(t, 1, s.Charged())
}

func TestCloseBetweenPagesHidesNoPullRequest(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 250)
	c := newClient(t, url, Options{})
	s.After(`pulls\?.*page=1(&|$)`, func() { repo.Close(5) })
	assertEqual(t, numbersUpTo(250, 5), numbersOf(readShop(t, c, preview.Wants{})))

	readShop(t, c, preview.Wants{})
	s.After(`pulls\?.*page=2(&|$)`, func() { repo.Merge(6) })
	assertEqual(t, numbersUpTo(250, 5, 6), numbersOf(readShop(t, c, preview.Wants{})))
}

func TestListThatKeepsChangingIsAnError(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 150)
	touchAfterPasses(repo, s, 4)
	readShopError(t, newClient(t, url, Options{}), "kept changing")
}

// touchAfterPasses makes the repository look active after each of n passes.
func touchAfterPasses(repo *githubtest.Repo, s *githubtest.Server, n int) {
	repo.Touch()
	if n > 1 {
		s.After(`pulls\?.*[?&]page=2(&|$)`, func() { touchAfterPasses(repo, s, n-1) })
	}
}

func TestMissingLinkDoesNotEndTheList(t *testing.T) {
	t.Parallel()
	s, repo, url := startGitHub(t)
	openMany(repo, 250)
	s.Inject(githubtest.Fault{Match: `pulls\?`, Kind: githubtest.NextLinkMissing})
	assertEqual(t, numbersUpTo(250), numbersOf(readShop(t, newClient(t, url, Options{}), preview.Wants{})))
}

func TestListThatEndsWithAFullPage(t *testing.T) {
	t.Parallel()
	_, repo, url := startGitHub(t)
	openMany(repo, 200)
	assertEqual(t, numbersUpTo(200), numbersOf(readShop(t, newClient(t, url, Options{}), preview.Wants{})))
}

func TestBadAnswerFailsOneRead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault githubtest.Fault
		want  string
	}{
		"500":                     {githubtest.Fault{Status: 502}, "GitHub has a problem"},
		"404":                     {githubtest.Fault{Status: 404}, "the token has no access"},
		"401":                     {githubtest.Fault{Status: 401}, "check the token"},
		"403":                     {githubtest.Fault{Status: 403}, "the token lacks a permission"},
		"a cut-off body":          {githubtest.Fault{Kind: githubtest.CutOff}, "unexpected EOF"},
		"an empty body":           {githubtest.Fault{Status: 200, Body: " "}, "decode GitHub's answer"},
		"two values":              {githubtest.Fault{Status: 200, Body: "[] []"}, "decode GitHub's answer"},
		"null":                    {githubtest.Fault{Status: 200, Body: "null"}, "no list"},
		"an object":               {githubtest.Fault{Status: 200, Body: "{}"}, "cannot unmarshal"},
		"no number":               {githubtest.Fault{Status: 200, Body: `[{"title":"x"}]`}, "without a number"},
		"a null pull request":     {githubtest.Fault{Status: 200, Body: `[null]`}, "without a number"},
		"202":                     {githubtest.Fault{Status: 202, Body: "[]"}, "try again later"},
		"204":                     {githubtest.Fault{Status: 204, Body: " "}, "decode GitHub's answer"},
		"304 without a condition": {githubtest.Fault{Status: 304}, "304"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := startGitHub(t)
			openMany(repo, 1)
			c := newClient(t, url, Options{})
			tc.fault.Match, tc.fault.Times = `pulls\?`, 1
			s.Inject(tc.fault)
			err := readShopError(t, c, tc.want)
			if prefix := "read repository acme/shop: list pull requests, page 1: "; !strings.HasPrefix(err.Error(), prefix) {
				t.Errorf("error %v lacks the prefix %q", err, prefix)
			}
			assertEqual(t, []int{1}, numbersOf(readShop(t, c, preview.Wants{})))
		})
	}
}
