package githubtest

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// quota counts the requests of each token in the current hour.
type quota struct {
	clock *clock

	mu      sync.Mutex
	limit   int
	buckets map[string]*bucket // by token.bucket
}

// bucket is the usage of one token until the time of its renewal.
type bucket struct {
	used  int
	reset time.Time
}

func newQuota(c *clock) *quota { return &quota{clock: c, limit: 5000, buckets: map[string]*bucket{}} }

// SetQuota sets how many requests an hour each token has; the default is 5,000.
func (q *quota) SetQuota(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.limit = n
}

// bucketOf returns the token's bucket, a new one if the last one expired. The caller holds the lock.
func (q *quota) bucketOf(t token) *bucket {
	b, now := q.buckets[t.bucket], q.clock.now()
	if b == nil || !now.Before(b.reset) {
		b = &bucket{reset: now.Add(time.Hour)}
		q.buckets[t.bucket] = b
	}
	return b
}

// refuse returns GitHub's answer to a token that has used up its quota, and nil for other tokens.
func (q *quota) refuse(t token) *answer {
	q.mu.Lock()
	defer q.mu.Unlock()
	if b := q.bucketOf(t); b.used >= q.limit {
		return quotaExceeded(*b, q.limit)
	}
	return nil
}

func quotaExceeded(b bucket, limit int) *answer {
	a := problem(http.StatusForbidden, "API rate limit exceeded for user ID 1.")
	b.setHeaders(a.header, limit)
	return a
}

func (q *quota) chargeToken(t token) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bucketOf(t).used++
}

func (q *quota) addHeaders(t token, h http.Header) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bucketOf(t).setHeaders(h, q.limit)
}

func (b bucket) setHeaders(h http.Header, limit int) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, limit-b.used)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(b.reset.Unix(), 10))
	h.Set("X-RateLimit-Used", strconv.Itoa(b.used))
	h.Set("X-RateLimit-Resource", "core")
}

// describe answers GET /rate_limit, which costs nothing.
func (q *quota) describe(t token) *answer {
	q.mu.Lock()
	defer q.mu.Unlock()
	b := q.bucketOf(t)
	core := object{
		"limit": q.limit, "remaining": max(0, q.limit-b.used), "reset": b.reset.Unix(), "used": b.used, "resource": "core",
	}
	a := ok(object{"resources": object{"core": core}, "rate": core})
	b.setHeaders(a.header, q.limit)
	return a
}
