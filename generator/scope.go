package generator

import "sync"

// scope is what is to be read again. What isn't keeps its facts.
type scope struct {
	due          bool // everything that is due
	config       bool
	repositories map[string]bool // lower case
	// confirm are environments, or repositories that were never read, that may go.
	confirm []string
}

func (s *scope) add(o scope) {
	s.due, s.config = s.due || o.due, s.config || o.config
	s.confirm = append(s.confirm, o.confirm...)
	for name := range o.repositories {
		if s.repositories == nil {
			s.repositories = map[string]bool{}
		}
		s.repositories[name] = true
	}
}

// requests collects what is asked to be read again until the refresher takes it: a hundred events about one repository
// are one read.
type requests struct {
	mu     sync.Mutex
	scope  scope
	notify chan struct{}
}

func newRequests() *requests { return &requests{notify: make(chan struct{}, 1)} }

func (r *requests) add(s scope) {
	r.mu.Lock()
	r.scope.add(s)
	r.mu.Unlock()
	select {
	case r.notify <- struct{}{}:
	default: // it is known already that there is something
	}
}

func (r *requests) take() scope {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.scope
	r.scope = scope{}
	return s
}
