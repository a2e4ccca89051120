package httpserver

import (
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/semaphore"
)

// maxBodies bounds the bytes of all bodies that a listener holds at once. A webhook's body is read before its sender is
// known.
const maxBodies = 64 << 20

// limitBody bounds each body, and all bodies that are read at the same time. Only received bytes count.
func limitBody(limit int64) gin.HandlerFunc {
	room := semaphore.NewWeighted(maxBodies)
	return func(c *gin.Context) {
		b := &boundedBody{ReadCloser: http.MaxBytesReader(c.Writer, c.Request.Body, limit), room: room}
		defer func() { room.Release(b.held) }()
		c.Request.Body = b
		c.Next()
		if b.refused {
			Fail(c, http.StatusServiceUnavailable, "too many large requests at once; send it again")
		}
	}
}

// boundedBody takes room for the bytes that it reads.
type boundedBody struct {
	io.ReadCloser
	room    *semaphore.Weighted
	held    int64
	refused bool
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if !b.room.TryAcquire(int64(n)) {
		b.refused = true
		return 0, errors.New("no room for the body")
	}
	b.held += int64(n)
	return n, err
}
