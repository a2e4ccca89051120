package config

import (
	"slices"
	"time"
)

// workingHours are weekly windows. A window with an end before its start ends on the next day.
type workingHours struct {
	days     [7]bool // days with a window, from Sunday
	from, to int     // minutes since midnight by the wall clock; to may be on the next day
	zone     *time.Location
}

// newWorkingHours expects validated hours.
func newWorkingHours(w *WorkingHours) *workingHours {
	zone, err := time.LoadLocation(w.Timezone)
	if err != nil {
		panic(err) // validated; the zones are part of the program
	}
	h := &workingHours{zone: zone, from: minutesOf(w.From), to: minutesOf(w.To)}
	if h.to <= h.from {
		h.to += 24 * 60
	}
	for _, day := range w.Days {
		h.days[(slices.Index(weekdays, day)+1)%7] = true // weekdays begin with Monday
	}
	return h
}

// minutesOf returns the minutes since midnight of a time of day like "08:00".
func minutesOf(clock string) int {
	digit := func(i int) int { return int(clock[i] - '0') }
	return (digit(0)*10+digit(1))*60 + digit(3)*10 + digit(4)
}

// at reports whether a time is within the hours, and when that changes.
func (h *workingHours) at(t time.Time) (inside bool, until time.Time) {
	year, month, day := t.In(h.zone).Date()
	for offset := -1; until.IsZero(); offset++ { // yesterday's window may be open, and the next one begins within a week
		if !h.days[time.Date(year, month, day+offset, 0, 0, 0, 0, time.UTC).Weekday()] {
			continue
		}
		from, to := h.instant(year, month, day+offset, h.from, false), h.instant(year, month, day+offset, h.to, true)
		switch {
		case t.Before(from):
			until = from
		case t.Before(to):
			inside, until = true, to
		}
	}
	return inside, until
}

// instant returns the time at which the wall clock shows so many minutes since midnight. If clocks are set forward over
// that time, it is the moment of the change: 02:30 becomes 03:00 where 02:00 to 03:00 is left out. If the time occurs
// twice, as 02:30 where clocks are set back from 03:00 to 02:00, last chooses the second one.
func (h *workingHours) instant(year int, month time.Month, day, minutes int, last bool) time.Time {
	t := time.Date(year, month, day, 0, minutes, 0, 0, h.zone)
	offsetOf := func(t time.Time) int {
		_, offset := t.Zone()
		return offset
	}
	// The difference from the same wall clock in UTC shows whether time.Date moved the time.
	missed := t.Add(time.Duration(offsetOf(t)) * time.Second).Sub(time.Date(year, month, day, 0, minutes, 0, 0, time.UTC))
	begins, ends := t.ZoneBounds()
	switch {
	case missed < 0:
		return ends
	case missed > 0:
		return begins
	case last && !ends.IsZero():
		if again := t.Add(time.Duration(offsetOf(t)-offsetOf(ends)) * time.Second); !again.Before(ends) {
			return again
		}
	case !last && !begins.IsZero():
		if before := t.Add(time.Duration(offsetOf(t)-offsetOf(begins.Add(-1))) * time.Second); before.Before(begins) {
			return before
		}
	}
	return t
}
