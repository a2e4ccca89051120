// Package history keeps the last events of each environment in memory, for the previews page: changed states, changed
// decisions and what people did. It starts empty with each run of the generator.
package history

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/previewset/previewset/internal/config"
)

const (
	// maxEvents bounds the events of an environment. The newest ones are kept.
	maxEvents = 30
	// maxEnvironments bounds the environments with events. Those with the oldest last event are dropped first.
	maxEnvironments = 2000
	// maxText bounds the texts of an event in characters.
	maxText = 300
)

// Event is something that happened to an environment.
type Event struct {
	At time.Time
	// What describes the event.
	What string
	// Who did it, and from where; empty if the generator did it.
	Who, From string
}

// Log holds events by environment. It is safe for concurrent use.
type Log struct {
	mu     sync.Mutex
	events map[string][]Event
}

// New returns an empty Log.
func New() *Log { return &Log{events: map[string][]Event{}} }

// Add adds an event. Its texts are made printable and shortened.
func (l *Log) Add(environment string, e Event) {
	for _, text := range []*string{&e.What, &e.Who, &e.From} {
		*text = config.Shorten(config.Printable(*text), maxText)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	events, known := l.events[environment]
	if !known && len(l.events) >= maxEnvironments {
		l.dropOldest()
	}
	if events = append(events, e); len(events) > maxEvents {
		events = slices.Clone(events[1:])
	}
	l.events[environment] = events
}

// dropOldest drops the environment with the oldest last event.
func (l *Log) dropOldest() {
	oldest, at := "", time.Time{}
	for name, events := range l.events {
		if last := events[len(events)-1].At; oldest == "" || last.Before(at) {
			oldest, at = name, last
		}
	}
	delete(l.events, oldest)
}

// Change is an event of one of all environments.
type Change struct {
	Environment string
	Event
}

// Recent returns the events of all environments since a time, the newest first and at most as many as given.
func (l *Log) Recent(since time.Time, atMost int) []Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Change
	for name, events := range l.events {
		for _, e := range events {
			if !e.At.Before(since) {
				all = append(all, Change{name, e})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Change) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Environment, b.Environment))
	})
	return all[:min(len(all), atMost)]
}

// Of returns the events of an environment, the newest first.
func (l *Log) Of(environment string) []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := slices.Clone(l.events[environment])
	slices.Reverse(events)
	return events
}
