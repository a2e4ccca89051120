package flags

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// TimeFormats describes for the help what ParseTime accepts.
const TimeFormats = "72h or 7d from now, 2026-12-24, or 2026-12-24T18:00:00Z"

// FormatTime formats a time for people, in a form that ParseTime accepts.
func FormatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// ParseTime parses a duration from now, a day (its end in UTC), or a point in time. The result is after now.
func ParseTime(text string, now time.Time) (time.Time, error) {
	t, err := parsePoint(text)
	if err != nil {
		length, lengthErr := parseLength(text)
		if lengthErr != nil {
			return t, fmt.Errorf("%q is not a time; use %s", text, TimeFormats)
		}
		t = now.Add(length)
	}
	if t = t.UTC().Truncate(time.Second); !t.After(now) {
		return t, fmt.Errorf("%q is in the past; use a later time", text)
	}
	return t, nil
}

func parsePoint(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	return t.Add(24*time.Hour - time.Second), err
}

// parseLength parses a Go duration, or a number of days such as 7d.
func parseLength(text string) (time.Duration, error) {
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		if n, err := strconv.Atoi(days); err == nil && n < 10_000 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	return time.ParseDuration(text)
}
