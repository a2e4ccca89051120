package github

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBody bounds an answer. A page of 100 pull requests has 2 to 7 MB.
const maxBody = 64 << 20

// wire sends requests, bounds the answers, and tells what happened.
type wire struct {
	next    http.RoundTripper
	observe func(kind string, status int, fromCache bool, took time.Duration)

	mu     sync.Mutex
	rate   Rate
	skew   time.Duration
	skewed bool // skew is known
	// compared is when it was found out, and wall what the clock on the wall said then.
	compared, wall time.Time
}

// Rate is the quota as GitHub last told it; all zero before that.
type Rate struct {
	Limit, Remaining int
	Reset            time.Time
}

// Rate returns the quota as GitHub last told it.
func (c *Client) Rate() Rate {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	return c.wire.rate
}

// Skew returns by how much GitHub's clock is ahead of ours, to a second, and whether that is known: its answers are dated.
// If our clock was set since the last answer, that counts at once.
func (c *Client) Skew() (time.Duration, bool) {
	c.wire.mu.Lock()
	defer c.wire.mu.Unlock()
	now := time.Now()
	set := now.Round(0).Sub(c.wire.wall) - now.Sub(c.wire.compared) // the second difference is of clocks that nobody sets
	return (c.wire.skew - set).Truncate(time.Second), c.wire.skewed
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	began, kind := time.Now(), kindOf(req.URL.Path)
	resp, err := w.next.RoundTrip(req)
	status := 0
	if err == nil {
		status = resp.StatusCode
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxBody)
		w.compareClocks(resp.Header, began)
		if kind != "token" { // the App itself has another quota than its installation
			w.learn(resp.Header)
		}
	}
	if w.observe != nil {
		w.observe(kind, status, status == http.StatusNotModified, time.Since(began))
	}
	return resp, err
}

// compareClocks takes the middle between a request and its answer for the moment at which GitHub dated it.
func (w *wire) compareClocks(h http.Header, began time.Time) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	middle := began.Add(time.Since(began) / 2)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.skew, w.skewed = date.Sub(middle.Round(0)).Truncate(time.Second), true
	w.compared = time.Now()
	w.wall = w.compared.Round(0)
}

func (w *wire) learn(h http.Header) {
	limit, err := strconv.Atoi(h.Get("X-RateLimit-Limit"))
	resource := h.Get("X-RateLimit-Resource")
	if err != nil || (resource != "" && resource != "core") {
		return
	}
	remaining, _ := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	reset, _ := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rate = Rate{Limit: limit, Remaining: remaining, Reset: time.Unix(reset, 0)}
}

// kindOf names a request for metrics; a ref's name can end like any other path, so refs come first.
func kindOf(path string) string {
	switch {
	case strings.Contains(path, "/git/ref/"), strings.Contains(path, "/git/matching-refs/"):
		return "ref"
	case strings.Contains(path, "/git/tags/"):
		return "tag"
	case strings.Contains(path, "/compare/"):
		return "compare"
	case strings.HasSuffix(path, "/access_tokens"):
		return "token"
	case strings.HasSuffix(path, "/files"):
		return "files"
	case strings.HasSuffix(path, "/pulls"):
		return "pulls"
	case strings.HasSuffix(path, "/events"):
		return "events"
	case strings.HasSuffix(path, "/reviews"):
		return "reviews"
	case strings.Contains(path, "/pulls/"):
		return "pull"
	case strings.HasSuffix(path, "/permission"):
		return "permission"
	case strings.HasSuffix(path, "/statuses"):
		return "statuses"
	case strings.Contains(path, "/statuses/"):
		return "status"
	case strings.HasSuffix(path, "/check-runs"):
		return "checks"
	case strings.Contains(path, "/commits/"):
		return "commit"
	}
	return "repository"
}

// bearer adds the token.
type bearer struct {
	token string
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(req)
}
