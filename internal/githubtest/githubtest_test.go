package githubtest

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type gitHub struct {
	*Server
	t   *testing.T
	url string
}

func start(t *testing.T) *gitHub {
	t.Helper()
	s := New()
	ts := httptest.NewServer(s)
	t.Cleanup(ts.Close)
	return &gitHub{Server: s, t: t, url: ts.URL}
}

type response struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
}

func (g *gitHub) do(method, path, body string, header ...string) response {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), method, g.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // no redirects
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return response{status: resp.StatusCode, header: resp.Header, body: string(b), err: err}
}

func (g *gitHub) get(path string, header ...string) response { return g.do("GET", path, "", header...) }

func (g *gitHub) expect(want int, r response) response {
	g.t.Helper()
	if r.status != want {
		g.t.Fatalf("status %d, want %d: %s", r.status, want, r.body)
	}
	return r
}

func parse[T any](t *testing.T, r response) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%v in %q", err, r.body)
	}
	return v
}

func numbers(t *testing.T, r response) []int {
	t.Helper()
	out := []int{}
	for _, p := range parse[[]struct{ Number int }](t, r) {
		out = append(out, p.Number)
	}
	return out
}

func diff(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func as(token string) []string { return []string{"Authorization", "Bearer " + token} }

func TestPagination(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	for range 5 {
		r.Open(PullRequest{})
	}
	r.Close(3)
	for query, want := range map[string]struct {
		numbers []int
		links   string
	}{
		"":                          {[]int{5, 4, 2, 1}, ""},
		"?direction=asc":            {[]int{1, 2, 4, 5}, ""},
		"?state=all&direction=asc":  {[]int{1, 2, 3, 4, 5}, ""},
		"?state=closed":             {[]int{3}, ""},
		"?head=acme:change-4":       {[]int{4}, ""},
		"?base=dev":                 {[]int{}, ""},
		"?per_page=2&direction=asc": {[]int{1, 2}, "next 2, last 2"},
		"?per_page=2&page=2":        {[]int{2, 1}, "prev 1, first 1"},
		"?per_page=1&page=2":        {[]int{4}, "prev 1, next 3, last 4, first 1"},
		"?per_page=2&page=9":        {[]int{}, "prev 2, first 1"},
	} {
		got := g.expect(200, g.get("/repos/ACME/shop/pulls"+query))
		diff(t, want.numbers, numbers(t, got))
		diff(t, want.links, links(got.header.Get("Link")))
	}
	next := g.get("/api/v3/repos/acme/shop/pulls?per_page=2").header.Get("Link")
	next = strings.TrimPrefix(strings.Split(next, ">")[0], "<"+g.url)
	diff(t, fmt.Sprintf("/api/v3/repositories/%d/pulls?page=2&per_page=2", r.ID), next)
	diff(t, []int{2, 1}, numbers(t, g.get(next)))
}

// links shortens a Link header to its relations and pages.
func links(header string) string {
	var out []string
	for l := range strings.SplitSeq(header, ", ") {
		address, rel, found := strings.Cut(l, ">; rel=")
		if found {
			u, _ := url.Parse(strings.Trim(address, "<"))
			out = append(out, strings.Trim(rel, `"`)+" "+u.Query().Get("page"))
		}
	}
	return strings.Join(out, ", ")
}

func TestETags(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{HeadRepository: r.Fork("bob").ID})
	const list = "/repos/acme/shop/pulls"
	etag := func(token string) string { return g.expect(200, g.get(list, as(token)...)).header.Get("ETag") }
	one := etag("one")
	if !strings.HasPrefix(one, `W/"`) || one == etag("two") {
		t.Errorf("ETag %s isn't weak or is the same for another token", one)
	}
	conditional := func() response { return g.get(list, "Authorization", "token one", "If-None-Match", one) }
	charged := g.Charged()
	not := g.expect(304, conditional())
	diff(t, "", not.body)
	diff(t, one, not.header.Get("ETag"))
	diff(t, charged, g.Charged())
	for name, change := range map[string]func(){
		"a label":        func() { r.Label(1, "preview") },
		"another branch": func() { r.SetBranch("other", SHA("x")) },
		"a status":       func() { r.SetStatus(SHA("x"), Status{State: "success"}) },
		"a review":       func() { r.Review(1, Review{State: "APPROVED"}) },
	} {
		one = etag("one")
		g.expect(304, conditional())
		change()
		if conditional().status != 200 {
			t.Errorf("%s doesn't change the list", name)
		}
	}
}

func TestQuota(t *testing.T) {
	t.Parallel()
	g := start(t)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	g.SetClock(func() time.Time { return now })
	g.SetQuota(2)
	g.AddRepository("acme/shop")
	first := g.expect(200, g.get("/repos/acme/shop", as("one")...))
	diff(t, "1", first.header.Get("X-RateLimit-Remaining"))
	diff(t, fmt.Sprint(now.Add(time.Hour).Unix()), first.header.Get("X-RateLimit-Reset"))
	g.expect(404, g.get("/repos/acme/none", as("one")...))
	refused := g.expect(403, g.get("/repos/acme/shop", as("one")...))
	diff(t, true, strings.Contains(refused.body, "API rate limit exceeded"))
	diff(t, "0", refused.header.Get("X-RateLimit-Remaining"))
	g.expect(200, g.get("/rate_limit", as("one")...))
	g.expect(200, g.get("/repos/acme/shop", as("two")...))
	now = now.Add(time.Hour)
	g.expect(200, g.get("/repos/acme/shop", as("one")...))
}

func TestWhoMayRead(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.AddRepository("acme/open")
	g.AddRepository("acme/closed").SetPrivate(true)
	g.AllowToken("all")
	g.AllowToken("some", "acme/other")
	g.expect(200, g.get("/repos/acme/open"))
	g.expect(404, g.get("/repos/acme/closed"))
	g.expect(200, g.get("/repos/acme/closed", as("all")...))
	g.expect(404, g.get("/repos/acme/closed/pulls", as("some")...))
	diff(t, true, strings.Contains(g.expect(401, g.get("/repos/acme/open", as("wrong")...)).body, "Bad credentials"))
	g.expect(401, g.do("POST", "/repos/acme/open/statuses/x", "{}"))
	g.RevokeToken("all")
	g.expect(401, g.get("/repos/acme/open", as("all")...))
}

func TestFaults(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	for range 3 {
		r.Open(PullRequest{})
	}
	g.Inject(Fault{Match: `^GET /repos/acme/shop$`, Times: 2, Status: 502})
	for _, want := range []int{502, 502, 200} {
		g.expect(want, g.get("/repos/acme/shop"))
	}
	g.Inject(Fault{Match: `pulls`, Times: 1, Kind: RateLimited})
	diff(t, "0", g.expect(403, g.get("/repos/acme/shop/pulls")).header.Get("X-RateLimit-Remaining"))
	g.Inject(Fault{Match: `pulls`, Times: 1, Kind: SecondaryLimit, Status: 429, RetryAfter: 7 * time.Second})
	diff(t, "7", g.expect(429, g.get("/repos/acme/shop/pulls")).header.Get("Retry-After"))
	g.Inject(Fault{Match: `pulls`, Times: 1, Kind: CutOff})
	if cut := g.get("/repos/acme/shop/pulls"); !errors.Is(cut.err, io.ErrUnexpectedEOF) {
		t.Errorf("reading the cut-off body: %v", cut.err)
	}
	g.Inject(Fault{Match: `pulls`, Kind: PageMissing})
	diff(t, "prev 1, first 1", links(g.get("/repos/acme/shop/pulls?per_page=1&page=2").header.Get("Link")))
	g.ClearFaults()
	diff(t, "next 2, last 3", links(g.get("/repos/acme/shop/pulls?per_page=1").header.Get("Link")))
	g.After(`pulls$`, func() { r.Close(1) })
	diff(t, []int{3, 2, 1}, numbers(t, g.get("/repos/acme/shop/pulls")))
	diff(t, []int{3, 2}, numbers(t, g.get("/repos/acme/shop/pulls")))
}

func TestCounts(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.AddRepository("acme/shop")
	g.get("/repos/acme/shop")
	g.get("/api/v3/repos/acme/shop?x=1")
	g.get("/nothing")
	diff(t, map[Request]int{
		{Method: "GET", Path: "/repos/acme/shop", Status: 200}: 2, {Method: "GET", Path: "/nothing", Status: 404}: 1,
	}, g.Requests())
	diff(t, 2, g.Count(200))
	diff(t, 3, g.Charged())
	g.ResetCounts()
	diff(t, 0, g.Count())
}

func TestPullRequestsByREST(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	g.expect(201, g.do("POST", "/repos/acme/shop/git/refs", `{"ref":"refs/heads/a/b","sha":"`+SHA("1")+`"}`))
	g.expect(201, g.do("POST", "/repos/acme/shop/pulls", `{"title":"T","head":"a/b","base":"main"}`))
	g.expect(200, g.do("POST", "/repos/acme/shop/issues/1/labels", `{"labels":["preview","x/y"]}`))
	g.expect(200, g.do("DELETE", "/repos/acme/shop/issues/1/labels/x%2Fy", ""))
	g.expect(404, g.do("DELETE", "/repos/acme/shop/issues/1/labels/x%2Fy", ""))
	g.expect(200, g.do("PATCH", "/repos/acme/shop/pulls/1", `{"title":"U","draft":true}`))
	g.expect(200, g.do("PATCH", "/repos/acme/shop/git/refs/heads/a/b", `{"sha":"`+SHA("2")+`"}`))
	got, _ := r.PullRequest(1)
	diff(t, []any{"U", true, []string{"preview"}, SHA("2"), "open"}, []any{got.Title, got.Draft, got.Labels, got.HeadSHA, got.State})
	g.expect(405, g.do("PUT", "/repos/acme/shop/pulls/1/merge", "{}"))
	g.expect(200, g.do("PATCH", "/repos/acme/shop/pulls/1", `{"draft":false}`))
	g.expect(404, g.get("/repos/acme/shop/pulls/1/merge"))
	g.expect(200, g.do("PUT", "/repos/acme/shop/pulls/1/merge", "{}"))
	g.expect(204, g.get("/repos/acme/shop/pulls/1/merge"))
	g.expect(422, g.do("PATCH", "/repos/acme/shop/pulls/1", `{"state":"open"}`))
	shown := parse[struct {
		State  string
		Merged bool
		Closed string `json:"closed_at"`
		Head   struct{ Repo struct{ ID int64 } }
	}](t, g.get("/repos/acme/shop/pulls/1"))
	diff(t, []any{"closed", true, true, r.ID}, []any{shown.State, shown.Merged, shown.Closed != "", shown.Head.Repo.ID})
	g.expect(400, g.do("PATCH", "/repos/acme/shop/pulls/1", `{`))
}

func TestWhatCanBeNull(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	fork := r.Fork("bob")
	r.Open(PullRequest{Ghost: true, HeadRepository: fork.ID, Raw: map[string]any{"created_at": nil}})
	before := g.get("/repos/acme/shop/pulls/1").body
	diff(t, true, strings.Contains(before, `"full_name":"bob/shop"`))
	fork.Delete()
	got := parse[map[string]any](t, g.get("/repos/acme/shop/pulls/1"))
	head, _ := got["head"].(map[string]any)
	diff(t, []any{nil, nil, nil}, []any{got["user"], head["repo"], got["created_at"]})
	if _, shown := head["repo"]; !shown {
		t.Error("head.repo is left out instead of null")
	}
}

func TestRefs(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.SetBranch("feature/ü#1", SHA("1"))
	tag := r.SetAnnotatedTag("v1", "commit", SHA("1"))
	type ref struct{ Ref, SHA, Type string }
	show := func(path string) ref {
		o := parse[struct {
			Ref    string
			Object struct{ SHA, Type string }
		}](t, g.expect(200, g.get("/repos/acme/shop/git/"+path)))
		return ref{o.Ref, o.Object.SHA, o.Object.Type}
	}
	diff(t, ref{"refs/heads/feature/ü#1", SHA("1"), "commit"}, show("ref/heads/feature/%C3%BC%231"))
	diff(t, ref{"refs/tags/v1", tag, "tag"}, show("ref/tags/v1"))
	diff(t, ref{"", SHA("1"), "commit"}, show("tags/"+tag))
	g.expect(404, g.get("/repos/acme/shop/git/ref/heads/feature"))
	diff(t, true, strings.Contains(g.get("/repos/acme/shop/git/matching-refs/heads/feat").body, "refs/heads/feature/"))
	diff(t, "[]", g.get("/repos/acme/shop/git/matching-refs/heads/none").body)
	diff(t, true, strings.Contains(g.expect(200, g.get("/repos/acme/shop/commits/v1")).body, SHA("1")))
	g.expect(200, g.get("/repos/acme/shop/branches/feature/%C3%BC%231"))
	g.expect(204, g.do("DELETE", "/repos/acme/shop/git/refs/tags/v1", ""))
	g.expect(404, g.get("/repos/acme/shop/git/ref/tags/v1"))
}

func TestStatusesChecksAndReviews(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{HeadSHA: SHA("1")})
	r.SetStatus(SHA("1"), Status{Context: "image", State: "pending"})
	g.expect(201, g.do("POST", "/repos/acme/shop/statuses/"+SHA("1"), `{"context":"image","state":"success"}`))
	g.expect(422, g.do("POST", "/repos/acme/shop/statuses/"+SHA("1"), `{"state":"fine"}`))
	r.SetCheckRun(SHA("1"), CheckRun{Name: "build", Status: "in_progress"})
	r.SetCheckRun(SHA("1"), CheckRun{Name: "build", Conclusion: "success"})
	id := r.Review(1, Review{Author: "carol", State: "APPROVED"})
	r.DismissReview(1, id)
	commit := "/repos/acme/shop/commits/" + SHA("1")
	diff(t, 2, len(parse[[]any](t, g.get(commit+"/statuses"))))
	diff(t, "success", parse[struct{ State string }](t, g.get(commit+"/status")).State)
	runs := parse[struct {
		CheckRuns []struct{ Conclusion string } `json:"check_runs"`
	}](t, g.get(commit+"/check-runs?check_name=build"))
	diff(t, []struct{ Conclusion string }{{"success"}}, runs.CheckRuns)
	type review struct {
		State    string
		CommitID string `json:"commit_id"`
	}
	diff(t, []review{{"DISMISSED", SHA("1")}}, parse[[]review](t, g.get("/repos/acme/shop/pulls/1/reviews")))
}

func TestFiles(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{Files: append([]File{{Name: "new", Status: "renamed", Previous: "old"}}, make([]File, 3500)...)})
	first := g.get("/repos/acme/shop/pulls/1/files?per_page=1000")
	files := parse[[]struct {
		Filename string
		Previous string `json:"previous_filename"`
	}](t, first)
	diff(t, []any{100, "new", "old"}, []any{len(files), files[0].Filename, files[0].Previous})
	diff(t, "next 2, last 30", links(first.header.Get("Link")))
}

func TestRenamedAndTakenNames(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{})
	g.expect(200, g.do("PATCH", "/repos/acme/shop", `{"name":"store"}`))
	moved := g.expect(301, g.get("/api/v3/repos/acme/shop/pulls?page=1"))
	diff(t, fmt.Sprintf("%s/api/v3/repositories/%d/pulls?page=1", g.url, r.ID), moved.header.Get("Location"))
	g.expect(307, g.do("PATCH", "/repos/acme/shop/pulls/1", "{}"))
	diff(t, []int{1}, numbers(t, g.get(fmt.Sprintf("/repositories/%d/pulls", r.ID))))
	g.expect(200, g.get(fmt.Sprintf("/repositories/%d", r.ID)))
	other := g.AddRepository("acme/shop")
	diff(t, other.ID, parse[struct{ ID int64 }](t, g.get("/repos/acme/shop")).ID)
	g.expect(202, g.do("POST", "/repos/acme/shop/transfer", `{"new_owner":"bob"}`))
	g.expect(200, g.get("/repos/bob/shop"))
	g.expect(204, g.do("DELETE", "/repos/bob/shop", ""))
	g.expect(404, g.get("/repos/bob/shop"))
}

func TestAppTokens(t *testing.T) {
	t.Parallel()
	g := start(t)
	now := time.Now()
	var mu sync.Mutex
	g.SetClock(func() time.Time { mu.Lock(); defer mu.Unlock(); return now })
	key, other := newKey(t), newKey(t)
	g.AddRepository("acme/shop").SetPrivate(true)
	g.AllowApp(7, 8, &key.PublicKey)
	good := map[string]any{"iss": "7", "exp": now.Unix() + 300}
	for name, tc := range map[string]struct {
		jwt    string
		status int
	}{
		"the App's key":     {signed(t, key, "RS256", good), 201},
		"another key":       {signed(t, other, "RS256", good), 401},
		"another App":       {signed(t, key, "RS256", map[string]any{"iss": 9, "exp": now.Unix() + 300}), 401},
		"no issuer":         {signed(t, key, "RS256", map[string]any{"exp": now.Unix() + 300}), 401},
		"expired":           {signed(t, key, "RS256", map[string]any{"iss": 7, "exp": now.Unix() - 1}), 401},
		"valid too long":    {signed(t, key, "RS256", map[string]any{"iss": 7, "exp": now.Unix() + 3600}), 401},
		"another algorithm": {signed(t, key, "none", good), 401},
		"no JWT":            {"x", 401},
	} {
		if got := g.do("POST", "/app/installations/8/access_tokens", "", as(tc.jwt)...); got.status != tc.status {
			t.Errorf("%s: status %d, want %d: %s", name, got.status, tc.status, got.body)
		}
	}
	token := parse[struct{ Token string }](t, g.do("POST", "/app/installations/8/access_tokens", "", as(signed(t, key, "RS256", good))...)).Token
	g.expect(200, g.get("/repos/acme/shop", as(token)...))
	g.expect(404, g.do("POST", "/app/installations/9/access_tokens", "", as(signed(t, key, "RS256", good))...))
	mu.Lock()
	now = now.Add(2 * time.Hour)
	mu.Unlock()
	g.expect(401, g.get("/repos/acme/shop", as(token)...))
}

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signed(t *testing.T, key *rsa.PrivateKey, alg string, claims map[string]any) string {
	t.Helper()
	part := func(v any) string { return base64.RawURLEncoding.EncodeToString(encode(v)) }
	text := part(map[string]string{"alg": alg, "typ": "JWT"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	g := start(t)
	var mu sync.Mutex
	var got []string
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte("hush"))
		mac.Write(body)
		var p struct {
			Action     string
			Ref        string
			Repository struct {
				FullName string `json:"full_name"`
			}
		}
		if err := json.NewDecoder(bytes.NewReader(body)).Decode(&p); err != nil || p.Repository.FullName != "acme/shop" {
			t.Errorf("payload %s: %v", body, err)
		}
		if r.Header.Get("X-Hub-Signature-256") != fmt.Sprintf("sha256=%x", mac.Sum(nil)) {
			t.Error("the signature is wrong")
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, strings.TrimRight(r.Header.Get("X-GitHub-Event")+" "+p.Action+p.Ref, " "))
	}))
	t.Cleanup(receiver.Close)
	g.AddHook(receiver.URL, "hush")
	events := func(want ...string) {
		t.Helper()
		g.Deliveries()
		mu.Lock()
		defer mu.Unlock()
		diff(t, want, got)
		got = nil
	}
	r := g.AddRepository("acme/shop")
	r.Open(PullRequest{})
	r.Label(1, "preview")
	r.Unlabel(1, "preview")
	r.Edit(1, func(p *PullRequest) { p.Title, p.Draft = "U", true })
	r.Edit(1, func(p *PullRequest) { p.Draft = false })
	events("pull_request opened", "pull_request labeled", "pull_request unlabeled", "pull_request converted_to_draft", "pull_request edited", "pull_request ready_for_review")
	r.Push(1)
	r.Close(1)
	r.Reopen(1)
	r.Merge(1)
	events("push refs/heads/change-1", "pull_request synchronize", "pull_request closed", "pull_request reopened", "pull_request closed", "push refs/heads/main")
	r.SetTag("v1", SHA("1"))
	r.DeleteTag("v1")
	r.SetStatus(SHA("1"), Status{State: "success"})
	r.SetCheckRun(SHA("1"), CheckRun{Name: "build", Conclusion: "success"})
	r.Review(1, Review{State: "APPROVED"})
	events("create v1", "push refs/tags/v1", "delete v1", "push refs/tags/v1", "status", "check_run completed", "pull_request_review submitted")

	g.LoseDeliveries(1)
	r.Label(1, "again")
	sent := g.Deliveries()
	lost := sent[len(sent)-1]
	diff(t, true, lost.Lost)
	events()
	g.Redeliver(lost.ID)
	events("pull_request labeled")
	sent = g.Deliveries()
	diff(t, []any{lost.GUID, 200}, []any{sent[len(sent)-1].GUID, sent[len(sent)-1].Status})
}

func TestWebhooksByREST(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	g.expect(201, g.do("POST", "/repos/acme/shop/hooks", `{"config":{"url":"http://127.0.0.1:1/"},"events":["pull_request"]}`))
	r.SetBranch("x", SHA("1")) // nobody asked for it
	r.Open(PullRequest{})
	sent := g.Deliveries()
	diff(t, 1, len(sent))
	diff(t, 0, sent[0].Status)
	hook := fmt.Sprintf("/repos/acme/shop/hooks/%d", sent[0].hook.id)
	g.expect(202, g.do("POST", fmt.Sprintf("%s/deliveries/%d/attempts", hook, sent[0].ID), ""))
	g.Deliveries()
	diff(t, 2, len(parse[[]any](t, g.get(hook+"/deliveries"))))
	g.expect(204, g.do("DELETE", hook, ""))
	diff(t, "[]", g.get("/repos/acme/shop/hooks").body)
}

func TestObjectsAreAsLargeAsGitHubs(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	g.SetPadding(5000)
	r.Open(PullRequest{})
	if n := len(g.get("/repos/acme/shop/pulls").body); n < 15_000 || n > 30_000 {
		t.Errorf("a pull request has %d bytes", n)
	}
}
