package previewspage

import (
	"cmp"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/answer"
)

const (
	// maxStreams bounds the pages that wait for events at once, and maxStreamsEach those of one person.
	maxStreams     = 500
	maxStreamsEach = 20
	// streamLifetime is below the server's write timeout. Browsers connect again by themselves.
	streamLifetime = 50 * time.Second
	// lookEvery is the time between two looks for a change.
	lookEvery = time.Second
)

// streams counts the pages that wait for events, so that one person can't take the place of all others.
type streams struct {
	mu    sync.Mutex
	total int
	of    map[string]int // by person
}

// begin reports whether one more page of a person may wait. If so, the caller calls end later.
func (s *streams) begin(person string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.total >= maxStreams || s.of[person] >= maxStreamsEach {
		return false
	}
	if s.of == nil {
		s.of = map[string]int{}
	}
	s.total++
	s.of[person]++
	return true
}

func (s *streams) end(person string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if s.of[person]--; s.of[person] == 0 {
		delete(s.of, person)
	}
}

// stream tells a browser of changes, as server-sent events (https://html.spec.whatwg.org/#server-sent-events). An event
// has only the new version: the browser then loads its page again. The browser says which version it has: in the
// address at first, and in Last-Event-ID after an event.
func (s *Pages) stream(c *gin.Context, v visitor) {
	if !s.streams.begin(v.Subject) {
		c.Header("Retry-After", "30")
		c.Status(http.StatusServiceUnavailable)
		return
	}
	defer s.streams.end(v.Subject)
	c.Header("Content-Type", "text/event-stream")
	c.Status(http.StatusOK)             // gin answers 404 otherwise, because these paths aren't among its routes
	c.Header("X-Accel-Buffering", "no") // nginx keeps events back otherwise
	if !send(c, "retry: 5000\n\n") {
		return
	}
	ticker, end := time.NewTicker(lookEvery), time.NewTimer(streamLifetime)
	defer ticker.Stop()
	defer end.Stop()
	last := cmp.Or(c.GetHeader("Last-Event-ID"), c.Query("since"))
	for {
		if now := s.version(); now != last {
			last = now
			if !send(c, "event: change\nid: "+now+"\ndata:\n\n") {
				return
			}
		}
		select {
		case <-c.Request.Context().Done():
			return
		case <-end.C:
			return
		case <-ticker.C:
		}
	}
}

// version is different after each change of what the pages show.
func (s *Pages) version() string {
	return versionOf(s.Snapshots.Published(), s.Watch.Changes())
}

func versionOf(p *answer.Published, changes int) string {
	number := 0
	if p != nil {
		number = p.Number
	}
	return fmt.Sprintf("%d-%d", number, changes)
}

func send(c *gin.Context, text string) (ok bool) {
	_, err := c.Writer.WriteString(text)
	c.Writer.Flush()
	return err == nil
}
