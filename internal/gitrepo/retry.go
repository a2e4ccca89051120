package gitrepo

import (
	"context"
	"math/rand/v2"
	"time"
)

// delay is the wait after lost attempt n (from 1), of which the last one took so long. It is a random part of a bound
// that doubles, up to 16 times the duration of an attempt. That duration is the measure, because it tells how many
// other pushes fit into a wait. The bound stops growing, so that a command that lost often doesn't lose to one that
// has just started.
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
