package gitrepo

import (
	"fmt"
	"io"
	"time"
)

const (
	// slowWindow is the time in which a server must send minWindow bytes. It begins with the first byte, because a server
	// may need time to prepare the answer.
	slowWindow = 15 * time.Second
	minWindow  = 16 << 10
)

// rateReader ends reads from a server that sends less than the minimum.
type rateReader struct {
	io.Reader
	now   func() time.Time
	began time.Time // of the current window; zero before the first byte
	bytes int       // in the current window
}

func (r *rateReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if r.bytes += n; r.bytes == 0 || err != nil {
		return n, err
	}
	now := r.now()
	switch {
	case r.began.IsZero():
	case now.Sub(r.began) < slowWindow:
		return n, nil
	case r.bytes < minWindow:
		return n, fmt.Errorf("%w: it sent only %d bytes in %s", ErrUnreachable, r.bytes, now.Sub(r.began).Round(time.Second))
	}
	r.began, r.bytes = now, 0
	return n, nil
}
