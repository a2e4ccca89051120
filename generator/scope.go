package generator

import (
	"context"
	"sync"
	"time"
)

// scope is what is to be read again. What isn't keeps its facts.
type scope struct {
	all, config  bool
	repositories map[string]bool // lower case
	// confirm are environments, or repositories that were never read, that may go.
	confirm []string
}

func (s *scope) add(o scope) {
	s.all, s.config = s.all || o.all, s.config || o.config
	s.confirm = append(s.confirm, o.confirm...)
	for name := range o.repositories {
		if s.repositories == nil {
			s.repositories = map[string]bool{}
		}
		s.repositories[name] = true
	}
}

// reads says whether a repository is to be read again.
func (s *scope) reads(repository string) bool { return s.all || s.repositories[repository] }

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

// next waits until something is asked for, or until everything is due.
func (r *requests) next(ctx context.Context, due <-chan time.Time) (s scope, ok bool) {
	select {
	case <-ctx.Done():
		return scope{}, false
	case <-r.notify:
		return r.take(), true
	case <-due:
		return scope{all: true}, true
	}
}
