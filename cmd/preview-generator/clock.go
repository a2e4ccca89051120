//go:build !simulatedclock

package main

import "time"

// clock is the generator's clock.
func clock(func(string) string) func() time.Time { return time.Now }
