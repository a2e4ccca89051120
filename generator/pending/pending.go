// Package pending collects work for the next refresh: repositories to read again, requests and confirmations. Webhooks,
// the API and visits add work; the refresh cycle takes it. The content of a webhook is a hint, never a fact.
package pending

import (
	"slices"
	"sync"

	"github.com/previewset/previewset/internal/preview"
)

// Work is what waits for the next refresh. The zero value is no work.
type Work struct {
	Config       bool            // read the config branch again
	Repositories map[string]bool // lower-case repositories to read again
	Expected     Expected
	// Confirmed are names that a user confirmed: environments that may be removed, and repositories ("owner/name") that
	// were never read, or with a name that belongs to another repository now.
	Confirmed []string
	Requests  Requests
	// Clicks are clicks on buttons of our check runs.
	Clicks Clicks
	// Saves says that something new must be saved: the filter of an ApplicationSet, or a link for guests.
	Saves bool
}

// Merge adds other work.
func (w *Work) Merge(o Work) {
	w.Config, w.Saves = w.Config || o.Config, w.Saves || o.Saves
	w.Confirmed = append(w.Confirmed, o.Confirmed...)
	slices.Sort(w.Confirmed)
	w.Confirmed = slices.Compact(w.Confirmed) // only names that exist are confirmed, so the list is bounded
	for name := range o.Repositories {
		if w.Repositories == nil {
			w.Repositories = map[string]bool{}
		}
		w.Repositories[name] = true
	}
	w.Expected.Merge(o.Expected)
	w.Clicks = w.Clicks.Merge(o.Clicks)
	for _, r := range o.Requests.InOrder() {
		w.Requests.Add(r)
	}
}

// maxExpected bounds the expected pull requests of a repository. The others are read without a prefetch.
const maxExpected = 20

// Expected are pull requests from webhooks, by repository. They tell what the next read will need, so that it can be
// prefetched.
type Expected map[string][]preview.PullRequest

// Merge adds newer pull requests. The newest version of each one counts: webhooks can arrive in any order.
func (e *Expected) Merge(newer Expected) {
	if *e == nil {
		*e = Expected{}
	}
	for name, prs := range newer {
		for _, pr := range prs {
			(*e)[name] = merge((*e)[name], pr)
		}
	}
}

func merge(all []preview.PullRequest, pr preview.PullRequest) []preview.PullRequest {
	i := slices.IndexFunc(all, func(p preview.PullRequest) bool { return p.Number == pr.Number })
	switch {
	case i >= 0 && !pr.Updated.Before(all[i].Updated):
		all[i] = pr
	case i < 0 && len(all) < maxExpected:
		all = append(all, pr)
	}
	return all
}

// Take removes and returns the expected pull requests of a repository.
func (e Expected) Take(name string) []preview.PullRequest {
	defer delete(e, name)
	return e[name]
}

// Queue holds work until it is taken. A hundred webhooks about one repository become one read.
type Queue struct {
	mu     sync.Mutex
	work   Work
	notify chan struct{}
}

// NewQueue returns an empty queue.
func NewQueue() *Queue { return &Queue{notify: make(chan struct{}, 1)} }

// Add adds work.
func (q *Queue) Add(w Work) {
	q.mu.Lock()
	q.work.Merge(w)
	q.mu.Unlock()
	select {
	case q.notify <- struct{}{}:
	default: // a notification is waiting already
	}
}

// Request adds a user's request about an environment.
func (q *Queue) Request(r preview.Request) {
	w := Work{}
	w.Requests.Add(r)
	q.Add(w)
}

// Ready receives a value when there is work.
func (q *Queue) Ready() <-chan struct{} { return q.notify }

// Take removes and returns all work.
func (q *Queue) Take() Work {
	q.mu.Lock()
	defer q.mu.Unlock()
	w := q.work
	q.work = Work{}
	return w
}
