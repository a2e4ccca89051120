package rest

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestClockSkew(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		date    string
		want    time.Duration
		isKnown bool
	}{
		"the same time":      {"Sat, 01 Jan 2000 00:00:02 GMT", 0, true},
		"GitHub is ahead":    {"Sat, 01 Jan 2000 01:00:02 GMT", time.Hour, true},
		"GitHub is behind":   {"Fri, 31 Dec 1999 23:50:02 GMT", -10 * time.Minute, true},
		"no date":            {"", 0, false},
		"a malformed header": {"yesterday", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				time.Sleep(4 * time.Second) // GitHub writes the date halfway
				var c clock
				c.compare(tc.date, began, time.Now())
				skew, isKnown := c.skewAt(time.Now())
				assertEqual(t, tc.want, skew)
				assertEqual(t, tc.isKnown, isKnown)
				if tc.isKnown {
					c.wall = c.wall.Add(-48 * time.Hour) // like a local clock that was set forward since
					skew, _ = c.skewAt(time.Now())
					assertEqual(t, tc.want-48*time.Hour, skew)
				}
			})
		})
	}
}
