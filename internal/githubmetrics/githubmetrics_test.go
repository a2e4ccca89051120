package githubmetrics

import "testing"

func TestRequestOutcomes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status    int
		fromCache bool
		want      string
	}{
		{200, false, "charged"},
		{201, false, "charged"},
		{304, true, "unchanged"},
		{301, false, "charged"},
		{403, false, "limited"},
		{429, false, "limited"},
		{404, false, "failed"},
		{502, false, "failed"},
		{0, false, "unanswered"},
	} {
		if got := requestOutcome(tt.status, tt.fromCache); got != tt.want {
			t.Errorf("requestOutcome(%d, %t) = %s, want %s", tt.status, tt.fromCache, got, tt.want)
		}
	}
}
