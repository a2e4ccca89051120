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
	admissions := admit(in, ids.pullRequests)
	rejected := rejections{}
	for {
		r := runPhases(in, ids, assign(in, ids, admissions, rejected))
		if !rejected.merge(r.reconciler.rejected) {
			return remember(r, explain(r))
		}
		// A member that its target rejects stays in its environment, and that may change everything after assign.
	}
}

// runPhases computes the snapshot with the given assignment.
func runPhases(in *input, ids *identities, a *assigned) *resolved {
	lifecycles := updateLifecycles(in, ids, a.desired)
	existing, fresh := inOrder(a.desired, ids.decided)
	reconciler := newReconciler(in, ids, lifecycles, existing, a.pendingMoves)
	reconciler.reconcileExisting()
	scheduler := &scheduler{in, lifecycles, reconciler.live}
	earlier := lifecycles.carryOverExpired()
	limiter := newLimiter(reconciler, scheduler, scheduler.schedule(), earlier)
	limiter.limit(fresh, ids.decided)
	return &resolved{
		input: in, ids: ids, lifecycles: reconciler.finalLifecycles(), reconciler: reconciler, live: reconciler.live,
		linked: linkEnvironments(in, reconciler.live, reconciler.results, reconciler.drafter.last), states: limiter.finalStates(),
		expired: reconciler.allExpired(earlier), lastPlace: limiter.lastPlace,
	}
}

// FromMemory returns the snapshot while configuration can't be read: the live environments as they were,
// except that they can wake. Without configuration there is no evidence for sleep or removal.
func FromMemory(m Memory, now time.Time) *Snapshot {
	in := newInput(config.EmptyConfig(), Facts{}, m, now)
	ids := &identities{unread: []string{}, carried: map[string]Decided{}, decided: in.memory.Since}
	lifecycles := updateLifecycles(in, ids, nil)
	reconciler := newReconciler(in, ids, lifecycles, nil, nil)
	reconciler.keepAll(&hold{rule: RuleUnread, reason: "configuration can't be read", remedy: "see the service's /readyz?verbose"})
	limiter := newLimiter(reconciler, &scheduler{in, lifecycles, reconciler.live}, lifecycles.initial, nil)
	limiter.limit(nil, nil)
	r := &resolved{
		input: in, ids: ids, lifecycles: lifecycles, reconciler: reconciler, live: reconciler.live,
		states: limiter.finalStates(), lastPlace: limiter.lastPlace,
	}
	e := newExplainer(r)
	for _, k := range reconciler.kept {
		e.explainKept(k)
	}
	s := remember(r, explanation{decisions: e.sorted()})
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
