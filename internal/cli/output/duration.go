package output

import (
	"fmt"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

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

// FutureTime is a time that is to come, for a person; use puts it off, unless it comes anyway.
func FutureTime(at *time.Time, anyway bool, now time.Time) string {
	if at == nil {
		return ""
	}
	said := fmt.Sprintf("%s, in %s", at.UTC().Format(time.RFC3339), Duration(at.Sub(now)))
	if anyway {
		return said
	}
	return said + ", unless somebody uses it"
}

// Since is the same for programs.
func Since(d preview.Decision) string {
	if d.Since.IsZero() {
		return ""
	}
	return d.Since.UTC().Format(time.RFC3339)
}

// NextChange is what comes next for an environment that nobody uses until then: it sleeps, or it is over.
func NextChange(d preview.Decision, now time.Time) string {
	in := func(what string, at *time.Time) string { return what + " in " + Duration(at.Sub(now)) }
	switch {
	case d.SleepsAt != nil && (d.ExpiresAt == nil || d.SleepsAt.Before(*d.ExpiresAt)):
		return in("sleeps", d.SleepsAt)
	case d.ExpiresAt != nil:
		return in("ends", d.ExpiresAt)
	}
	return ""
}
