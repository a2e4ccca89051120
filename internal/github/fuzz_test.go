package github

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/githubtest"
	"github.com/previewset/previewset/internal/preview"
)

// goodAnswers are the least that GitHub can say, by kind of request.
var goodAnswers = map[string]string{
	"pulls":      `[` + goodPull(1) + `,` + goodPull(2) + `]`,
	"pull":       goodPull(1),
	"files":      `[{"filename":"a"},{"filename":"b","previous_filename":"c"}]`,
	"reviews":    `[{"id":1,"user":{"login":"carol","type":"User"},"state":"APPROVED","commit_id":"c0ffee"}]`,
	"permission": `{"permission":"write","user":{"login":"carol","type":"User"}}`,
	"commit":     `{"sha":"c0ffee","author":{"login":"alice"},"committer":{"login":"alice"}}`,
	"statuses":   `[{"id":1,"context":"image","state":"success","creator":{"login":"ci[bot]"}}]`,
	"checks":     `{"check_runs":[{"id":1,"name":"image","head_sha":"c0ffee","status":"completed","conclusion":"success","app":{"slug":"actions"}}]}`,
	"ref":        `[{"ref":"refs/heads/main","object":{"sha":"c0ffee","type":"commit"}},{"ref":"refs/tags/v1","object":{"sha":"7a6","type":"tag"}}]`,
	"tag":        `{"object":{"sha":"c0ffee","type":"commit"}}`,
	"repository": `{"id":7,"full_name":"acme/shop"}`,
}

func goodPull(number int) string {
	return fmt.Sprintf(`{"number":%d,"state":"open","labels":[],"user":{"login":"alice"},"head":{"ref":"x","sha":"c0ffee","repo":{"id":7}},"base":{"ref":"main","sha":"ba5e","repo":{"id":7,"full_name":"acme/shop"}}}`, number)
}

// odd is a GitHub all of whose answers are good but those of one kind.
type odd struct {
	kind        string // none where all are good
	status      int
	link, limit string
	body        []byte
	without     bool // the list of pull requests lacks the first one
	requests    int
	mu          chan struct{}
}

// RoundTrip implements http.RoundTripper.
func (o *odd) RoundTrip(req *http.Request) (*http.Response, error) {
	o.mu <- struct{}{}
	o.requests++
	<-o.mu
	kind := kindOf(req.URL.Path)
	h, status, body := http.Header{"Etag": {`W/"` + kind + `"`}}, http.StatusOK, []byte(goodAnswers[kind])
	switch {
	case kind == o.kind:
		status, body = o.status, o.body
		h = http.Header{"Etag": {`W/"2"`}, "Location": {o.link}, "Retry-After": {o.limit}, "X-Ratelimit-Limit": {o.limit}, "X-Ratelimit-Remaining": {o.limit}, "X-Ratelimit-Reset": {o.limit}}
		if req.URL.Query().Get("page") == "1" { // a list that never ends is read to its end, a thousand pages later
			h.Set("Link", o.link)
		}
	case kind == "pulls" && o.without:
		h, body = http.Header{"Etag": {`W/"3"`}}, []byte(`[`+goodPull(2)+`]`)
	}
	if status == http.StatusOK && req.Header.Get("If-None-Match") == h.Get("Etag") {
		status, body = http.StatusNotModified, nil
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewReader(body)), Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}, nil
}

// FuzzAnswers: whatever GitHub, or who answers in its place, says of one thing, a read is whole or an error; and a pull
// request that was open isn't lost, unless GitHub says of that very one that it is closed.
func FuzzAnswers(f *testing.F) {
	kinds := addAnswers(f)
	f.Fuzz(func(t *testing.T, kind, status uint, link, limit string, body []byte) {
		o := &odd{
			kind: kinds[kind%uint(len(kinds))], status: 200 + int(status%400), link: link, limit: limit, body: body, mu: make(chan struct{}, 1),
		}
		o.without = o.kind == "pull"
		if facts, err := fuzzed(t, o).Repository(t.Context(), "acme/shop", everything); err == nil {
			whole(t, o, facts)
		}
		o.kind, kind = "", kind%uint(len(kinds))
		c, without := fuzzed(t, o), o.without
		o.without = false
		if _, err := c.Repository(t.Context(), "acme/shop", everything); err != nil {
			t.Fatal(err) // nothing was odd yet
		}
		o.kind, o.without = kinds[kind], without
		if facts, err := c.Repository(t.Context(), "acme/shop", everything); err == nil {
			whole(t, o, facts)
			notLost(t, o, facts)
		}
		if o.requests > 200 {
			t.Errorf("%d requests", o.requests)
		}
	})
}

// addAnswers adds a seed for each status, and for each kind what GitHub really answers.
func addAnswers(f *testing.F) (kinds []string) {
	f.Helper()
	for kind := range goodAnswers {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	locations := []string{"http://elsewhere.example/repos/acme/shop", "/repositories/7"}
	fromGitHub := realAnswers(f)
	for i, kind := range kinds {
		next := `<http://github.example/repositories/7/pulls?page=2>; rel="next"`
		for _, body := range append([]string{"", "null", "[]", "{}", "[null]", "[{}]", `[{"number":1e999}]`, `[{"number":9223372036854775807}]`, "[]0", `{"id":-1,"full_name":"evil/shop"}`, "<html>", strings.Repeat("[", 11_000), goodAnswers[kind]}, fromGitHub[kind]...) {
			f.Add(uint(i), uint(0), next, "1", []byte(body))
			f.Add(uint(i), uint(0), "", "", []byte(body))
		}
		for _, status := range []uint{1, 4, 101, 102, 104, 107, 108, 200, 201, 203, 204, 209, 222, 229, 300, 302} {
			f.Add(uint(i), status, locations[status%2], "0", []byte(`{"message":"No"}`))
		}
	}
	f.Add(uint(slices.Index(kinds, "pull")), uint(0), "", "", []byte(strings.Replace(goodPull(1), "open", "closed", 1)))
	return kinds
}

// realAnswers are what GitHub says of a repository with a bit of everything.
func realAnswers(f *testing.F) map[string][]string {
	f.Helper()
	s := githubtest.New()
	r := s.AddRepository("acme/shop")
	head := githubtest.SHA("head")
	n := r.Open(githubtest.PullRequest{Title: "Add a cart", Author: "alice", HeadSHA: head, Labels: []string{"preview"}, Files: []githubtest.File{{Name: "a"}}})
	r.Open(githubtest.PullRequest{HeadDeleted: true, AuthorDeleted: true})
	r.Review(n, githubtest.Review{Author: "carol", State: "APPROVED"})
	r.SetStatus(head, githubtest.Status{Context: "image", State: "success"})
	r.SetCheckRun(head, githubtest.CheckRun{Name: "image", Status: "completed", Conclusion: "success"})
	tag := r.SetAnnotatedTag("v1", "commit", head)
	answers := map[string][]string{}
	for _, path := range []string{
		"", "/pulls", "/pulls/1", "/pulls/2", "/pulls/1/files", "/pulls/1/reviews", "/collaborators/carol/permission", "/commits/" + head,
		"/commits/" + head + "/statuses", "/commits/" + head + "/check-runs", "/git/matching-refs/heads/main", "/git/ref/heads/main", "/git/tags/" + tag, "/none",
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(f.Context(), http.MethodGet, "http://github.example/repos/acme/shop"+path, http.NoBody))
		kind := kindOf("/repos/acme/shop" + path)
		answers[kind] = append(answers[kind], w.Body.String())
	}
	return answers
}

var everything = preview.Wants{
	Branches: []string{"main"}, Tags: []string{"v1"}, BranchChecks: true,
	Changes: all.Changes, Checks: all.Changes, Approvals: all.Changes,
}

func fuzzed(t *testing.T, o *odd) *Client {
	t.Helper()
	return client(t, "http://github.example", Options{Transport: o})
}

// whole fails unless the facts are of the repository that was asked for and all that was listed is in them.
func whole(t *testing.T, o *odd, facts preview.Repository) {
	t.Helper()
	if owner, _, _ := strings.Cut(facts.FullName, "/"); !strings.EqualFold(owner, "acme") {
		t.Errorf("the facts are of %q", facts.FullName)
	}
	last, found, size := 0, map[int]bool{}, 0
	for _, pr := range facts.PullRequests {
		if pr.Number <= last || pr.BaseRepositoryID == 0 {
			t.Errorf("after number %d comes %+v", last, pr)
		}
		last, found[pr.Number] = pr.Number, true
		size += len(fmt.Sprint(pr))
	}
	if size > 64*len(o.body)+64<<10 {
		t.Errorf("of %d bytes became %d", len(o.body), size)
	}
	if o.kind != "pulls" || o.status == http.StatusNotModified {
		return
	}
	var listed []pullRequest
	if err := json.Unmarshal(o.body, &listed); err != nil || listed == nil {
		t.Errorf("of a list that can't be read became %d pull requests: %v", len(facts.PullRequests), err)
	}
	for _, l := range listed {
		if !found[l.Number] && l.labels() != nil {
			t.Errorf("number %d is listed, and isn't in %v", l.Number, facts.PullRequests)
		}
	}
}

// notLost fails where one of the two pull requests that were there is there no longer, without a word of GitHub's.
func notLost(t *testing.T, o *odd, facts preview.Repository) {
	t.Helper()
	numbers := numbers(facts)
	var said pullRequest
	_ = json.Unmarshal(o.body, &said) // where it is none, it says nothing
	closed := o.kind == "pull" && said.Number == 1 && said.State == "closed"
	if !slices.Contains(numbers, 2) || (!slices.Contains(numbers, 1) && !closed) {
		t.Errorf("of 1 and 2 are left %v", numbers)
	}
}
