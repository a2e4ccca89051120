package generator

import (
	"maps"
	"net/http"
	"slices"

	"github.com/previewset/previewset/internal/preview"
)

// Remembered is what requests from outside have left behind.
type Remembered struct {
	Queued     []string // repositories that are to be read again
	Deliveries int      // bytes of IDs
	Callers    int
	Filtered   int // bytes of answers
	Visits     int // environments
}

// Remembered tells what requests from outside have left behind until now.
func (g *Generator) Remembered() Remembered {
	var m Remembered
	g.requests.mu.Lock()
	for name := range g.requests.scope.repositories {
		m.Queued = append(m.Queued, name)
	}
	g.requests.mu.Unlock()
	slices.Sort(m.Queued)
	g.deliveries.mu.Lock()
	for id := range g.deliveries.known {
		m.Deliveries += len(id)
	}
	g.deliveries.mu.Unlock()
	g.visits.mu.Lock()
	m.Visits = len(g.visits.environments)
	g.visits.mu.Unlock()
	g.callers.mu.Lock()
	m.Callers = len(g.callers.numbers)
	g.callers.mu.Unlock()
	if s := g.served.Load(); s != nil {
		s.mu.Lock()
		for key, body := range s.filtered {
			m.Filtered += len(key) + len(body)
		}
		s.mu.Unlock()
	}
	return m
}

// Forget forgets which repositories are to be read again.
func (g *Generator) Forget() { g.requests.take() }

// Pretend serves a changed copy of the snapshot that is served.
func (g *Generator) Pretend(change func(*preview.Snapshot)) {
	last := g.served.Load()
	s := *last.snapshot
	s.Rows, s.Decisions = slices.Clone(s.Rows), slices.Clone(s.Decisions)
	s.Memory.Lives, s.Memory.Intents = maps.Clone(s.Memory.Lives), maps.Clone(s.Memory.Intents)
	change(&s)
	g.served.Store(&served{snapshot: &s, number: last.number, inputs: last.inputs, bodies: last.bodies})
}

// Network is whose visit a request is.
func (g *Generator) Network(r *http.Request) string { return g.guest(r).network.String() }

// Wakes is how many of so many visits at once, which all found an environment asleep, ask for a wake.
func (g *Generator) Wakes(name string, visits int) (asked int) {
	for range visits {
		if ask, _ := g.visits.wake(name, guest{}, g.opts.Now()); ask {
			asked++
		}
	}
	return asked
}
