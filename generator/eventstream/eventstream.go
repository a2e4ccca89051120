// Package eventstream tells clients of changes with server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). It doesn't know the content of events.
package eventstream

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gin-contrib/sse"
	"github.com/gin-gonic/gin"
)

const (
	// maxStreams bounds the open streams, and maxStreamsEach those of one client.
	maxStreams     = 500
	maxStreamsEach = 20
	// lifetime bounds a stream: a client that has lost its role gets no further events then. It is below the server's
	// write timeout. Clients connect again by themselves.
	lifetime = 50 * time.Second
	// lookEvery is the time between two looks for a change.
	lookEvery = time.Second
	// retryAfter is the time until a client connects again.
	retryAfter = 5 * time.Second
)

// Streams counts open streams, so that one client can't take the place of all others.
type Streams struct {
	mu    sync.Mutex
	total int
	of    map[string]int // by client
}

// begin reports whether one more stream of a client may open. If so, the caller calls end later.
func (s *Streams) begin(client string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.total >= maxStreams || s.of[client] >= maxStreamsEach {
		return false
	}
	if s.of == nil {
		s.of = map[string]int{}
	}
	s.total++
	s.of[client]++
	return true
}

func (s *Streams) end(client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if s.of[client]--; s.of[client] == 0 {
		delete(s.of, client)
	}
}

// Serve answers a request with a stream. Version is a text that is different after each change. Changes returns the
// events since its last call; Serve calls it at first and after each change. It answers 503 if there are too many
// streams.
func (s *Streams) Serve(c *gin.Context, client string, version func() string, changes func() []sse.Event) {
	if !s.begin(client) {
		c.Header("Retry-After", "30")
		c.Status(http.StatusServiceUnavailable)
		return
	}
	defer s.end(client)
	// The server's read timeout would end the request: the server reads on, to see that the client leaves.
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Time{}) // only tests have writers without a connection
	c.Header("Content-Type", "text/event-stream")
	c.Header("Cache-Control", "no-store")
	c.Header("X-Accel-Buffering", "no")                                     // nginx keeps events back otherwise
	c.Status(http.StatusOK)                                                 // gin answers 404 otherwise where the path isn't among its routes
	_, _ = fmt.Fprintf(c.Writer, "retry:%d\n\n", retryAfter.Milliseconds()) // an error ends the request's context
	follow(c, version, changes)
}

// follow sends events until the client leaves or the lifetime is over.
func follow(c *gin.Context, version func() string, changes func() []sse.Event) {
	ticker, end := time.NewTicker(lookEvery), time.NewTimer(lifetime)
	defer ticker.Stop()
	defer end.Stop()
	for last := ""; ; {
		if now := version(); now != last {
			last = now
			for _, e := range changes() {
				if err := sse.Encode(c.Writer, e); err != nil {
					return
				}
			}
		}
		c.Writer.Flush()
		select {
		case <-c.Request.Context().Done():
			return
		case <-end.C:
			return
		case <-ticker.C:
		}
	}
}
