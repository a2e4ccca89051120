package preview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// brakeWindow is the time in which deletions are counted for limits.deletionsAtOnce.
const brakeWindow = 10 * time.Minute

// tally counts what is live, for the limits, and who waits.
type tally struct {
	all           int
	perOwner      map[string]int
	perRepository map[string]int
	waiting       map[string]int // by limit
}

func newTally() tally {
	return tally{perOwner: map[string]int{}, perRepository: map[string]int{}, waiting: map[string]int{}}
}

func (t *tally) count(e Remembered) {
	t.all++
	t.perOwner[strings.ToLower(e.Row.Author)]++
	t.perRepository[e.Repository]++
}

// limited holds a new environment where a limit is reached. What is live was counted before; the others come in the order
// in which they began to wait.
func (r *resolver) limited(c candidate) *hold {
	l, author := r.Policy.Limits, strings.ToLower(c.Author)
	for _, limit := range []struct {
		name, who    string
		have, atMost int
	}{
		{"environments", "there are", r.tally.all, l.Environments},
		{"awake", "there are", r.tally.all, l.Awake},
		{"perOwner", cmp.Or(Printable(c.Author), "an account that is gone") + " has", r.tally.perOwner[author], l.PerOwner},
		{"perRepository", c.repository + " has", r.tally.perRepository[c.key], l.PerRepository},
	} {
		if limit.atMost == 0 || limit.have < limit.atMost {
			continue
		}
		queue := limit.name + " " + map[string]string{"perOwner": author, "perRepository": c.key}[limit.name]
		r.tally.waiting[queue]++
		return &hold{
			rule: ruleLimit, reason: fmt.Sprintf("%s %d environments, and limits.%s is %d; it is number %d in the queue", limit.who, limit.have, limit.name, limit.atMost, r.tally.waiting[queue]),
			remedy: "wait, or close or unlabel one that is live",
		}
	}
	return nil
}

// inOrder puts what is live first, then what waits, by since when, then the rest by age: what is live stays, and nobody
// overtakes.
func (r *resolver) inOrder(candidates []candidate) {
	slices.SortFunc(candidates, func(a, b candidate) int {
		rankA, sinceA := r.rank(a)
		rankB, sinceB := r.rank(b)
		return cmp.Or(rankA-rankB, sinceA.Compare(sinceB), a.Created.Compare(b.Created), cmp.Compare(a.Number, b.Number), cmp.Compare(a.key, b.key))
	})
}

// rank is the group of a pull request in the order, and of one that waits since when. One that is held for something else
// meanwhile waits no more, and begins anew at the end.
func (r *resolver) rank(c candidate) (group int, since time.Time) {
	if c.was != nil {
		return 0, time.Time{}
	}
	if was, ok := r.memory.Since[subject(c.key, c.Number)]; ok && was.Rule == ruleLimit {
		return 1, was.Since
	}
	return 2, time.Time{}
}

func (r *resolver) deletionsAtOnce() int { return cmp.Or(r.Policy.Limits.DeletionsAtOnce, 10) }

// brakes says whether more environments lose their label now, with those that did within the last minutes, than
// limits.deletionsAtOnce: that is a label deleted or renamed, and nobody's wish.
func (r *resolver) brakes(candidates []candidate) bool {
	var recent []time.Time
	for _, t := range r.memory.Unlabelled {
		if r.now.Sub(t) < brakeWindow {
			recent = append(recent, t)
		}
	}
	r.snapshot.Memory.Unlabelled = recent
	n := len(recent)
	for _, c := range candidates {
		if c.was == nil || c.was.Braked || c.stillLabelled() || r.confirmed(c.name) {
			continue
		}
		if _, h := r.admit(c.PullRequest); h != nil && h.over {
			n++
		}
	}
	return n > r.deletionsAtOnce()
}

// confirmed says whether somebody has confirmed that an environment may go.
func (r *resolver) confirmed(name string) bool { return r.memory.Confirmed[name] }
