// Package applicationsets tells Argo CD about new answers: it refreshes each ApplicationSet with a changed answer, so
// that it asks at once instead of at its next poll.
package applicationsets

import (
	"context"
	"crypto/sha256"
	"hash"
	"log/slog"
	"time"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/internal/preview"
)

// Refresher makes Argo CD reconcile an ApplicationSet, which asks its plugins again.
type Refresher interface {
	Refresh(ctx context.Context, applicationSet string) error
}

const (
	// waitForRequest is how long a refreshed ApplicationSet has to ask before it is refreshed again.
	waitForRequest = 5 * time.Second
	// maxRepeats bounds how often it is refreshed again.
	maxRepeats = 3
)

// Notifier refreshes ApplicationSets. It belongs to one goroutine.
type Notifier struct {
	refresher Refresher // nil without a cluster
	callers   *Callers
	now       func() time.Time
	log       *slog.Logger
	count     func(ok bool)

	notified   map[string][sha256.Size]byte // hash of the answer at the last refresh, by ApplicationSet
	unanswered map[string]unanswered        // refreshed ApplicationSets that haven't asked since
}

// unanswered is a refreshed ApplicationSet that must ask for the snapshot with a number, or a newer one.
type unanswered struct {
	number, repeats int
	refreshed       time.Time
}

// NewNotifier returns a Notifier. Count is called after each refresh.
func NewNotifier(r Refresher, c *Callers, now func() time.Time, log *slog.Logger, count func(ok bool)) *Notifier {
	return &Notifier{
		refresher: r, callers: c, now: now, log: log, count: count,
		notified: map[string][sha256.Size]byte{}, unanswered: map[string]unanswered{},
	}
}

// Notify refreshes the ApplicationSets with answers that changed since their last refresh. After a start it refreshes
// all of them: while the generator was away they may have got an error, and Argo CD would wait for minutes.
func (n *Notifier) Notify(ctx context.Context, p *answer.Published, plugins []preview.Plugin) {
	if n.refresher == nil {
		return
	}
	for name, sum := range n.answerSums(p, plugins) {
		if n.notified[name] == sum {
			continue
		}
		err := n.refresher.Refresh(ctx, name)
		n.count(err == nil)
		if err != nil {
			n.log.Error("refresh ApplicationSet failed; it asks by itself later", "application_set", name, "error", err)
			continue // the next snapshot tries again
		}
		n.log.Info("ApplicationSet refreshed", "application_set", name)
		n.notified[name] = sum
		n.unanswered[name] = unanswered{number: p.Number, refreshed: n.now()}
	}
}

// Repeat refreshes ApplicationSets again that haven't asked since. Argo CD removes the refresh annotation after a
// reconciliation, even if that began before the annotation was set.
func (n *Notifier) Repeat(ctx context.Context) {
	for name, u := range n.unanswered {
		if n.callers.lastNumber(name) >= u.number || u.repeats == maxRepeats {
			delete(n.unanswered, name)
			continue
		}
		if n.now().Sub(u.refreshed) < waitForRequest {
			continue
		}
		u.repeats, u.refreshed = u.repeats+1, n.now()
		n.unanswered[name] = u
		err := n.refresher.Refresh(ctx, name)
		n.count(err == nil)
		n.log.Warn("ApplicationSet didn't ask; refreshed again", "application_set", name, "error", err)
	}
}

// answerSums are hashes of the answers to our ApplicationSets.
func (n *Notifier) answerSums(p *answer.Published, plugins []preview.Plugin) map[string][sha256.Size]byte {
	sums := map[string]hash.Hash{}
	for _, plugin := range n.ourPlugins(plugins) {
		f, _, err := pluginFilter(plugin)
		if err != nil {
			continue // its requests get a 400 that explains it
		}
		body, err := p.Body(f)
		if err != nil {
			continue
		}
		if sums[plugin.ApplicationSet] == nil {
			sums[plugin.ApplicationSet] = sha256.New()
		}
		_, _ = sums[plugin.ApplicationSet].Write(body) // a hash never fails
	}
	answers := map[string][sha256.Size]byte{}
	for name, sum := range sums {
		answers[name] = [sha256.Size]byte(sum.Sum(nil))
	}
	return answers
}
