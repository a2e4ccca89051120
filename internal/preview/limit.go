package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// brakeWindow is the time in which deletions are counted for limits.deletionsAtOnce.
const brakeWindow = 10 * time.Minute

// tally counts what is live, for the limits, and who waits.
type tally struct {
	all, awake    int
	perOwner      map[string]int
	perRepository map[string]int
	waiting       map[string]int // by limit
	lastPlace     int
}

func newTally() tally {
	return tally{perOwner: map[string]int{}, perRepository: map[string]int{}, waiting: map[string]int{}}
}

func (t *tally) count(e Remembered) {
	t.all++
	if e.Row.State != Asleep {
		t.awake++
	}
	if e.Row.Source == sourcePullRequest || e.Row.Source == sourceEnvironment && e.person() != "" { // of slots the pool is the limit
		t.perOwner[strings.ToLower(e.person())]++
	}
	if e.Row.Source == sourcePullRequest {
		for _, repository := range e.repositories() {
			t.perRepository[repository]++
		}
	}
}

// repositories are those of its members, each once.
func (e Remembered) repositories() []string {
	names := make([]string, len(e.Members))
	for i, m := range e.Members {
		names[i] = m.Repository
	}
	return sortedSet(names)
}

// limit is one that is asked about.
type limit struct {
	name, who, queue string
	have, atMost     int
}

// limited holds a new environment where a limit is reached. What is live was counted before; the others come in the order
// in which they began to wait.
func (r *resolver) limited(w *wish) *hold {
	for _, limit := range r.limitsOf(w) {
		if limit.atMost == 0 || limit.have < limit.atMost || limit.name == limitAwake && r.makeRoom() {
			continue
		}
		queue := limit.name + " " + limit.queue
		r.tally.waiting[queue]++
		return &hold{
			rule: ruleLimit, reason: fmt.Sprintf("%s %d environments, and limits.%s is %d; it is number %d in the queue", limit.who, limit.have, limit.name, limit.atMost, r.tally.waiting[queue]),
			remedy: "wait, or close or unlabel one that is live",
		}
	}
	return nil
}

func (r *resolver) limitsOf(w *wish) []limit {
	l, t := r.Policy.Limits, r.withLeaving(w)
	limits := []limit{
		{"environments", "there are", "", t.all, l.Environments},
	}
	person := strings.ToLower(w.person())
	if w.claim == nil && (!w.isFile || person != "") {
		limits = append(limits, limit{"perOwner", cmp.Or(config.Printable(w.person()), "an account that is gone") + " has", person, t.perOwner[person], l.PerOwner})
	}
	limits = append(limits, r.perRepository(w, t)...)
	return append(limits, r.awake(t))
}

func (r *resolver) perRepository(w *wish, t tally) (limits []limit) {
	if w.source() != sourcePullRequest {
		return nil
	}
	seen := map[string]bool{}
	for _, c := range w.members {
		if !seen[c.key] && (w.own || c.hold == nil) {
			limits = append(limits, limit{"perRepository", c.repository + " has", c.key, t.perRepository[c.key], r.Policy.Limits.PerRepository})
		}
		seen[c.key] = true
	}
	return limits
}

// withLeaving counts also what is live only until its pull request has moved elsewhere, but not what moves here.
func (r *resolver) withLeaving(w *wish) tally {
	if len(r.leaving) == 0 {
		return r.tally
	}
	t := r.tally
	t.perOwner, t.perRepository = maps.Clone(t.perOwner), maps.Clone(t.perRepository)
	for about, was := range r.leaving {
		if !slices.ContainsFunc(w.members, func(c *candidate) bool { return c.hold == nil && c.subject() == about }) {
			t.count(*was)
		}
	}
	return t
}

// inOrder puts what is live first, then what waits, by place, then the rest by age: what is live stays, and nobody
// overtakes.
func (r *resolver) inOrder(wishes []*wish) {
	for _, was := range r.memory.Since {
		r.tally.lastPlace = max(r.tally.lastPlace, was.Place)
	}
	for _, was := range r.memory.Lives {
		r.tally.lastPlace = max(r.tally.lastPlace, was.Place)
	}
	type key struct{ group, place int }
	keys := make(map[*wish]key, len(wishes))
	for _, w := range wishes {
		group, place := r.rank(w)
		keys[w] = key{group, place}
	}
	slices.SortFunc(wishes, func(a, b *wish) int {
		return cmp.Or(keys[a].group-keys[b].group, keys[a].place-keys[b].place, compareWishes(a, b))
	})
}

// compareWishes puts what people wrote down before what they labelled, and that by age.
func compareWishes(a, b *wish) int {
	if len(a.members) == 0 || len(b.members) == 0 {
		return cmp.Or(cmp.Compare(min(1, len(a.members)), min(1, len(b.members))), cmp.Compare(a.name, b.name))
	}
	return cmp.Or(compareCandidates(a.members[0], b.members[0]), cmp.Compare(a.name, b.name))
}

// rank is the group of an environment in the order, and the place of one that waits.
func (r *resolver) rank(w *wish) (group, place int) {
	if w.was != nil {
		return 0, 0
	}
	place = r.memory.Since[w.name].Place
	for _, c := range w.members {
		if p := r.memory.Since[subject(c.repository, c.Number)].Place; p > 0 && (place == 0 || p < place) {
			place = p
		}
	}
	if place > 0 {
		return 1, place
	}
	return 2, 0
}

// place is that of who waits, behind all others at first. While its next commit is built, or GitHub doesn't answer, it is
// kept; who is held for something else waits no more, and begins anew at the end.
func (r *resolver) place(about string, d Decision) int {
	was := r.memory.Since[about].Place
	switch {
	case d.Rule == ruleLimit && was == 0: // who waits elsewhere meanwhile, too
		r.tally.lastPlace++
		return r.tally.lastPlace
	case d.Rule == ruleLimit:
		return was
	case d.Outcome != Held:
		return 0
	case d.Rule == ruleReady, d.Rule == ruleUnread:
		return was
	}
	return 0
}

func (r *resolver) deletionsAtOnce() int { return cmp.Or(r.Policy.Limits.DeletionsAtOnce, 10) }

// brakes says whether more environments lose now what asks for them, with those that did within the last minutes, than
// limits.deletionsAtOnce: that is a label deleted or renamed, or files lost, and nobody's wish.
func (r *resolver) brakes(wishes []*wish) bool {
	var recent []time.Time
	for _, t := range r.memory.Unlabelled {
		if r.now.Sub(t) < brakeWindow {
			recent = append(recent, t)
		}
	}
	r.snapshot.Memory.Unlabelled = recent
	n := len(recent)
	for _, w := range wishes {
		if w.was != nil && !w.was.Braked && !r.confirmed(w.name) && (r.loses(w) || r.over(w) != nil) {
			n++
		}
	}
	for _, was := range r.leaving {
		if !was.Braked && !r.confirmed(was.Row.Name) {
			n++
		}
	}
	return n > r.deletionsAtOnce() // guard deletion-guard: false
}

// loses says whether a live environment has lost what asked for it, other than by a pull request's end.
func (r *resolver) loses(w *wish) bool {
	if !w.own {
		return w.ends() && (w.was.Row.Source != sourcePullRequest || r.left[w.name] > 0)
	}
	if w.members[0].stillLabelled() || w.file.Adopted {
		return false
	}
	return r.unlabelled(w)
}

// confirmed says whether somebody has confirmed that an environment may go.
func (r *resolver) confirmed(name string) bool { return r.memory.Confirmed[name] }
