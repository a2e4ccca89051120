package gitrepo

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"time"
)

func TestSlowServerIsLeft(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		perRead time.Duration // for one byte
		size    int
		isSlow  bool
	}{
		"a byte a second":            {time.Second, 1000, true},
		"2,000 bytes a second":       {time.Second / 2000, 100_000, false},
		"a small answer, one second": {time.Second / 10, 10, false},
	} {
		now := time.Unix(0, 0)
		r := &rateReader{
			Reader: iotest.OneByteReader(bytes.NewReader(make([]byte, tt.size))),
			now:    func() time.Time { now = now.Add(tt.perRead); return now },
		}
		n, err := io.Copy(io.Discard, r)
		isComplete := err == nil && n == int64(tt.size)
		if isComplete == tt.isSlow || tt.isSlow && (!errors.Is(err, ErrUnreachable) || n > 50) {
			t.Errorf("%s: read %d bytes, %v", name, n, err)
		}
	}
}
