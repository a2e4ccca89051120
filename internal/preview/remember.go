package preview

import (
	"maps"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// remember returns the snapshot, with everything that the next Resolve needs.
func remember(r *resolved, e explanation) *Snapshot {
	s := &Snapshot{Decisions: e.decisions, Unread: r.ids.unread, Problems: r.allProblems()}
	s.Memory = Memory{
		At: r.now.UTC(), Commit: r.cfg.Commit, Repositories: r.ids.repositories, Overlays: r.cfg.Overlays(),
		Slots: r.cfg.Slots, LostSlots: r.lost,
		Environments: r.liveEnvironments(), Since: e.decided, Defaults: maps.Clone(r.memory.Defaults),
		Confirmed: map[string]bool{}, Gone: e.gone, Lives: r.lives(), Requests: r.requestsToKeep(), Expired: r.expired,
		Measured: r.lifecycles.measured.until, Jumped: r.memory.Jumped, Agreed: r.trustedAt,
		compositions: r.linked.compositions,
	}
	s.Memory.Removals, s.Memory.RemovalsOf = r.removals()
	s.Memory.Leaving = leavingOf(s.Memory.Environments, r.ids.leaving)
	if s.Memory.Defaults == nil {
		s.Memory.Defaults = map[string]config.ServiceRef{}
	}
	maps.Copy(s.Memory.Defaults, r.reconciler.planner.readyDefaults)
	s.Rows = make([]Row, 0, len(s.Memory.Environments))
	for _, name := range slices.Sorted(maps.Keys(s.Memory.Environments)) { // guard row-order: slices.Collect(maps.Keys(s.Memory.Environments))
		s.Rows = append(s.Rows, s.Memory.Environments[name].Row)
	}
	return s
}

// leavingOf returns the departures of members that are still in an environment.
func leavingOf(environments map[string]Remembered, leaving map[string]Leaving) map[string]Leaving {
	if len(leaving) == 0 {
		return nil
	}
	kept := map[string]Leaving{}
	for _, e := range environments {
		for _, m := range e.Members {
			if l, ok := leaving[m.lasting()]; ok {
				kept[m.lasting()] = l
			}
		}
	}
	return kept
}

// liveEnvironments returns the live environments with their links and states.
func (r *resolved) liveEnvironments() map[string]Remembered {
	environments := make(map[string]Remembered, len(r.live.environments))
	for name, e := range r.live.environments {
		as := *e
		if row, ok := r.linked.rows[name]; ok {
			as.Row = row
		}
		state := r.states[name]
		if isStopped := state.Why == SleptRevoked; as.Row.State != state.State || as.Row.isStopped() != isStopped {
			as.Row = as.Row.withState(state.State, isStopped)
		}
		as.Row = as.Row.withRedeploy(r.memory.Requests[name].Redeployed)
		environments[name] = as
	}
	return environments
}

// lives returns the activity and the state of the live environments.
func (r *resolved) lives() map[string]Life {
	lives := make(map[string]Life, len(r.live.environments))
	for name := range r.live.environments {
		life, state := r.lifecycles.byName[name].Life, r.states[name]
		life.Changed, life.Why, life.Ticket, life.Took = state.Changed, state.Why, state.Ticket, state.Took
		lives[name] = life
	}
	return lives
}

// requestsToKeep returns the requests that still count. Those about environments that are neither live nor waiting
// are dropped.
func (r *resolved) requestsToKeep() map[string]Requests {
	requests := map[string]Requests{}
	for name, i := range r.memory.Requests {
		if r.previous[name] == nil {
			i.Slept = time.Time{} // a returning environment is awake
		}
		_, isExpired := r.expired[name]
		if r.live.has(name) || isExpired || r.isWaiting(name) {
			requests[name] = i
		}
	}
	for name := range r.live.environments {
		l := r.lifecycles.byName[name]
		if _, ok := requests[name]; !ok && l.requests == (Requests{}) {
			continue
		}
		i := l.requests
		if r.previous[name] == nil {
			i.Slept = time.Time{}
		}
		i.AwakeUntil, i.ExpiresNotBefore = l.heldUntil(), l.extendedUntil() // not more than may be asked for
		if state := r.states[name]; state.State == Waking && i.Slept.Before(state.Changed) {
			i.Slept = time.Time{} // the request to sleep is over
		}
		requests[name] = i
	}
	return requests
}

// isWaiting reports whether an environment that isn't live is still asked for. An extended one comes back as soon as
// there is room.
func (r *resolved) isWaiting(name string) bool {
	desired := r.lifecycles.desired[name]
	return desired != nil && desired.previous == nil && !desired.lacksLabel()
}

// removals returns the times of the removals that the deletion guard counts: all, and by repository.
func (r *resolved) removals() (all []time.Time, of map[string][]time.Time) {
	at := []time.Time{r.now.UTC().Truncate(time.Second)}
	all = slices.Clone(r.reconciler.guard.recent)
	add := func(repository string, times []time.Time) {
		if of == nil {
			of = map[string][]time.Time{}
		}
		of[repository] = slices.Concat(of[repository], times)
	}
	for repository, times := range r.reconciler.guard.recentOf {
		add(repository, times)
	}
	for _, res := range r.reconciler.results {
		for _, e := range res.counted {
			all = append(all, at...)
			for _, repository := range e.repositories() {
				add(repository, at)
			}
		}
	}
	return all, of
}

func (r *resolved) allProblems() []string {
	var problems []string
	for _, p := range slices.Concat(r.cfg.Problems, r.cfg.SlotProblems) {
		problems = append(problems, p.Error())
	}
	problems = append(problems, r.ids.problems...)
	slices.Sort(problems)
	return problems
}
