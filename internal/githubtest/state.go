package githubtest

import (
	"strings"
	"sync"
	"time"
)

// state is everything that the API shows: repositories and commits. Its users hold the lock.
type state struct {
	clock *clock

	mu          sync.Mutex
	version     int64 // number of changes so far
	lastID      int64
	repos       map[int64]*repository
	names       map[string]int64 // repositories by current name, in lower case
	formerNames map[string]int64 // repositories by names that redirect, in lower case
	commits     commitGraph
	padding     int // bytes added to the body of every pull request
}

func newState(c *clock) *state {
	return &state{
		clock: c, lastID: 1000, repos: map[int64]*repository{}, names: map[string]int64{}, formerNames: map[string]int64{},
		commits: commitGraph{},
	}
}

// lock locks the state and returns the function that unlocks it.
func (s *state) lock() (unlock func()) {
	s.mu.Lock()
	return s.mu.Unlock
}

func (s *state) now() time.Time { return s.clock.now() }

// newID returns an ID that no other object has.
func (s *state) newID() int64 {
	s.lastID++
	return s.lastID
}

// byName returns the repository with the name, or nil.
func (s *state) byName(fullName string) *repository {
	return s.repos[s.names[strings.ToLower(fullName)]]
}

// byFormerName returns the repository that had the name before it was renamed or transferred, or nil.
func (s *state) byFormerName(fullName string) *repository {
	return s.repos[s.formerNames[strings.ToLower(fullName)]]
}

// recordActivity gives the repository a new version. All lists of its pull requests embed the repository, so all of
// them get another ETag.
func (s *state) recordActivity(r *repository) {
	s.version++
	r.version, r.updated = s.version, s.now()
}

// recordPullActivity does the same for a pull request.
func (s *state) recordPullActivity(r *repository, p *pull) {
	s.recordActivity(r)
	p.version, p.Updated = s.version, s.now()
}
