package github

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gh "github.com/google/go-github/v62/github"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

func start(t *testing.T) (*githubtest.Server, *githubtest.Repo, string) {
	t.Helper()
	s := githubtest.New()
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	return s, s.AddRepository("acme/shop"), ts.URL
}

func client(t *testing.T, url string, o Options) *Client {
	t.Helper()
	o.BaseURL = url
	if o.App == nil && o.Token == nil {
		o.Token = func() (string, error) { return "secret", nil }
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, c *Client, wants preview.Wants) preview.Repository {
	t.Helper()
	r, err := c.Repository(t.Context(), "acme/shop", wants)
	if err != nil {
		t.Fatalf("Repository: %v", err)
	}
	return r
}

func readError(t *testing.T, c *Client, want string) error {
	t.Helper()
	_, err := c.Repository(t.Context(), "acme/shop", preview.Wants{Branches: []string{"main"}})
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("error %v, want one with %q", err, want)
	}
	return err
}

func numbers(r preview.Repository) []int {
	out := []int{}
	for _, p := range r.PullRequests {
		out = append(out, p.Number)
	}
	return out
}

func upTo(n int, without ...int) []int {
	out := []int{}
	for i := 1; i <= n; i++ {
		skip := false
		for _, w := range without {
			skip = skip || w == i
		}
		if !skip {
			out = append(out, i)
		}
	}
	return out
}

func diff(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

var all = preview.Wants{Changes: func(preview.PullRequest) bool { return true }}

func open(r *githubtest.Repo, n int) {
	for range n {
		r.Open(githubtest.PullRequest{})
	}
}

func TestReadsAPullRequest(t *testing.T) {
	t.Parallel()
	_, repo, url := start(t)
	fork := repo.Fork("bob")
	created := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	head, base := githubtest.SHA("head"), githubtest.SHA("base")
	repo.Open(githubtest.PullRequest{
		Title: "Add \u202e cart", Author: "alice", Draft: true, Labels: []string{"preview", "Bug"}, HeadRef: "feature/cart", HeadSHA: head,
		BaseSHA: base, HeadRepository: fork.ID, Created: created,
		Files: []githubtest.File{{Name: "b"}, {Name: "new", Status: "renamed", Previous: "a"}},
	})
	got := read(t, client(t, url, Options{}), all)
	want := []preview.PullRequest{{
		Number: 1, Title: "Add \u202e cart", URL: "https://github.com/acme/shop/pull/1", Author: "alice", Draft: true,
		Labels: []string{"preview", "Bug"}, Created: created, Branch: "feature/cart", TargetBranch: "main", HeadSHA: head, BaseSHA: base,
		HeadRepositoryID: fork.ID, BaseRepositoryID: repo.ID, Changes: &preview.Changes{Paths: []string{"a", "b", "new"}},
	}}
	diff(t, want, got.PullRequests)
	diff(t, "acme/shop", got.FullName)
	if time.Since(got.ReadAt) > time.Minute || got.ReadAt.IsZero() {
		t.Errorf("ReadAt is %v", got.ReadAt)
	}
}

func TestNullsAreOrdinary(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in   githubtest.PullRequest
		test func(preview.PullRequest) bool
	}{
		"a ghost has no login":          {githubtest.PullRequest{AuthorDeleted: true}, func(p preview.PullRequest) bool { return p.Author == "" }},
		"a deleted fork has no ID":      {githubtest.PullRequest{HeadDeleted: true}, func(p preview.PullRequest) bool { return p.HeadRepositoryID == 0 }},
		"the creation time may be null": {githubtest.PullRequest{Raw: map[string]any{"created_at": nil}}, func(p preview.PullRequest) bool { return p.Created.IsZero() }},
		"the head may be null":          {githubtest.PullRequest{Raw: map[string]any{"head": nil}}, func(p preview.PullRequest) bool { return p.HeadSHA == "" && p.HeadRepositoryID == 0 }},
		"title and draft may be null":   {githubtest.PullRequest{Raw: map[string]any{"title": nil, "draft": nil}}, func(p preview.PullRequest) bool { return p.Title == "" && !p.Draft }},
		"the base may be null":          {githubtest.PullRequest{Raw: map[string]any{"base": nil}}, func(p preview.PullRequest) bool { return p.BaseRepositoryID != 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, repo, url := start(t)
			repo.Open(tc.in)
			got := read(t, client(t, url, Options{}), preview.Wants{})
			if len(got.PullRequests) != 1 || !tc.test(got.PullRequests[0]) {
				t.Errorf("got %+v", got.PullRequests)
			}
		})
	}
}

func TestUnchangedCostsNothing(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 250)
	repo.SetAnnotatedTag("v1", "commit", githubtest.SHA("v1"))
	s.AddRepository("acme/empty")
	c := client(t, url, Options{})
	wants := preview.Wants{Branches: []string{"main"}, Tags: []string{"v1"}, Changes: all.Changes}
	first := read(t, c, wants)
	s.ResetCounts()
	second := read(t, c, wants)
	diff(t, first.PullRequests, second.PullRequests)
	diff(t, first.Tags, second.Tags)
	diff(t, upTo(250), numbers(second))
	diff(t, 0, s.Charged())
	diff(t, 5, s.Count(http.StatusNotModified)) // 3 pages, branch, tag
	diff(t, 5, s.Count())

	empty := func() {
		if _, err := c.Repository(t.Context(), "acme/empty", preview.Wants{}); err != nil {
			t.Fatal(err)
		}
	}
	empty()
	s.ResetCounts()
	empty()
	diff(t, 0, s.Charged())
}

func TestActivityCostsOneRequestWhereOnePageIsEnough(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 20)
	c := client(t, url, Options{})
	read(t, c, preview.Wants{})
	s.ResetCounts()
	repo.Label(7, "preview")
	got := read(t, c, preview.Wants{})
	diff(t, []string{"preview"}, got.PullRequests[6].Labels)
	diff(t, 1, s.Charged())
}

func TestClosingBetweenPagesLosesNobody(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 250)
	c := client(t, url, Options{})
	s.After(`pulls\?.*page=1(&|$)`, func() { repo.Close(5) })
	diff(t, upTo(250, 5), numbers(read(t, c, preview.Wants{})))

	read(t, c, preview.Wants{})
	s.After(`pulls\?.*page=2(&|$)`, func() { repo.Merge(6) })
	diff(t, upTo(250, 5, 6), numbers(read(t, c, preview.Wants{})))
}

func TestAListThatKeepsChangingIsAnError(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 150)
	again(repo, s, maxPasses)
	readError(t, client(t, url, Options{}), "kept changing")
}

// again makes the repository look active after each of n passes.
func again(repo *githubtest.Repo, s *githubtest.Server, n int) {
	repo.Touch()
	if n > 1 {
		s.After(`pulls\?.*[?&]page=2(&|$)`, func() { again(repo, s, n-1) })
	}
}

func TestAMissingPullRequestIsReadDirectly(t *testing.T) {
	t.Parallel()
	hide := githubtest.Fault{Match: `pulls\?`, Times: 1, Status: 200, Body: "[]"}
	for name, tc := range map[string]struct {
		prepare func(*githubtest.Server, *githubtest.Repo)
		want    []int
		problem bool
	}{
		"it is closed: gone":                    {func(_ *githubtest.Server, r *githubtest.Repo) { r.Close(2) }, []int{1, 3}, false},
		"it is open: kept":                      {func(s *githubtest.Server, _ *githubtest.Repo) { s.Inject(hide) }, []int{1, 2, 3}, false},
		"GitHub says 404: kept":                 {broken(hide, 404), []int{1, 2, 3}, true},
		"GitHub says 500: kept":                 {broken(hide, 500), []int{1, 2, 3}, true},
		"GitHub answers with {}: kept":          {brokenBody(hide, "{}"), []int{1, 2, 3}, true},
		"GitHub shows another number: kept":     {brokenBody(hide, `{"number":9,"state":"closed","base":{"repo":{"id":1001}}}`), []int{1, 2, 3}, true},
		"GitHub shows another repository: kept": {brokenBody(hide, `{"number":3,"state":"closed","base":{"repo":{"id":9}}}`), []int{1, 2, 3}, true},
		"GitHub says a third state: kept":       {brokenBody(hide, `{"number":3,"state":"odd","base":{"repo":{"id":1001}}}`), []int{1, 2, 3}, true},
		"GitHub answers with nothing: kept":     {brokenBody(hide, " "), []int{1, 2, 3}, true},
		"its labels are null: kept":             {labelledAs(nil), []int{1, 2, 3}, true},
		"one of its labels is null: kept":       {labelledAs([]any{nil}), []int{1, 2, 3}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			open(repo, 3)
			c := client(t, url, Options{})
			before := read(t, c, preview.Wants{})
			tc.prepare(s, repo)
			got := read(t, c, preview.Wants{})
			diff(t, tc.want, numbers(got))
			last := got.PullRequests[len(got.PullRequests)-1]
			diff(t, tc.problem, last.Problem != "")
			last.Problem = ""
			diff(t, before.PullRequests[2], last)
		})
	}
}

func labelledAs(labels any) func(*githubtest.Server, *githubtest.Repo) {
	return func(_ *githubtest.Server, r *githubtest.Repo) {
		r.Edit(3, func(p *githubtest.PullRequest) { p.Raw = map[string]any{"labels": labels} })
	}
}

func broken(hide githubtest.Fault, status int) func(*githubtest.Server, *githubtest.Repo) {
	return func(s *githubtest.Server, _ *githubtest.Repo) {
		s.Inject(hide)
		s.Inject(githubtest.Fault{Match: `pulls/`, Status: status})
	}
}

func brokenBody(hide githubtest.Fault, body string) func(*githubtest.Server, *githubtest.Repo) {
	return func(s *githubtest.Server, _ *githubtest.Repo) {
		s.Inject(hide)
		s.Inject(githubtest.Fault{Match: `pulls/`, Status: 200, Body: body})
	}
}

func TestAMissingLinkDoesNotEndTheList(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 250)
	s.Inject(githubtest.Fault{Match: `pulls\?`, Kind: githubtest.NextLinkMissing})
	diff(t, upTo(250), numbers(read(t, client(t, url, Options{}), preview.Wants{})))
}

func TestAListThatEndsAtAFullPage(t *testing.T) {
	t.Parallel()
	_, repo, url := start(t)
	open(repo, 200)
	diff(t, upTo(200), numbers(read(t, client(t, url, Options{}), preview.Wants{})))
}

func TestABadAnswerIsAnErrorAndThenForgotten(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault githubtest.Fault
		want  string
	}{
		"500":                       {githubtest.Fault{Status: 502}, "GitHub has a problem"},
		"404":                       {githubtest.Fault{Status: 404}, "the token may not read it"},
		"401":                       {githubtest.Fault{Status: 401}, "check the token"},
		"403":                       {githubtest.Fault{Status: 403}, "it needs to read"},
		"a cut-off body":            {githubtest.Fault{Kind: githubtest.CutOff}, "unexpected EOF"},
		"an empty body":             {githubtest.Fault{Status: 200, Body: " "}, "can't be read"},
		"two values":                {githubtest.Fault{Status: 200, Body: "[] []"}, "can't be read"},
		"null":                      {githubtest.Fault{Status: 200, Body: "null"}, "no list"},
		"an object":                 {githubtest.Fault{Status: 200, Body: "{}"}, "cannot unmarshal"},
		"no number":                 {githubtest.Fault{Status: 200, Body: `[{"title":"x"}]`}, "without a number"},
		"a null pull request":       {githubtest.Fault{Status: 200, Body: `[null]`}, "without a number"},
		"202":                       {githubtest.Fault{Status: 202, Body: "[]"}, "try again later"},
		"204":                       {githubtest.Fault{Status: 204, Body: " "}, "can't be read"},
		"304 that nobody asked for": {githubtest.Fault{Status: 304}, "304"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			open(repo, 1)
			c := client(t, url, Options{})
			tc.fault.Match, tc.fault.Times = `pulls\?`, 1
			s.Inject(tc.fault)
			if err := readError(t, c, tc.want); !strings.HasPrefix(err.Error(), "read repository acme/shop: list pull requests, page 1: ") {
				t.Errorf("error %v doesn't say what was read", err)
			}
			diff(t, []int{1}, numbers(read(t, c, preview.Wants{})))
		})
	}
}

func TestASlowGitHubHasADeadline(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 1)
	s.Inject(githubtest.Fault{Match: `pulls\?`, Delay: time.Hour})
	err := readError(t, client(t, url, Options{Timeout: 50 * time.Millisecond}), "no whole answer within 50ms")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v isn't a deadline", err)
	}
}

func TestACancelledReadIsAnError(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 3)
	c := client(t, url, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	s.After(`/files`, cancel)
	s.Inject(githubtest.Fault{Match: `/files`, Status: 500})
	if _, err := c.Repository(ctx, "acme/shop", all); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the read was cancelled", err)
	}
}

func TestACancelledDirectReadIsAnError(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 2)
	c := client(t, url, Options{})
	read(t, c, preview.Wants{})
	repo.Close(1)
	ctx, cancel := context.WithCancel(t.Context())
	s.After(`pulls/1`, cancel)
	s.Inject(githubtest.Fault{Match: `pulls/1`, Status: 500})
	if _, err := c.Repository(ctx, "acme/shop", preview.Wants{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the read was cancelled", err)
	}
}

func TestAHugeAnswerIsRefused(t *testing.T) {
	t.Parallel()
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for range 100 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	t.Cleanup(ts.Close)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ts.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client(t, ts.URL, Options{}).wire.RoundTrip(req) // parsing so much would only be slow
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var tooLarge *http.MaxBytesError
	if n, err := io.Copy(io.Discard, resp.Body); n != maxBody || !errors.As(err, &tooLarge) {
		t.Errorf("read %d bytes, error %v", n, err)
	}
}

func TestChangedPathsAreReadOncePerHeadAndBase(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	repo.Open(githubtest.PullRequest{Files: []githubtest.File{{Name: "a"}}})
	c := client(t, url, Options{})
	read(t, c, all)
	repo.Label(1, "preview")
	s.ResetCounts()
	diff(t, []string{"a"}, read(t, c, all).PullRequests[0].Changes.Paths)
	diff(t, 1, s.Count())
	repo.Push(1, githubtest.File{Name: "b"})
	diff(t, []string{"b"}, read(t, c, all).PullRequests[0].Changes.Paths)
	repo.Edit(1, func(p *githubtest.PullRequest) {
		p.BaseSHA, p.Files = githubtest.SHA("new base"), []githubtest.File{{Name: "c"}}
	})
	diff(t, []string{"c"}, read(t, c, all).PullRequests[0].Changes.Paths)
	repo.Close(1)
	read(t, c, all)
	diff(t, 0, len(c.entry("acme/shop").changes)) // nothing is kept of what is closed
}

func TestOnlyWantedChangesAreRead(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 2)
	got := read(t, client(t, url, Options{}), preview.Wants{Changes: func(p preview.PullRequest) bool { return p.Number == 2 }})
	if got.PullRequests[0].Changes != nil || got.PullRequests[1].Changes == nil {
		t.Errorf("got %+v", got.PullRequests)
	}
	diff(t, 0, s.Requests()[githubtest.Request{Method: "GET", Path: "/repos/acme/shop/pulls/1/files", Status: 200}])
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
		"one less than GitHub lists": {2999, "", false, 2999},
		"as many as GitHub lists":    {3000, "", true, 0},
		"more than GitHub lists":     {4000, "", true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			files := make([]githubtest.File, tc.files)
			for i := range files {
				files[i].Name = fmt.Sprintf("f%04d", i)
			}
			repo.Open(githubtest.PullRequest{Files: files})
			if tc.fault != "" {
				s.Inject(githubtest.Fault{Match: "/files", Kind: tc.fault})
			}
			got := read(t, client(t, url, Options{}), all).PullRequests[0].Changes
			diff(t, tc.all, got.All)
			diff(t, tc.paths, len(got.Paths))
		})
	}
}

func TestUnreadableChanges(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	repo.Open(githubtest.PullRequest{Files: []githubtest.File{{Name: "a"}}})
	c := client(t, url, Options{})
	before := read(t, c, all).PullRequests[0]
	repo.Push(1, githubtest.File{Name: "b"})
	repo.Open(githubtest.PullRequest{})
	s.Inject(githubtest.Fault{Match: "/files", Status: 500})
	got := read(t, c, all).PullRequests
	for i := range got {
		if !strings.Contains(got[i].Problem, "list its changed files") {
			t.Errorf("#%d has the problem %q", got[i].Number, got[i].Problem)
		}
		got[i].Problem = ""
	}
	diff(t, before, got[0]) // the old head with its paths
	if got[1].Changes != nil {
		t.Errorf("paths of #2 came from nowhere: %v", got[1].Changes)
	}
	s.ClearFaults()
	diff(t, []string{"b"}, read(t, c, all).PullRequests[0].Changes.Paths)
}

func TestRefs(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
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
	c := client(t, url, Options{Token: func() (string, error) { return token.Load().(string), nil }})
	got := read(t, c, wants)
	diff(t, 10, asked(s, "/git/matching-refs/")) // names that Git can't have aren't asked for
	diff(t, 1, s.Count(http.StatusNotFound))     // "mai", because there is "main"
	diff(t, map[string]string{"dev": one, "feature/a#%2F&\u00fc": one}, got.Branches)
	diff(t, map[string]string{"light": one, "inner": two, "nested": two}, got.Tags)

	repo.SetTag("light", two)
	repo.DeleteBranch("dev")
	token.Store("two") // all refs are sent again, but tag objects never change
	s.ResetCounts()
	got = read(t, c, wants)
	diff(t, map[string]string{"feature/a#%2F&\u00fc": one}, got.Branches)
	diff(t, map[string]string{"light": two, "inner": two, "nested": two}, got.Tags)
	diff(t, 0, s.Requests()[githubtest.Request{Method: "GET", Path: "/repos/acme/shop/git/tags/" + inner, Status: 200}])

	other := `{"ref":"refs/heads/dev-2","object":{"sha":"` + one + `","type":"commit"}}`
	s.Inject(githubtest.Fault{Match: "git/matching-refs/heads/dev", Status: 200, Body: "[" + other + "]"})
	s.Inject(githubtest.Fault{Match: "git/ref/heads/dev", Status: 200, Body: other})
	diff(t, map[string]string{}, read(t, c, preview.Wants{Branches: []string{"dev"}}).Branches)

	for name, fault := range map[string]githubtest.Fault{"500": {Status: 500}, "404": {Status: 404}, "no list": {Status: 200, Body: "null"}} {
		s.ClearFaults()
		fault.Match = "git/matching-refs/heads/main"
		s.Inject(fault)
		if err := readError(t, c, "get heads/main"); !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// asked is how many requests had a path with the text.
func asked(s *githubtest.Server, text string) (n int) {
	for r, times := range s.Requests() {
		if strings.Contains(r.Path, text) {
			n += times
		}
	}
	return n
}

func TestARefThatDoesNotExistIsAskedForFreely(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	open(repo, 1)
	repo.SetBranch("dev-1", githubtest.SHA("1"))
	c := client(t, url, Options{})
	wants := preview.Wants{Branches: []string{"dev", "main", "none"}, Tags: []string{"v1"}}
	first := read(t, c, wants)
	s.ResetCounts()
	diff(t, first.Branches, read(t, c, wants).Branches)
	diff(t, 0, s.Charged())
	repo.SetBranch("none", githubtest.SHA("2"))
	diff(t, githubtest.SHA("2"), read(t, c, wants).Branches["none"])
	diff(t, 2, s.Charged()) // the list of pull requests shows every activity
	repo.DeleteBranch("none")
	s.ResetCounts()
	diff(t, first.Branches, read(t, c, wants).Branches)
	diff(t, 2, s.Charged())

	// GitHub should list the ref itself first. If it doesn't, the ref is asked for.
	s.Inject(githubtest.Fault{Match: "matching-refs/heads/main", Status: 200, Body: `[{"ref":"refs/heads/main-2","object":{"sha":"x","type":"commit"}}]`})
	diff(t, first.Branches, read(t, client(t, url, Options{}), wants).Branches)
}

func TestTagsOfTagsAreBounded(t *testing.T) {
	t.Parallel()
	_, repo, url := start(t)
	sha, kind := githubtest.SHA("x"), "commit"
	for i := range maxPeels + 1 {
		sha = repo.SetAnnotatedTag(fmt.Sprintf("t%d", i), kind, sha)
		kind = "tag"
	}
	_, err := client(t, url, Options{}).Repository(t.Context(), "acme/shop", preview.Wants{Tags: []string{fmt.Sprintf("t%d", maxPeels)}})
	if err == nil || !strings.Contains(err.Error(), "more than 5 tags") {
		t.Errorf("error %v", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault githubtest.Fault
		is    func(error) bool
		want  string
	}{
		"the quota is used up":   {githubtest.Fault{Kind: githubtest.RateLimited}, isA[*gh.RateLimitError], "the quota of 5000 requests an hour is used up; it is tried again after 20"},
		"secondary limit as 403": {githubtest.Fault{Kind: githubtest.SecondaryLimit}, isA[*gh.AbuseRateLimitError], "slow down; it is tried again after 20"},
		"secondary limit as 429": {githubtest.Fault{Kind: githubtest.SecondaryLimit, Status: 429}, isA[*gh.AbuseRateLimitError], "slow down; it is tried again after 20"},
		"429 that says nothing":  {githubtest.Fault{Status: 429}, isA[*gh.AbuseRateLimitError], "slow down; it is tried again after 20"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			open(repo, 1)
			var token atomic.Value
			token.Store("one")
			c := client(t, url, Options{Token: func() (string, error) { return token.Load().(string), nil }})
			tc.fault.Match, tc.fault.Times = `pulls\?`, 1
			s.Inject(tc.fault)
			err := readError(t, c, tc.want)
			if !tc.is(err) {
				t.Errorf("error %v has another type", err)
			}
			sent := s.Count()
			if err := readError(t, c, "it is tried again after 20"); !tc.is(err) {
				t.Errorf("error %v has another type", err)
			}
			diff(t, sent, s.Count()) // nothing is sent before that
			token.Store("two")
			diff(t, []int{1}, numbers(read(t, c, preview.Wants{})))
		})
	}
}

func isA[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func TestTokenRotation(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	s.AllowToken("one")
	s.AllowToken("two")
	repo.SetPrivate(true)
	open(repo, 250)
	var token atomic.Value
	token.Store("one")
	c := client(t, url, Options{Token: func() (string, error) { return token.Load().(string) + "\n", nil }})
	read(t, c, preview.Wants{})
	s.RevokeToken("one")
	readError(t, c, "check the token")
	token.Store("two")
	s.ResetCounts()
	diff(t, upTo(250), numbers(read(t, c, preview.Wants{})))
	diff(t, 3, s.Charged())
	s.ResetCounts()
	read(t, c, preview.Wants{})
	diff(t, 0, s.Charged())
	token.Store(" ")
	readError(t, c, "the GitHub token is empty")
}

// appKey is a GitHub App's, and its text in PEM.
func appKey(t *testing.T) (key *rsa.PrivateKey, text []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

func TestGitHubApp(t *testing.T) {
	t.Parallel()
	key, text := appKey(t)
	s, repo, url := start(t)
	s.AllowApp(7, 8, &key.PublicKey, "acme/shop")
	repo.SetPrivate(true)
	open(repo, 1)
	app := func(id, installation int64, key []byte) *Client {
		return client(t, url+"/api/v3", Options{App: &App{ID: id, Installation: installation, Key: func() ([]byte, error) { return key, nil }}})
	}
	c := app(7, 8, text)
	diff(t, []int{1}, numbers(read(t, c, preview.Wants{})))
	diff(t, []int{1}, numbers(read(t, c, preview.Wants{})))
	diff(t, 1, s.Requests()[githubtest.Request{Method: "POST", Path: "/app/installations/8/access_tokens", Status: 201}])
	s.Inject(githubtest.Fault{Match: `pulls`, Times: 1, Status: 401}) // somebody revoked the token: another one is made
	readError(t, c, "GitHub doesn't accept the credentials")
	read(t, c, preview.Wants{})
	diff(t, 2, s.Requests()[githubtest.Request{Method: "POST", Path: "/app/installations/8/access_tokens", Status: 201}])
	readError(t, app(9, 8, text), "check the App's ID")
	readError(t, app(7, 9, text), "check the App's ID")
	readError(t, app(7, 8, []byte("no key")), "isn't an RSA private key")
}

func TestANameThatBelongsToAnotherRepository(t *testing.T) {
	t.Parallel()
	for name, prs := range map[string]int{"with pull requests": 1, "without any": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, repo, url := start(t)
			open(repo, 1)
			c := client(t, url, Options{})
			read(t, c, preview.Wants{})
			repo.Rename("acme/elsewhere")
			got := read(t, c, preview.Wants{})
			diff(t, []int{1}, numbers(got)) // GitHub redirects
			diff(t, "acme/elsewhere", got.FullName)
			other := s.AddRepository("acme/shop")
			open(other, prs)
			want := fmt.Sprintf("belongs to another repository (ID %d → %d)", repo.ID, other.ID)
			readError(t, c, want)
			readError(t, c, want)
			other.Delete()
			repo.Rename("acme/shop")
			diff(t, []int{1}, numbers(read(t, c, preview.Wants{})))
		})
	}
}

func TestRedirectsStayAtTheGitHubThatWasAsked(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(other.Close)
	ts := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusMovedPermanently))
	t.Cleanup(ts.Close)
	readError(t, client(t, ts.URL, Options{}), "isn't the GitHub that was asked")
	diff(t, int32(0), asked.Load())
}

func TestWhatIsObserved(t *testing.T) {
	t.Parallel()
	s, repo, url := start(t)
	repo.SetBranch("x/pulls", githubtest.SHA("x"))
	repo.SetAnnotatedTag("v1", "commit", githubtest.SHA("x"))
	open(repo, 1)
	var mu sync.Mutex
	got := map[string]int{}
	c := client(t, url, Options{Observe: func(kind string, status int, fromCache bool, _ time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		got[fmt.Sprintf("%s %d %t", kind, status, fromCache)]++
	}})
	wants := preview.Wants{Branches: []string{"x/pulls"}, Tags: []string{"v1"}, Changes: all.Changes}
	read(t, c, wants)
	read(t, c, wants)
	diff(t, map[string]int{
		"pulls 200 false": 1, "pulls 304 true": 1, "files 200 false": 1, "ref 200 false": 2, "ref 304 true": 2, "tag 200 false": 1,
	}, got)
	diff(t, Rate{Limit: 5000, Remaining: 5000 - s.Charged()}, Rate{Limit: c.Rate().Limit, Remaining: c.Rate().Remaining})
	if c.Rate().Reset.Before(time.Now()) {
		t.Errorf("the reset %v is over", c.Rate().Reset)
	}
}

func TestRepositoriesInParallel(t *testing.T) {
	t.Parallel()
	s, _, url := start(t)
	c := client(t, url, Options{})
	var wg sync.WaitGroup
	for i := range 8 {
		name := fmt.Sprintf("acme/r%d", i%4)
		if i < 4 {
			open(s.AddRepository(name), i+1)
		}
		wg.Go(func() {
			got, err := c.Repository(t.Context(), name, all)
			if err != nil || len(got.PullRequests) != i%4+1 {
				t.Errorf("%s: %d pull requests, %v", name, len(got.PullRequests), err)
			}
		})
	}
	wg.Wait()
}

func TestRefusedSettingsAndNames(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"user info":         {BaseURL: "https://me:hunter2@github.example.com"},
		"bad user info":     {BaseURL: "https://me:hunter2%zz@github.example.com"},
		"no scheme":         {BaseURL: "github.example.com"},
		"another scheme":    {BaseURL: "file:///etc"},
		"a query":           {BaseURL: "https://github.example.com?x=1"},
		"an App's key only": {App: &App{Key: func() ([]byte, error) { return nil, nil }}},
	} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	c := client(t, "http://127.0.0.1:1", Options{})
	for _, name := range []string{"", "shop", "acme/shop/x", "../x", "acme/..", "acme/.", "acme/sh op", "acme/x?y"} {
		if _, err := c.Repository(t.Context(), name, preview.Wants{}); err == nil || !strings.Contains(err.Error(), "write owner/name") {
			t.Errorf("%q: error %v", name, err)
		}
	}
}
