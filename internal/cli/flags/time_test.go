package flags

import (
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for text, want := range map[string]string{
		"72h": "2026-01-05T03:04:05Z", "7d": "2026-01-09T03:04:05Z", "2026-12-24": "2026-12-24T23:59:59Z",
		"2026-12-24T18:00:00Z": "2026-12-24T18:00:00Z", "2026-12-24T18:00:00+02:00": "2026-12-24T16:00:00Z",
		"-1h": "", "0h": "", "2025-12-24": "", "soon": "", "xd": "", "7": "", "": "",
	} {
		got, err := ParseTime(text, now)
		if want == "" {
			if err == nil {
				t.Errorf("parseTime(%q) = %v, want an error", text, got)
			}
		} else if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("parseTime(%q) = %v, %v, want %s", text, got, err, want)
		}
	}
}
