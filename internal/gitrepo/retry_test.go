package gitrepo

import (
	"testing"
	"time"
)

func TestRetryDelay(t *testing.T) {
	t.Parallel()
	r := Options{}.withDefaults().Retry
	tests := []struct {
		name        string
		n           int
		took, bound time.Duration
	}{
		{"a quick attempt", 1, time.Millisecond, r.Min},
		{"the first lost race", 1, 50 * time.Millisecond, 100 * time.Millisecond},
		{"the third", 3, 50 * time.Millisecond, 400 * time.Millisecond},
		{"the hundredth", 100, 50 * time.Millisecond, 800 * time.Millisecond},
		{"a slow remote", 5, 30 * time.Second, r.Max},
	}
	for _, tt := range tests {
		longest, different := time.Duration(0), map[time.Duration]bool{}
		for range 300 {
			d := r.delay(tt.n, tt.took)
			longest, different[d] = max(longest, d), true
		}
		if longest > tt.bound || longest < tt.bound*9/10 || len(different) < 250 {
			t.Errorf("%s: 300 waits have %d lengths up to %s, want many up to %s", tt.name, len(different), longest, tt.bound)
		}
	}
}
