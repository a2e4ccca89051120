package testworld

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// reports are what GitHub was told.
type Statuses struct {
	Sent  []string
	Fails func(line string) bool // nil: nothing fails
}

func (r *Statuses) Report(_ context.Context, repository, sha, state, description, target string) error {
	line := fmt.Sprintf("%s %s %s %q %s", repository, strings.TrimLeft(sha, "0"), state, description, target)
	r.Sent = append(r.Sent, line)
	if r.Fails != nil && r.Fails(line) {
		return errors.New("forbidden")
	}
	return nil
}

func (r *Statuses) Take() []string {
	told := slices.Sorted(slices.Values(r.Sent))
	r.Sent = nil
	return told
}
