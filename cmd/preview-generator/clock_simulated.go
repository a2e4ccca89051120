//go:build simulatedclock

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// clock is a simulated clock for e2e tests: days pass within seconds. No released program contains it, because a
// changed clock removes environments. PREVIEWSET_CLOCK_FILE has JSON: at real time "since" the simulated time is "at",
// and it runs "rate" times as fast.
func clock(env func(string) string) func() time.Time {
	file := env("PREVIEWSET_CLOCK_FILE")
	return func() time.Time {
		var c struct {
			Since, At time.Time
			Rate      int
		}
		content, err := os.ReadFile(file) //nolint:gosec // G304: the test names it
		if err == nil {
			err = json.Unmarshal(content, &c)
		}
		if err != nil {
			panic(fmt.Sprintf("the simulated clock stands still: %v", err))
		}
		return c.At.Add(time.Since(c.Since) * time.Duration(c.Rate))
	}
}
