package output

import (
	"fmt"
	"time"
)

// Duration formats a duration in its largest useful unit: 90s, 5m, 47h, 2d.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "0s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/day)
}

// FutureTime formats a future time for a person. Use of the environment postpones it, unless it is fixed.
func FutureTime(at *time.Time, isFixed bool, now time.Time) string {
	if at == nil {
		return ""
	}
	text := fmt.Sprintf("%s, in %s", at.UTC().Format(time.RFC3339), Duration(at.Sub(now)))
	if isFixed {
		return text
	}
	return text + ", unless it is used"
}
