package report

import (
	"testing"
	"time"
)

func TestBudgetBoundsWrites(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	b := newBudget(func() time.Time { return now })
	spent := func(during time.Duration) (n int) {
		for end := now.Add(during); now.Before(end); now = now.Add(time.Second) {
			for b.spend() {
				n++
			}
		}
		return n
	}
	if n := spent(time.Second); n != perMinute {
		t.Errorf("%d writes at once, want %d", n, perMinute)
	}
	if n := spent(time.Minute); n > perMinute {
		t.Errorf("%d writes in the next minute, want at most %d", n, perMinute)
	}
	spent(time.Hour)
	if n := spent(time.Hour); n < perHour-10 || n > perHour+10 {
		t.Errorf("%d writes in an hour of need, want about %d", n, perHour)
	}
}
