package rest

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// maxBody is the maximum size of an answer in bytes. A page of 100 pull requests has 2 to 7 MB, and decoding takes six
// times the size.
const maxBody = 24 << 20

// Rate is the quota of the present hour, which GitHub calls the rate limit.
type Rate struct {
	Limit, Remaining int
	Reset            time.Time // start of the next hour's quota
}

// transport sends requests, limits the size of answers, and records quota and clock.
type transport struct {
	next    http.RoundTripper
	observe func(ctx context.Context, kind string, status int, fromCache bool, took time.Duration)

	mu    sync.Mutex // guards rate and clock
	rate  Rate
	clock clock
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	began, kind := time.Now(), Kind(req.URL.Path)
	resp, err := t.next.RoundTrip(req)
	status := 0
	if err == nil {
		status = resp.StatusCode
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxBody)
		t.record(resp.Header, began, kind)
	}
	if t.observe != nil {
		t.observe(req.Context(), kind, status, status == http.StatusNotModified, time.Since(began))
	}
	return resp, err
}

func (t *transport) record(h http.Header, began time.Time, kind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clock.compare(h.Get("Date"), began, time.Now())
	if kind == "token" { // an App's quota isn't that of its installation
		return
	}
	if rate, ok := parseRate(h); ok && isCoreQuota(h) {
		t.rate = rate
	}
}

// parseRate returns the quota in an answer's header. It reports false if there is no limit.
func parseRate(h http.Header) (Rate, bool) {
	limit, err := strconv.Atoi(h.Get("X-RateLimit-Limit"))
	remaining, _ := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	reset, _ := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	return Rate{Limit: limit, Remaining: remaining, Reset: time.Unix(reset, 0)}, err == nil
}

// isCoreQuota reports whether the quota isn't that of another resource, such as search.
func isCoreQuota(h http.Header) bool {
	resource := h.Get("X-RateLimit-Resource")
	return resource == "" || resource == "core"
}
