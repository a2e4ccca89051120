package generator

import (
	"slices"
	"sync"

	"github.com/previewset/previewset/internal/preview"
)

// scope is what is to be read again. What isn't keeps its facts.
type scope struct {
	due          bool // everything that is due
	config       bool
	repositories map[string]bool // lower case
	expected     expected
	// confirm are environments, or repositories that were never read, that may go.
	confirm []string
	// asks are what people ask of environments.
	asks asks
}

func (s *scope) add(o scope) {
	s.due, s.config = s.due || o.due, s.config || o.config
	s.confirm = append(s.confirm, o.confirm...)
	slices.Sort(s.confirm)
	s.confirm = slices.Compact(s.confirm) // they name what is there, so they can't grow without bound
	for name := range o.repositories {
		if s.repositories == nil {
			s.repositories = map[string]bool{}
		}
		s.repositories[name] = true
	}
	s.expected.add(o.expected)
	for _, r := range o.asks.inOrder() {
		s.asks.add(r)
	}
}

// maxExpected bounds how many pull requests of one repository are expected: of more nothing is read ahead.
const maxExpected = 20

// expected are pull requests as webhooks told of them, by repository: hints at what will have to be read, no facts.
type expected map[string][]preview.PullRequest

// add takes in what came later: only the newest of each pull request counts.
func (e *expected) add(later expected) {
	if *e == nil {
		*e = expected{}
	}
	for name, prs := range later {
		for _, pr := range prs {
			known := slices.DeleteFunc((*e)[name], func(p preview.PullRequest) bool { return p.Number == pr.Number })
			if len(known) < maxExpected {
				known = append(known, pr)
			}
			(*e)[name] = known
		}
	}
}

// take are those of a repository, once.
func (e expected) take(name string) []preview.PullRequest {
	defer delete(e, name)
	return e[name]
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
