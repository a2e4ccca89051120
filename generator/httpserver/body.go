package httpserver

import (
	"io"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	// bodyGrace is the time for the first bytes of a body, bodyRate the minimum rate afterwards in bytes per second.
	bodyGrace = 5 * time.Second
	bodyRate  = 64 << 10
	// bodyTimeout bounds the time for a whole body.
	bodyTimeout = 30 * time.Second
	// maxBodiesOfSender bounds how many bodies one sender has under way. A body from GitHub takes milliseconds. Without
	// trusted proxies, all senders have the address of the ingress.
	maxBodiesOfSender = 64
)

// Bodies bounds the bodies of requests.
type Bodies struct {
	// Most is the size in bytes of the largest body.
	Most int64
	// Sender returns the address of a request's sender. If it is nil, senders aren't bounded.
	Sender func(*http.Request) netip.Prefix
}

// limit bounds each body, the time for it, and the bodies of one sender. No handler keeps the body of an unknown sender
// in memory, so bodies need no common bound.
func (b Bodies) limit() gin.HandlerFunc {
	underWay := senders{bodies: map[netip.Prefix][]*pacedBody{}}
	return func(c *gin.Context) {
		body := &pacedBody{
			ReadCloser: http.MaxBytesReader(c.Writer, c.Request.Body, b.Most), conn: http.NewResponseController(c.Writer),
			began: time.Now(),
		}
		if b.Sender != nil && c.Request.ContentLength != 0 {
			defer underWay.add(b.Sender(c.Request), body)()
		}
		c.Request.Body = body
		c.Next()
	}
}

// senders holds the bodies that are under way, by sender, the oldest first.
type senders struct {
	mu     sync.Mutex
	bodies map[netip.Prefix][]*pacedBody
}

// add notes a body. If its sender has too many, it ends the oldest one: that is the slowest, and a new body may be
// GitHub's. It returns a function that removes the body.
func (s *senders) add(from netip.Prefix, b *pacedBody) (remove func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bodies[from] = append(s.bodies[from], b)
	if all := s.bodies[from]; len(all) > maxBodiesOfSender {
		all[0].end()
		s.bodies[from] = all[1:]
	}
	return func() { s.remove(from, b) }
}

func (s *senders) remove(from netip.Prefix, b *pacedBody) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := slices.DeleteFunc(s.bodies[from], func(other *pacedBody) bool { return other == b })
	if s.bodies[from] = left; len(left) == 0 {
		delete(s.bodies, from)
	}
}

// pacedBody must come at a minimum rate. The error of Read is os.ErrDeadlineExceeded otherwise.
type pacedBody struct {
	io.ReadCloser
	conn    *http.ResponseController
	began   time.Time
	read    int64
	isEnded atomic.Bool
}

// end lets a running and each later Read fail.
func (b *pacedBody) end() {
	b.isEnded.Store(true)
	_ = b.conn.SetReadDeadline(b.began) // only tests have writers without a connection
}

// Read implements io.Reader.
func (b *pacedBody) Read(p []byte) (int, error) {
	due := bodyGrace + time.Duration(b.read)*time.Second/bodyRate
	_ = b.conn.SetReadDeadline(b.began.Add(min(due, bodyTimeout)))
	if b.isEnded.Load() {
		return 0, os.ErrDeadlineExceeded
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	return n, err
}
