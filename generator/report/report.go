// Package report sets commit statuses: on the head commit of each pull request that asks for a preview, GitHub shows
// whether it is live or why it waits. It decides what to say and when to try again; the adapter talks to GitHub.
package report

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// Reporter sets our commit status on a commit. State is pending, success or failure; target is a URL or "".
type Reporter interface {
	Report(ctx context.Context, repository, sha, state, description, target string) error
}

const (
	// maxAtOnce bounds the statuses that are set after one snapshot, because each costs quota. The others follow later.
	maxAtOnce = 20
	// maxFailures bounds the failures after one snapshot: usually the token may set no status at all.
	maxFailures = 3
	// retryAfter is how long a failed status waits, unless its text changes.
	retryAfter = 5 * time.Minute
)

// Statuses remembers the statuses that GitHub has. Plan and Accept belong to one goroutine; Send may run in another.
type Statuses struct {
	reporter Reporter
	now      func() time.Time
	log      *slog.Logger
	count    func(ok bool)

	reported map[string]string       // text by pull request
	failed   map[string]failedStatus // by pull request
}

// failedStatus is a status that couldn't be set, and the time of the next attempt.
type failedStatus struct {
	text  string
	retry time.Time
}

// New returns Statuses. Count is called after each attempt.
func New(r Reporter, now func() time.Time, log *slog.Logger, count func(ok bool)) *Statuses {
	return &Statuses{reporter: r, now: now, log: log, count: count}
}

// Enabled says whether there is a reporter.
func (s *Statuses) Enabled() bool { return s.reporter != nil }

// Reported are the statuses that GitHub has, by pull request. It is saved, so that a restart sets nothing twice.
func (s *Statuses) Reported() map[string]string { return s.reported }

// Restore takes over saved statuses.
func (s *Statuses) Restore(reported map[string]string) { s.reported = reported }

// Batch are statuses to set after a snapshot, with the results.
type Batch struct {
	due      []commitStatus
	reported map[string]string
	failed   map[string]failedStatus
}

// Plan finds the statuses that must be set. Repositories are the lower-case names of repositories that may get one.
// Statuses that failed before come last.
func (s *Statuses) Plan(snapshot *preview.Snapshot, progress progressOf, repositories map[string]bool) *Batch {
	b := &Batch{reported: map[string]string{}, failed: map[string]failedStatus{}}
	all, unknown := s.commitStatuses(snapshot, progress, repositories)
	for _, pr := range unknown {
		if last, isKnown := s.reported[pr]; isKnown {
			b.reported[pr] = last
		}
	}
	for _, c := range all {
		last, known := s.reported[c.pr]
		if known {
			b.reported[c.pr] = last
		}
		before, hasFailed := s.failed[c.pr]
		if hasFailed && before.text == c.text() {
			b.failed[c.pr] = before
		}
		if (!known || last != c.text()) && !s.now().Before(b.failed[c.pr].retry) {
			b.due = append(b.due, c)
		}
	}
	slices.SortStableFunc(b.due, func(x, y commitStatus) int { return b.failed[x.pr].retry.Compare(b.failed[y.pr].retry) })
	return b
}

// Send sets the due statuses and notes the results in the batch. It stops after maxFailures failures.
func (s *Statuses) Send(ctx context.Context, b *Batch) {
	failures := 0
	for _, c := range b.due[:min(len(b.due), maxAtOnce)] {
		if failures == maxFailures {
			return
		}
		err := s.reporter.Report(ctx, c.repository, c.sha, c.state, c.description, c.target)
		s.count(err == nil)
		if err != nil {
			failures++
			b.failed[c.pr] = failedStatus{text: c.text(), retry: s.now().Add(retryAfter)}
			s.log.Warn("set commit status failed; it will be tried again", "pr", c.pr, "error", err)
			continue
		}
		b.reported[c.pr] = c.text()
		delete(b.failed, c.pr)
	}
}

// Accept takes over the results of a batch.
func (s *Statuses) Accept(b *Batch) { s.reported, s.failed = b.reported, b.failed }
