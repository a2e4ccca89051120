package config

import (
	"slices"
	"time"
)

// hours are working hours. A window that ends before it begins ends on the next day.
type workingHours struct {
	days     [7]bool // on which windows begin, from Sunday
	from, to int     // minutes of the wall clock since that day's midnight; to may be on the next day
	zone     *time.Location
}

// newHours takes hours that were validated.
func newWorkingHours(w *WorkingHours) *workingHours {
	zone, err := time.LoadLocation(w.Timezone)
	if err != nil {
		panic(err) // validated, and the zones are part of the program
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

// minutesOf is a time of day like "08:00".
func minutesOf(clock string) int {
	digit := func(i int) int { return int(clock[i] - '0') }
	return (digit(0)*10+digit(1))*60 + digit(3)*10 + digit(4)
}

// at says whether a time is within the hours, and when that ends.
func (h *workingHours) at(t time.Time) (inside bool, until time.Time) {
	year, month, day := t.In(h.zone).Date()
	for offset := -1; until.IsZero(); offset++ { // yesterday's window may still be open, and one begins within a week
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

// instant is when the wall clock shows so many minutes since a day's midnight. Of a time that is skipped, because clocks are
// set forward, it is when they are; of one that comes twice the first, or the last.
func (h *workingHours) instant(year int, month time.Month, day, minutes int, last bool) time.Time {
	t := time.Date(year, month, day, 0, minutes, 0, 0, h.zone)
	shows := func(t time.Time) int {
		_, offset := t.Zone()
		return offset
	}
	// What it would show were it UTC tells whether it is the one that was asked for.
	missed := t.Add(time.Duration(shows(t)) * time.Second).Sub(time.Date(year, month, day, 0, minutes, 0, 0, time.UTC))
	begins, ends := t.ZoneBounds()
	switch {
	case missed < 0:
		return ends
	case missed > 0:
		return begins
	case last && !ends.IsZero():
		if again := t.Add(time.Duration(shows(t)-shows(ends)) * time.Second); !again.Before(ends) {
			return again
		}
	case !last && !begins.IsZero():
		if before := t.Add(time.Duration(shows(t)-shows(begins.Add(-1))) * time.Second); before.Before(begins) {
			return before
		}
	}
	return t
}
