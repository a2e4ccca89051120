package preview

import (
	"maps"
	"strings"
)

// liveSet are the environments that are live by this snapshot, as far as they are known.
type liveSet struct {
	environments  map[string]*Remembered
	environmentOf map[string]string // the environment of each member, by subject
	hosts         map[string]string // the environment of each host; those of the last snapshot are reserved
	counts        liveCounts
}

// liveCounts counts live environments for the limits.
type liveCounts struct {
	// all are those that count for limits.environments, leases those that count for limits.leases.
	all, leases   int
	awake         int // all that are awake, also leases
	perOwner      map[string]int
	perRepository map[string]int
}

func newLiveSet(in *input) *liveSet {
	n := len(in.previous)
	s := &liveSet{
		environments: make(map[string]*Remembered, n), environmentOf: make(map[string]string, n),
		hosts:  make(map[string]string, n),
		counts: liveCounts{perOwner: map[string]int{}, perRepository: map[string]int{}},
	}
	for name, e := range in.previous {
		for _, h := range e.Hosts {
			s.hosts[h] = name
		}
	}
	return s
}

func (s *liveSet) add(e *Remembered) {
	for _, h := range e.Hosts {
		s.hosts[h] = e.Row.Name
	}
	for _, m := range e.Members {
		s.environmentOf[m.subject()] = e.Row.Name
	}
	s.counts.count(e)
	s.environments[e.Row.Name] = e
}

func (s *liveSet) has(name string) bool { return s.environments[name] != nil }

func (u *liveCounts) count(e *Remembered) {
	if e.Row.State != Asleep {
		u.awake++
	}
	if e.IsLease {
		u.leases++
		return
	}
	u.all++
	owner := e.limitOwner()
	if e.Row.Source == FromPullRequest || e.Row.Source == FromFile && owner != "" { // slots are limited by their number
		u.perOwner[strings.ToLower(owner)]++
	}
	if e.Row.Source == FromPullRequest {
		for _, repository := range e.repositories() {
			u.perRepository[repository]++
		}
	}
}

func (u *liveCounts) clone() liveCounts {
	return liveCounts{
		all: u.all, leases: u.leases, awake: u.awake, perOwner: maps.Clone(u.perOwner),
		perRepository: maps.Clone(u.perRepository),
	}
}

// repositories returns the repositories of the members, each once.
func (e *Remembered) repositories() []string {
	names := make([]string, len(e.Members))
	for i, m := range e.Members {
		names[i] = m.Repository
	}
	return sortedSet(names)
}
