package githubtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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

func TestPaddingMakesPullRequestsAsLargeAsOnGitHub(t *testing.T) {
	t.Parallel()
	g := start(t)
	r := g.AddRepository("acme/shop")
	g.SetPadding(5000)
	r.Open(PullRequest{})
	if n := len(g.get("/repos/acme/shop/pulls").body); n < 15_000 || n > 30_000 {
		t.Errorf("a pull request has %d bytes", n)
	}
}
