//go:build simulatedclock

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// clock is one that a story sets: days of an environment's life pass in it within seconds. It is in no program that is
// released, because whoever sets the clock ends environments. PREVIEWSET_CLOCK_FILE has JSON: at real time "since", it was
// "at", and it goes "rate" times as fast.
func clock(env func(string) string) func() time.Time {
	file := env("PREVIEWSET_CLOCK_FILE")
	return func() time.Time {
		var c struct {
			Since, At time.Time
			Rate      int
		}
		content, err := os.ReadFile(file) //nolint:gosec // G304: the story names it
		if err == nil {
			err = json.Unmarshal(content, &c)
		}
		if err != nil {
			panic(fmt.Sprintf("the simulated clock stands still: %v", err))
		}
		return c.At.Add(time.Since(c.Since) * time.Duration(c.Rate))
	}
}
