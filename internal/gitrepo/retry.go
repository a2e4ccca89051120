package gitrepo

import (
	"context"
	"math/rand/v2"
	"time"
)

// delay returns the wait after lost attempt n (from 1); took is the duration of that attempt. The wait is random. Its
// upper bound doubles with each attempt, up to 16 times the duration. The duration matters because it determines how
// many other pushes fit into a wait. The bound is limited, so that a new command has no advantage over one that lost
// often.
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
