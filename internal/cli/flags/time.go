package flags

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseTime takes a length of time from now, a day (its end, UTC) or a point in time, which must lie ahead.
func ParseTime(text string, now time.Time) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, text); err == nil {
			t = t.Add(24*time.Hour - time.Second)
		}
	}
	if err != nil {
		length := text
		if days, isDays := strings.CutSuffix(text, "d"); isDays {
			if n, dayErr := strconv.Atoi(days); dayErr == nil && n < 10_000 {
				length = strconv.Itoa(24*n) + "h"
			}
		}
		d, lengthErr := time.ParseDuration(length)
		if lengthErr != nil {
			return t, fmt.Errorf("%q is not a length like 72h or 7d, a day like 2026-12-24, or a time like 2026-12-24T18:00:00Z", text)
		}
		t = now.Add(d)
	}
	if t = t.UTC().Truncate(time.Second); !t.After(now) {
		return t, fmt.Errorf("%q is not in the future", text)
	}
	return t, nil
}
