package testworld

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Statuses records the commit statuses that a service sets.
type Statuses struct {
	Sent  []string
	Fails func(line string) bool // nil if no status fails
}

// Report implements report.Reporter.
func (r *Statuses) Report(_ context.Context, repository, sha, state, description, target string) error {
	line := fmt.Sprintf("%s %s %s %q %s", repository, strings.TrimLeft(sha, "0"), state, description, target)
	r.Sent = append(r.Sent, line)
	if r.Fails != nil && r.Fails(line) {
		return errors.New("forbidden")
	}
	return nil
}

// Take removes and returns the statuses, sorted.
func (r *Statuses) Take() []string {
	sent := slices.Sorted(slices.Values(r.Sent))
	r.Sent = nil
	return sent
}
