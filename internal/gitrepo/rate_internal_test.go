package gitrepo

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestSlowServerIsLeft(t *testing.T) {
	t.Parallel()
	zeros := func(n int) string { return strings.Repeat("\x00", n) }
	for name, tt := range map[string]struct {
		perRead time.Duration // for one byte
		answer  string
		most    int // bytes that are read from a slow server; 0 means that the whole answer is read
	}{
		"a byte a second":                        {time.Second, zeros(1000), 50},
		"2,000 bytes a second":                   {time.Second / 2000, zeros(100_000), 0},
		"a small answer, one second":             {time.Second / 10, zeros(10), 0},
		"keepalives for 50 seconds, and no more": {time.Second, strings.Repeat(keepalive, 10), 0},
		"keepalives, and then a byte a second":   {time.Second, strings.Repeat(keepalive, 10) + zeros(1000), 100},
		"keepalives after the first byte":        {time.Second, "\x00" + strings.Repeat(keepalive, 200), 50},
		"a byte a second, like a keepalive":      {time.Second, strings.Repeat("0005", 250), 50},
	} {
		now := time.Unix(0, 0)
		r := &rateReader{
			Reader: iotest.OneByteReader(strings.NewReader(tt.answer)),
			now:    func() time.Time { return now },
		}
		n, err := io.Copy(io.Discard, onRead{r, func() { now = now.Add(tt.perRead) }})
		isComplete := err == nil && n == int64(len(tt.answer))
		if isComplete != (tt.most == 0) || tt.most > 0 && (!errors.Is(err, ErrUnreachable) || n > int64(tt.most)) {
			t.Errorf("%s: read %d bytes, %v", name, n, err)
		}
	}
}

// onRead calls a function before each read.
type onRead struct {
	io.Reader
	before func()
}

func (r onRead) Read(b []byte) (int, error) {
	r.before()
	return r.Reader.Read(b)
}
