package preview

import (
	"maps"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// Resolve computes a snapshot: the live environments, the row of each, and a decision about every open pull request and
// every environment file. It is pure: the same arguments give the same snapshot.
func Resolve(cfg *config.Config, facts Facts, memory Memory, now time.Time) *Snapshot {
	in := newInput(cfg, facts, memory, now)
	ids := identify(in)
	keepLeaving(in, ids)
	admissions := admit(in, ids.pullRequests)
	// A member that its target rejects stays in its environment. That changes the desired environments, so the later
	// steps run again until there is no new rejection.
	rejected := rejections{}
	for {
		r := runSteps(in, ids, assign(in, ids, admissions, rejected))
		if !rejected.merge(r.reconciler.rejected) {
			return remember(r, explain(r))
		}
	}
}

// runSteps computes the snapshot with the given assignment. The order of the steps matters: the reconciler and the
// limiter add to the live set, which the steps after them read.
func runSteps(in *input, ids *identities, a *assigned) *resolved {
	ls := updateLifecycles(in, ids, a.desired)
	existing, fresh := orderByArrival(a.desired, ids.decided)

	rec := newReconciler(in, ids, ls, existing, a.pendingMoves)
	rec.reconcileExisting()

	sched := &scheduler{in, ls, rec.live}
	states := sched.schedule()

	expired := ls.carryOverExpired()
	lim := newLimiter(rec, sched, states, expired)
	lim.limit(fresh, ids.decided)

	r := &resolved{input: in, ids: ids, reconciler: rec, live: rec.live, lastTicket: lim.lastTicket}
	r.lifecycles = rec.finalLifecycles()
	r.linked = linkEnvironments(in, rec.live, rec.results, rec.planner.last)
	r.states = lim.states
	r.expired = rec.allExpired(expired)
	return r
}

// FromMemory returns the snapshot while configuration can't be read: the live environments as they were,
// except that they can wake. Without configuration there is no evidence for sleep or removal.
func FromMemory(m Memory, now time.Time) *Snapshot {
	in := newInput(config.EmptyConfig(), Facts{}, m, now)
	ids := &identities{unread: []string{}, carried: map[string]Decided{}, decided: in.memory.Since}
	ls := updateLifecycles(in, ids, nil)
	rec := newReconciler(in, ids, ls, nil, nil)
	rec.keepAll(&hold{
		rule: RuleUnread, reason: "configuration can't be read",
		remedy: "see the generator's /readyz?verbose",
	})
	lim := newLimiter(rec, &scheduler{in, ls, rec.live}, ls.initial, nil)
	lim.limit(nil, nil)
	r := &resolved{
		input: in, ids: ids, lifecycles: ls, reconciler: rec, live: rec.live,
		states: lim.states, lastTicket: lim.lastTicket,
	}
	e := newExplainer(r)
	for _, k := range rec.kept {
		e.explainKept(k)
	}
	s := remember(r, explanation{decisions: e.sorted()})
	// Only the states are new. The rest of memory must stay as it was: without configuration it would lose all decisions,
	// repositories and requests, and the next Resolve with configuration would take that for evidence.
	next := s.Memory
	s.Memory = in.memory
	s.Memory.At, s.Memory.Environments, s.Memory.Lives = next.At, next.Environments, next.Lives
	return s
}

// merge adds rejections. It returns false if there is no new one.
func (r rejections) merge(more rejections) bool {
	before := len(r)
	maps.Copy(r, more)
	return len(r) > before
}
