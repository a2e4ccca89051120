package gitrepo

import (
	"fmt"
	"io"
	"time"
)

const (
	// slowWindow is the time in which a server must send minWindow bytes. It begins with the first byte that isn't of a
	// keepalive, because a server may need time to prepare the answer.
	slowWindow = 15 * time.Second
	minWindow  = 16 << 10
	// keepalive is what a Git server sends every 5 seconds while it prepares: an empty packet line on sideband 1.
	keepalive = "0005\x01"
)

// rateReader ends reads from a server that sends less than the minimum. The timeout of the connection bounds the time
// for keepalives.
type rateReader struct {
	io.Reader
	now        func() time.Time
	keepalives int       // bytes of the keepalives before the answer
	isAnswered bool      // the answer has begun
	began      time.Time // of the current window; zero before the answer
	bytes      int       // in the current window
}

func (r *rateReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if r.bytes += n - r.countKeepalives(b[:n]); r.bytes == 0 || err != nil {
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

// countKeepalives returns how many of the next bytes belong to keepalives before the answer. The first digits of the
// answer may look like a keepalive; they don't matter.
func (r *rateReader) countKeepalives(next []byte) int {
	for i, b := range next {
		if r.isAnswered = r.isAnswered || b != keepalive[r.keepalives%len(keepalive)]; r.isAnswered {
			return i
		}
		r.keepalives++
	}
	return len(next)
}
