package preview

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/testfixture"
)

var jumps = map[string]time.Duration{
	"hours ahead": 3 * time.Hour, "hours back": -3 * time.Hour, "years ahead": 10 * 365 * 24 * time.Hour,
	"years back": -10 * 365 * 24 * time.Hour,
}

func TestClockJumpRemovesNothing(t *testing.T) {
	t.Parallel()
	for name, jump := range jumps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
			before := resolve(c, factsOf(pull(1), pull(7)))
			m := before.Memory
			for _, now := range []time.Time{noon.Add(jump), noon.Add(jump + time.Minute), noon.Add(2 * time.Minute), noon.Add(jump)} {
				s := Resolve(c, factsOf(pull(1), pull(7)), restarted(t, m), now)
				if diff := cmp.Diff(before.Rows, s.Rows); diff != "" {
					t.Errorf("at %s (-before +after):\n%s", now, diff)
				}
				for _, d := range s.Decisions {
					if d.Since.After(now) {
						t.Errorf("at %s %s is live since %s", now, d.Environment, d.Since)
					}
				}
				m = s.Memory
			}
		})
	}
}

// A clock jump doesn't shorten or extend the window in which removals are counted.
func TestClockJumpKeepsTheDeletionGuard(t *testing.T) {
	t.Parallel()
	for name, jump := range jumps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := &queue{t: t, config: limitedTo(t, "deletionsAtOnce: 4"), now: noon}
			q.alive(crowdOf(20, 21)...)
			q.alive(crowdOf(20, 17)...)
			q.now = q.now.Add(jump)
			if got := q.alive(crowdOf(20, 14)...); got != 16 {
				t.Errorf("%d are live, want 16: four went, three are withheld", got)
			}
			for range 20 {
				q.alive(crowdOf(20, 14)...)
			}
			if got := q.alive(crowdOf(20, 12)...); got != 14 {
				t.Errorf("%d are live twenty minutes later, want 14: two more went", got)
			}
		})
	}
}

func TestClockSetBackKeepsQueuePositions(t *testing.T) {
	t.Parallel()
	q := &queue{t: t, config: limitedTo(t, "environments: 1"), now: noon.AddDate(1, 0, 0)} // a year ahead
	q.next(pull(9))
	q.next(pull(9), pull(6))
	q.next(pull(9), pull(6), pull(5))
	q.now = noon
	q.next(pull(9), pull(6), pull(5), pull(4))
	if got := q.next(pull(9), pull(6), pull(5), pull(4), pull(3)); got != "9 | 6 5 4 3" {
		t.Errorf("in line: %s", got)
	}
}

func TestClockSetBackForgetsRemovedEnvironments(t *testing.T) {
	t.Parallel()
	q := &queue{t: t, config: testfixture.LoadPolicy(t, testfixture.DemoPolicy), now: noon.AddDate(10, 0, 0)}
	q.alive(pull(1))
	q.alive()
	q.now = noon
	q.alive()
	if gone := q.memory.Gone; len(gone) != 1 || gone[0].Since.After(q.now) {
		t.Errorf("gone: %+v", gone)
	}
	q.now = q.now.Add(goneFor)
	q.alive()
	q.alive()
	if len(q.memory.Gone) != 0 {
		t.Errorf("a day later: %+v", q.memory.Gone)
	}
}

// Two configured names may be one repository's; a number has one environment for each of them at most, and none is
// lost.
func TestEnvironmentsFollowTheIdentityOfTheirRepository(t *testing.T) {
	t.Parallel()
	before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(1), pull(7)))
	store := factsOf()
	renamed := store.Repositories["acme/shop"]
	renamed.FullName, renamed.PullRequests = "acme/store", []PullRequest{pull(7), pull(8)}
	store.Repositories["acme/store"] = renamed
	s := Resolve(testfixture.LoadPolicy(t, elsewhere), store, restarted(t, before.Memory), noon)
	want := []string{"shop-pr-1: gone by closed", "shop-pr-7: live by labelled", "shop-pr-8: live by labelled"}
	if diff := cmp.Diff(want, about(s, "shop-pr-")); diff != "" {
		t.Errorf("renamed (-want +got):\n%s", diff)
	}
	m := restarted(t, before.Memory)
	twin := m.Environments["shop-pr-7"]
	twin.Members, twin.Row.Name, twin.Row.Namespace,
		twin.Hosts = []Member{{Repository: "acme/store", RepositoryID: shopID, Number: 7, Label: "preview"}}, "store-pr-7",
		"preview-store-pr-7", nil
	m.Environments["store-pr-7"] = twin
	s = Resolve(testfixture.LoadPolicy(t, elsewhere), store, m, noon)
	want = []string{"shop-pr-7: live by withheld", "store-pr-7: live by labelled"}
	got := slices.DeleteFunc(outcomes(s), func(l string) bool { return !slices.Contains(want, l) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("two of one number: %v; %s", outcomes(s), diff)
	}
}

func ExampleIdentityError() {
	fmt.Println(&IdentityError{Was: 11, Is: 99})
	// Output: the name now belongs to another repository (ID 11 → 99); the facts of the first one stay
}
