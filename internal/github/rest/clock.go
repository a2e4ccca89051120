package rest

import (
	"net/http"
	"time"
)

// clock compares GitHub's clock with the local clock.
type clock struct {
	known bool
	skew  time.Duration // GitHub's clock minus the local clock
	// measured has the monotonic reading at the comparison; wall is the wall clock then.
	measured, wall time.Time
}

// compare uses the date of an answer. GitHub is assumed to write it halfway between request and answer.
func (c *clock) compare(date string, began, ended time.Time) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return
	}
	middle := began.Add(ended.Sub(began) / 2)
	*c = clock{known: true, skew: theirs.Sub(middle.Round(0)).Truncate(time.Second), measured: ended, wall: ended.Round(0)}
}

// skewAt returns the skew at the time. The wall clock can be set after the comparison, the monotonic clock can't;
// their difference shows the change.
func (c *clock) skewAt(now time.Time) (time.Duration, bool) {
	change := now.Round(0).Sub(c.wall) - now.Sub(c.measured)
	return (c.skew - change).Truncate(time.Second), c.known
}
