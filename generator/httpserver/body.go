package httpserver

import (
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	// bodyGrace is the time for the first bytes of a body, bodyRate the minimum rate afterwards in bytes per second.
	bodyGrace = 5 * time.Second
	bodyRate  = 64 << 10
	// bodyTimeout bounds the time for a whole body.
	bodyTimeout = 30 * time.Second
)

// limitBody bounds each body and the time for it. No handler keeps the body of an unknown sender in memory, so bodies
// need no common bound.
func limitBody(limit int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Request.Body = &pacedBody{
			ReadCloser: http.MaxBytesReader(c.Writer, c.Request.Body, limit), conn: http.NewResponseController(c.Writer),
			began: time.Now(),
		}
		c.Next()
	}
}

// pacedBody must come at a minimum rate. The error of Read is os.ErrDeadlineExceeded otherwise.
type pacedBody struct {
	io.ReadCloser
	conn  *http.ResponseController
	began time.Time
	read  int64
}

// Read implements io.Reader.
func (b *pacedBody) Read(p []byte) (int, error) {
	due := bodyGrace + time.Duration(b.read)*time.Second/bodyRate
	_ = b.conn.SetReadDeadline(b.began.Add(min(due, bodyTimeout))) // only tests have writers without a connection
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	return n, err
}
