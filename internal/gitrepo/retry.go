package gitrepo

import (
	"context"
	"math/rand/v2"
	"time"
)

// delay returns the random wait after lost attempt n (from 1); took is the duration of that attempt. The bound of the
// wait is the duration times 2, 4, 8 and at most 16, and between Min and Max. It grows with the duration, because a
// slow attempt loses against every push that is made during it. Without the limit of 16, a command that lost often
// would wait longer than a new one, and lose again.
func (r Retry) delay(n int, took time.Duration) time.Duration {
	bound := took << min(n, 4)
	return rand.N(min(max(bound, r.Min), r.Max) + 1) //nolint:gosec // spreads waits; nothing secret depends on it
}

func sleepFor(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
