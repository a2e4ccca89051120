package report

import (
	"testing"
	"time"
)

// No minute and no hour has more writes than GitHub allows, also if all are needed at once.
func TestBudgetBoundsWrites(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	b := newBudget(func() time.Time { return now })
	var writes []time.Time
	for end := now.Add(3 * time.Hour); now.Before(end); now = now.Add(time.Second) {
		for b.spend() {
			writes = append(writes, now)
		}
	}
	for _, window := range []struct {
		during time.Duration
		most   int
	}{{time.Minute, perMinute}, {time.Hour, perHour}} {
		first, most := 0, 0
		for last, at := range writes {
			for at.Sub(writes[first]) >= window.during {
				first++
			}
			most = max(most, last-first+1)
		}
		if most > window.most || most < window.most*9/10 {
			t.Errorf("%d writes within %s, want at most %d and nearly as many", most, window.during, window.most)
		}
	}
}
