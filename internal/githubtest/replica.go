package githubtest

import (
	"maps"
	"slices"
)

// Replica is a copy of the whole state at one moment. GitHub answers some reads from a replica that lags behind; see
// Fault.Replica.
type Replica struct{ state *state }

// clone copies everything that the API shows of pull requests and refs. Commits never change, so they are shared.
func (s *state) clone() *state {
	c := newState(s.clock)
	c.version, c.lastID, c.padding, c.commits = s.version, s.lastID, s.padding, s.commits
	c.names, c.formerNames = maps.Clone(s.names), maps.Clone(s.formerNames)
	for id, r := range s.repos {
		c.repos[id] = r.clone()
	}
	return c
}

func (r *repository) clone() *repository {
	c := *r
	c.permissions, c.refs, c.tags = maps.Clone(r.permissions), maps.Clone(r.refs), maps.Clone(r.tags)
	c.labels = maps.Clone(r.labels)
	c.statuses, c.checkRuns, c.checkSuites = maps.Clone(r.statuses), maps.Clone(r.checkRuns), maps.Clone(r.checkSuites)
	c.pulls, c.pullsInOrder = make(map[int]*pull, len(r.pulls)), make([]*pull, 0, len(r.pulls))
	for _, p := range r.pullsInOrder {
		copied := *p
		copied.Labels, copied.reviews, copied.events = slices.Clone(p.Labels), slices.Clone(p.reviews), slices.Clone(p.events)
		c.pulls[p.Number] = &copied
		c.pullsInOrder = append(c.pullsInOrder, &copied)
	}
	return &c
}
