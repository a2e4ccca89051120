//go:build !simulatedclock

package main

import "time"

// clock is what the service takes for now.
func clock(func(string) string) func() time.Time { return time.Now }
