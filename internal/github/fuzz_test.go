package github

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/previewset/previewset/internal/github/rest"
	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// goodAnswers are minimal valid answers, by kind of request.
var goodAnswers = map[string]string{
	"pulls":      `[` + goodPull(1) + `,` + goodPull(2) + `]`,
	"pull":       goodPull(1),
	"files":      `[{"filename":"a"},{"filename":"b","previous_filename":"c"}]`,
	"reviews":    `[{"id":1,"user":{"login":"carol","type":"User"},"state":"APPROVED","commit_id":"c0ffee"}]`,
	"permission": `{"permission":"write","user":{"login":"carol","type":"User"}}`,
	"commit":     `{"sha":"c0ffee","author":{"login":"alice"},"committer":{"login":"alice"}}`,
	"statuses":   `[{"id":1,"context":"image","state":"success","creator":{"login":"ci[bot]"}}]`,
	"checks": `{"check_runs":[{"id":1,"name":"image","head_sha":"c0ffee","status":"completed","conclusion":"success",` +
		`"app":{"slug":"actions"}}]}`,
	"ref": `[{"ref":"refs/heads/main","object":{"sha":"c0ffee","type":"commit"}},` +
		`{"ref":"refs/tags/v1","object":{"sha":"7a6","type":"tag"}}]`,
	"tag":        `{"object":{"sha":"c0ffee","type":"commit"}}`,
	"repository": `{"id":7,"full_name":"acme/shop"}`,
}

func goodPull(number int) string {
	return fmt.Sprintf(`{"number":%d,"state":"open","labels":[],"user":{"login":"alice"},`+
		`"head":{"ref":"x","sha":"c0ffee","repo":{"id":7}},`+
		`"base":{"ref":"main","sha":"ba5e","repo":{"id":7,"full_name":"acme/shop"}}}`, number)
}

// faultyGitHub gives good answers, except for one kind of request.
type faultyGitHub struct {
	kind        string // the kind with the given answer; empty for none
	status      int
	link, limit string // values of headers
	body        []byte
	hidesFirst  bool // the list of pull requests lacks the first one

	mu       sync.Mutex // guards requests
	requests int
}

// RoundTrip implements http.RoundTripper.
func (g *faultyGitHub) RoundTrip(req *http.Request) (*http.Response, error) {
	g.mu.Lock()
	g.requests++
	g.mu.Unlock()
	kind := rest.Kind(req.URL.Path)
	h, status, body := http.Header{"Etag": {`W/"` + kind + `"`}}, http.StatusOK, []byte(goodAnswers[kind])
	switch {
	case kind == g.kind:
		status, body = g.status, g.body
		h = http.Header{"Etag": {`W/"2"`}, "Location": {g.link}}
		for _, name := range []string{"Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} {
			h.Set(name, g.limit)
		}
		if req.URL.Query().Get("page") == "1" { // with the link on each page the list would have 1,000 pages
			h.Set("Link", g.link)
		}
	case kind == "pulls" && g.hidesFirst:
		h, body = http.Header{"Etag": {`W/"3"`}}, []byte(`[`+goodPull(2)+`]`)
	}
	if status == http.StatusOK && req.Header.Get("If-None-Match") == h.Get("Etag") {
		status, body = http.StatusNotModified, nil
	}
	return &http.Response{
		StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewReader(body)), Request: req,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// FuzzAnswers checks reads with an arbitrary answer to one kind of request. A read is complete or an error. A known
// pull request disappears only if the answer about this one pull request says that it is closed.
func FuzzAnswers(f *testing.F) {
	kinds := addSeeds(f)
	f.Fuzz(func(t *testing.T, kind, status uint, link, limit string, body []byte) {
		g := &faultyGitHub{
			kind: kinds[kind%uint(len(kinds))], status: 200 + int(status%400), link: link, limit: limit, body: body,
		}
		g.hidesFirst = g.kind == "pull"
		if facts, err := readFaulty(t, newFaultyClient(t, g)); err == nil {
			checkComplete(t, g, facts)
		}
		faultyKind, hidesFirst := g.kind, g.hidesFirst
		g.kind, g.hidesFirst = "", false
		c := newFaultyClient(t, g)
		if _, err := readFaulty(t, c); err != nil {
			t.Fatal(err)
		}
		g.kind, g.hidesFirst = faultyKind, hidesFirst
		if facts, err := readFaulty(t, c); err == nil {
			checkComplete(t, g, facts)
			checkNothingLost(t, g, facts)
		}
		if g.requests > 200 {
			t.Errorf("%d requests", g.requests)
		}
	})
}

// addSeeds adds a seed for each status, and for each kind the answers of the simulated GitHub. It returns the kinds.
func addSeeds(f *testing.F) []string {
	f.Helper()
	kinds := slices.Sorted(maps.Keys(goodAnswers))
	locations := []string{"http://elsewhere.example/repos/acme/shop", "/repositories/7"}
	bodies := []string{
		"", "null", "[]", "{}", "[null]", "[{}]", `[{"number":1e999}]`, `[{"number":9223372036854775807}]`, "[]0",
		`{"id":-1,"full_name":"evil/shop"}`, "<html>", strings.Repeat("[", 11_000),
	}
	simulated := simulatedAnswers(f)
	for i, kind := range kinds {
		next := `<http://github.example/repositories/7/pulls?page=2>; rel="next"`
		for _, body := range slices.Concat(bodies, []string{goodAnswers[kind]}, simulated[kind]) {
			f.Add(uint(i), uint(0), next, "1", []byte(body))
			f.Add(uint(i), uint(0), "", "", []byte(body))
		}
		for _, status := range []uint{1, 4, 101, 102, 104, 107, 108, 200, 201, 203, 204, 209, 222, 229, 300, 302} {
			f.Add(uint(i), status, locations[status%2], "0", []byte(`{"message":"No"}`))
		}
	}
	closed := strings.Replace(goodPull(1), "open", "closed", 1)
	f.Add(uint(slices.Index(kinds, "pull")), uint(0), "", "", []byte(closed))
	return kinds
}

// simulatedAnswers returns the answers of the simulated GitHub, by kind of request.
func simulatedAnswers(f *testing.F) map[string][]string {
	f.Helper()
	s := githubtest.New()
	r := s.AddRepository("acme/shop")
	head := githubtest.SHA("head")
	n := r.Open(githubtest.PullRequest{
		Title: "Add a cart", Author: "alice", HeadSHA: head, Labels: []string{"preview"}, Files: []githubtest.File{{Name: "a"}},
	})
	r.Open(githubtest.PullRequest{HeadDeleted: true, AuthorDeleted: true})
	r.Review(n, githubtest.Review{Author: "carol", State: "APPROVED"})
	r.SetStatus(head, githubtest.Status{Context: "image", State: "success"})
	r.SetCheckRun(head, githubtest.CheckRun{Name: "image", Status: "completed", Conclusion: "success"})
	tag := r.SetAnnotatedTag("v1", "commit", head)
	answers := map[string][]string{}
	for _, path := range []string{
		"", "/pulls", "/pulls/1", "/pulls/2", "/pulls/1/files", "/pulls/1/reviews", "/collaborators/carol/permission",
		"/commits/" + head, "/commits/" + head + "/statuses", "/commits/" + head + "/check-runs",
		"/git/matching-refs/heads/main", "/git/ref/heads/main", "/git/tags/" + tag, "/none",
	} {
		url := "http://github.example/repos/acme/shop" + path
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(f.Context(), http.MethodGet, url, nil))
		kind := rest.Kind("/repos/acme/shop" + path)
		answers[kind] = append(answers[kind], w.Body.String())
	}
	return answers
}

func newFaultyClient(t *testing.T, g *faultyGitHub) *Client {
	t.Helper()
	return newClient(t, "http://github.example", Options{Transport: g})
}

func readFaulty(t *testing.T, c *Client) (preview.Repository, error) {
	t.Helper()
	return c.Repository(t.Context(), "acme/shop", preview.Wants{
		Branches: []string{"main"}, Tags: []string{"v1"}, BranchChecks: true,
		Changes: always, Checks: always, Approvals: always,
	})
}

// checkComplete checks that the facts are about acme/shop and contain all listed pull requests.
func checkComplete(t *testing.T, g *faultyGitHub, facts preview.Repository) {
	t.Helper()
	if owner, _, _ := strings.Cut(facts.FullName, "/"); !strings.EqualFold(owner, "acme") {
		t.Errorf("facts of %q", facts.FullName)
	}
	last, found, size := 0, map[int]bool{}, 0
	for _, pr := range facts.PullRequests {
		if pr.Number <= last || pr.BaseRepositoryID == 0 {
			t.Errorf("after number %d comes %+v", last, pr)
		}
		last, found[pr.Number] = pr.Number, true
		size += len(fmt.Sprint(pr))
	}
	if size > 64*len(g.body)+64<<10 {
		t.Errorf("%d bytes of facts for %d bytes of answer", size, len(g.body))
	}
	if g.kind != "pulls" || g.status == http.StatusNotModified {
		return
	}
	var listed []pullRequestJSON
	if err := json.Unmarshal(g.body, &listed); err != nil || listed == nil {
		t.Errorf("%d pull requests from an unreadable list: %v", len(facts.PullRequests), err)
	}
	for _, l := range listed {
		if !found[l.Number] && l.labelNames() != nil {
			t.Errorf("number %d is listed, but isn't in %v", l.Number, facts.PullRequests)
		}
	}
}

// checkNothingLost checks that the two good pull requests are still there, except for a closed one.
func checkNothingLost(t *testing.T, g *faultyGitHub, facts preview.Repository) {
	t.Helper()
	numbers := numbersOf(facts)
	var answer pullRequestJSON
	_ = json.Unmarshal(g.body, &answer) // an invalid answer doesn't close it
	isClosed := g.kind == "pull" && answer.Number == 1 && answer.State == "closed"
	if !slices.Contains(numbers, 2) || (!slices.Contains(numbers, 1) && !isClosed) {
		t.Errorf("numbers %v, want 1 and 2", numbers)
	}
}
