package githubtest

import (
	"net/http"
	"strconv"
	"time"
)

// bucket is what somebody used of their hour.
type bucket struct {
	used  int
	reset time.Time
}

// SetQuota sets how many requests an hour each token has; 5,000 if never called.
func (s *Server) SetQuota(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quota = n
}

func (s *Server) bucket(c *call) *bucket {
	b := s.buckets[c.token.bucket]
	if b == nil || !s.now().Before(b.reset) {
		b = &bucket{reset: s.now().Add(time.Hour)}
		s.buckets[c.token.bucket] = b
	}
	return b
}

func (b *bucket) headers(h http.Header, quota int) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(quota))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, quota-b.used)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(b.reset.Unix(), 10))
	h.Set("X-RateLimit-Used", strconv.Itoa(b.used))
	h.Set("X-RateLimit-Resource", "core")
}

// rateLimit is GET /rate_limit, which costs nothing.
func (s *Server) rateLimit(c *call) *answer {
	b := s.bucket(c)
	core := object{"limit": s.quota, "remaining": max(0, s.quota-b.used), "reset": b.reset.Unix(), "used": b.used, "resource": "core"}
	a := ok(object{"resources": object{"core": core}, "rate": core})
	b.headers(a.header, s.quota)
	return a
}
