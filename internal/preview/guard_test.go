package preview

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestDeletionGuardStopsManyRemovals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, limits string
		lose         int
		want         int // of 30
	}{
		{"as many as may go", "", 10, 20},
		{"one more", "", 11, 30},
		{"all", "", 30, 30},
		{"as many as configuration lets go", "deletionsAtOnce: 2", 2, 28},
		{"one more than configuration lets go", "deletionsAtOnce: 2", 3, 30},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			q := &queue{t: t, config: limitedTo(t, tt.limits), now: noon}
			q.alive(crowdOf(30, 31)...)
			if got := q.alive(crowdOf(30, 31-tt.lose)...); got != tt.want {
				t.Errorf("%d are live, want %d", got, tt.want)
			}
		})
	}
}

// More than half of a repository's environments, or of all, is a mistake also below limits.deletionsAtOnce.
func TestDeletionGuardStopsMoreThanHalf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                string
		shop, gateway       int // live pull requests
		loseShop, loseOther int
		percent             string
		want                int
		reason              string
	}{
		{"three of three are too few to count", 3, 0, 3, 0, "0", 0, ""},
		{"four of four", 4, 0, 4, 0, "0", 4, "50% of the environments of acme/shop"},
		{"half of eight", 8, 0, 4, 0, "0", 4, ""},
		{"five of eight", 8, 0, 5, 0, "0", 8, "50% of the environments of acme/shop"},
		{"most of one repository, others may go meanwhile", 6, 20, 4, 3, "0", 23, "50% of the environments of acme/shop"},
		{"most of all, of no repository", 4, 3, 3, 3, "0", 7, "50% of all environments"},
		{"the highest share of the configuration", 10, 0, 7, 0, "70", 3, ""},
		{"more than the share of the configuration", 10, 0, 8, 0, "70", 10, "70% of the environments of acme/shop"},
		{"no share", 10, 0, 10, 0, "100", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := limitedTo(t, "deletionsAtOnce: 40, deletionsAtOncePercent: "+tt.percent)
			facts := func(loseShop, loseOther int) Facts {
				var others []PullRequest
				for i := range tt.gateway {
					others = append(others, ofGateway(i+1))
					if i < loseOther {
						others[i].Labels = nil
					}
				}
				return with(factsOf(crowdOf(tt.shop, tt.shop-loseShop+1)...), nil, others...)
			}
			before := resolve(c, facts(0, 0))
			s := Resolve(c, facts(tt.loseShop, tt.loseOther), restarted(t, before.Memory), noon.Add(time.Minute))
			if len(before.Rows) != tt.shop+tt.gateway || len(s.Rows) != tt.want {
				t.Errorf("%d and then %d are live, want %d", len(before.Rows), len(s.Rows), tt.want)
			}
			for _, d := range s.Decisions {
				if d.Withheld && (tt.reason == "" || !strings.Contains(d.Reason, "more than "+tt.reason)) {
					t.Errorf("%s: %s", d.Environment, d.Reason)
				}
			}
		})
	}
}

// One after the other within 10 minutes counts like all at once; the share is that of the environments before them.
func TestDeletionGuardCountsHalfInTenMinutes(t *testing.T) {
	t.Parallel()
	q := &queue{t: t, config: limitedTo(t, ""), now: noon}
	q.alive(crowdOf(8, 9)...)
	for _, step := range []struct{ left, want int }{{7, 7}, {6, 6}, {5, 5}, {4, 4}, {3, 4}, {0, 4}} {
		if got := q.alive(crowdOf(8, step.left+1)...); got != step.want {
			t.Errorf("%d still have the label, %d are live, want %d", step.left, got, step.want)
		}
	}
	if got := len(q.memory.RemovalsOf["acme/shop"]); got != 8 {
		t.Errorf("%d removals of acme/shop are remembered, want 8", got)
	}
	q.memory = idle(q.config, crowdOf(8, 1), q.memory, q.now.Add(guardWindow))
	q.now = q.now.Add(guardWindow)
	if got := q.alive(crowdOf(8, 1)...); got != 4 || len(q.memory.RemovalsOf) != 0 {
		t.Errorf("ten minutes later %d are live, and %v are remembered", got, q.memory.RemovalsOf)
	}
}

// A move takes a dedicated environment away, so it counts; a confirmed one doesn't.
func TestDeletionGuardRemembersMoves(t *testing.T) {
	t.Parallel()
	joined := withLabels("preview-with:x")
	tests := []struct {
		name      string
		limits    string
		confirmed map[string]bool
		moved     []PullRequest
		live      []string
		want      int // remembered
	}{
		{"one moves", "", nil, []PullRequest{pull(1), pull(2), pull(3, joined)}, []string{"shop-pr-1", "shop-pr-2", "x"}, 1},
		{
			"two are stopped", "deletionsAtOnce: 1", nil,
			[]PullRequest{pull(1), pull(2, joined), pull(3, joined)},
			[]string{"shop-pr-1", "shop-pr-2", "shop-pr-3"},
			2,
		},
		{
			"one is confirmed", "deletionsAtOnce: 1",
			map[string]bool{"shop-pr-3": true},
			[]PullRequest{pull(1), pull(2), pull(3, joined)},
			[]string{"shop-pr-1", "shop-pr-2", "x"},
			0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := limitedTo(t, tt.limits)
			m := resolve(c, factsOf(pull(1), pull(2), pull(3))).Memory
			m.Confirmed = tt.confirmed
			s := Resolve(c, factsOf(tt.moved...), m, noon.Add(time.Minute))
			if diff := cmp.Diff(tt.live, live(s)); diff != "" {
				t.Errorf("live (-want +got):\n%s", diff)
			}
			if got := len(s.Memory.Removals); got != tt.want || len(s.Memory.RemovalsOf["acme/shop"]) != tt.want {
				t.Errorf("remembered: %v and %v, want %d", s.Memory.Removals, s.Memory.RemovalsOf, tt.want)
			}
		})
	}
}

func TestDeletionGuardExplainsItself(t *testing.T) {
	t.Parallel()
	c := limitedTo(t, "deletionsAtOnce: 1")
	before := resolve(c, factsOf(pull(1), pull(2), pull(3)))
	s := Resolve(c, factsOf(pull(1), pull(2, withLabels()), pull(3, withLabels("bug"))), before.Memory, noon)
	if diff := cmp.Diff(before.Rows, s.Rows); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	for _, d := range s.Decisions[1:] {
		want := []string{
			string(Live), "withheld",
			"it stays as it was: it lost its label together with many others, more than the 1 that may go within 10 minutes",
			"label it again, or previewctl confirm " + d.Environment + " to remove it",
		}
		if diff := cmp.Diff(want, []string{string(d.Outcome), string(d.Rule), d.Reason, d.Remedy}); diff != "" || !d.Withheld {
			t.Errorf("withheld: %v (-want +got):\n%s", d.Withheld, diff)
		}
	}
	if d := s.Decisions[0]; d.Withheld || d.Rule != "labelled" {
		t.Errorf("the other is %s, withheld: %v", d.Rule, d.Withheld)
	}
}

// A pull request that stays in its dedicated environment doesn't keep its target alive: that one counts as removed.
func TestDeletionGuardCountsMoves(t *testing.T) {
	t.Parallel()
	q := &queue{t: t, config: limitedTo(t, "deletionsAtOnce: 1"), now: noon}
	joined := withLabels("preview-with:x")
	q.next(pull(1, joined), pull(2), pull(3), pull(4))
	q.next(pull(1, joined), pull(2, joined), pull(3), pull(4, joined))
	q.next(pull(1, joined), pull(2, joined), pull(3), pull(4))
	q.memory = idle(q.config, []PullRequest{pull(1, joined), pull(2, joined), pull(3), pull(4)}, q.memory, q.now.Add(guardWindow))
	q.now = q.now.Add(guardWindow)
	s := Resolve(q.config, factsOf(pull(1, withLabels()), pull(2, joined), pull(3, withLabels()), pull(4)), q.memory, q.now)
	if diff := cmp.Diff([]string{"shop-pr-2", "shop-pr-3", "shop-pr-4", "x"}, names(s)); diff != "" {
		t.Errorf("live (-want +got): %s\n%s", diff, strings.Join(reasons(s), "\n"))
	}
}

func TestDeletionGuardCountsTenMinutes(t *testing.T) {
	t.Parallel()
	q := &queue{t: t, config: limitedTo(t, "deletionsAtOnce: 4"), now: noon}
	var before []PullRequest
	steps := []struct {
		name  string
		after time.Duration
		left  int // that have the label
		want  int
	}{
		{"all are live", 0, 20, 20},
		{"three go", time.Minute, 17, 17},
		{"one more goes", time.Minute, 16, 16},
		{"the fifth is withheld", 7 * time.Minute, 15, 16},
		{"and stays so when the first three are long gone", 5 * time.Minute, 15, 16},
		{"and for a day", 24 * time.Hour, 15, 16},
		{"others go then, withheld ones aside", time.Minute, 11, 12},
		{"but no more than may", time.Minute, 10, 12},
		{"also counting those that were withheld a moment ago", 9*time.Minute + 30*time.Second, 6, 12},
		{"later they may", 10 * time.Minute, 5, 11},
	}
	for _, step := range steps {
		q.memory = idle(q.config, before, q.memory, q.now.Add(step.after))
		q.now = q.now.Add(step.after - time.Minute)
		before = crowdOf(20, step.left+1)
		if got := q.alive(before...); got != step.want {
			t.Errorf("%s: %d are live, want %d", step.name, got, step.want)
		}
	}
}

// An environment that waits for confirmation waits until a person confirms, labels or closes its pull request.
func TestGuardedEnvironmentStaysGuarded(t *testing.T) {
	t.Parallel()
	c := limitedTo(t, "deletionsAtOnce: 2")
	lost := []PullRequest{pull(1, withLabels()), pull(2, withLabels()), pull(3, withLabels())}
	start := Resolve(c, factsOf(lost...), resolve(c, factsOf(pull(1), pull(2), pull(3))).Memory, noon)
	all := []string{"shop-pr-1: live by withheld", "shop-pr-2: live by withheld", "shop-pr-3: live by withheld"}
	if diff := cmp.Diff(all, outcomes(start)); diff != "" {
		t.Fatalf("at first (-want +got):\n%s", diff)
	}
	unread := factsOf()
	delete(unread.Repositories, "acme/shop")
	loose, without := limitedTo(t, "deletionsAtOnce: 50"), testfixture.LoadPolicy(t, elsewhere)
	hourLater := func(c *config.Config, f Facts) func(Memory) *Snapshot {
		return func(m Memory) *Snapshot { return Resolve(c, f, m, noon.Add(time.Hour)) }
	}
	tests := []struct {
		name  string
		first func(Memory) *Snapshot // what happens, an hour later
		want  []string               // a minute after that, with all three without label
	}{
		{"nothing happens", hourLater(c, factsOf(lost...)), all},
		{
			"one is labelled again", hourLater(c, factsOf(pull(1), lost[1], lost[2])),
			[]string{"shop-pr-1: held by unlabelled", "shop-pr-2: live by withheld", "shop-pr-3: live by withheld"},
		},
		{
			"one is labelled again as a draft", hourLater(c, factsOf(pull(1, asDraft), lost[1], lost[2])),
			[]string{"shop-pr-1: held by unlabelled", "shop-pr-2: live by withheld", "shop-pr-3: live by withheld"},
		},
		{
			"one is confirmed", func(m Memory) *Snapshot {
				m.Confirmed = map[string]bool{"shop-pr-2": true}
				return Resolve(c, factsOf(lost...), m, noon.Add(time.Hour))
			},
			[]string{"shop-pr-1: live by withheld", "shop-pr-2: held by unlabelled", "shop-pr-3: live by withheld"},
		},
		{
			"two close", hourLater(c, factsOf(lost[2])),
			[]string{"shop-pr-1: held by unlabelled", "shop-pr-2: held by unlabelled", "shop-pr-3: live by withheld"},
		},
		{"the repository can't be read", hourLater(c, unread), all},
		{"configuration lets more go", hourLater(loose, factsOf(lost...)), all},
		{"configuration names the repository no more for a while", hourLater(without, factsOf(lost...)), all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := tt.first(restarted(t, idle(c, lost, start.Memory, noon.Add(time.Hour))))
			s = Resolve(c, factsOf(lost...), restarted(t, s.Memory), noon.Add(time.Hour+time.Minute))
			if diff := cmp.Diff(tt.want, outcomes(s)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeletionGuardIgnoresClosedPullRequests(t *testing.T) {
	t.Parallel()
	q := &queue{t: t, config: limitedTo(t, "deletionsAtOnce: 1"), now: noon}
	q.alive(crowdOf(30, 31)...)
	if got := q.alive(crowdOf(5, 6)...); got != 5 {
		t.Errorf("%d are live, want 5: each of the others was read as closed", got)
	}
	if got := q.alive(crowdOf(5, 5)...); got != 4 {
		t.Errorf("%d are live, want 4: closed ones don't count for those that lose their label", got)
	}
}

func TestDeletionGuardForgetsOldRemovals(t *testing.T) {
	t.Parallel()
	q := &queue{t: t, config: testfixture.LoadPolicy(t, testfixture.DemoPolicy), now: noon}
	q.alive(crowdOf(9, 10)...)
	q.alive(crowdOf(9, 4)...)
	if n := len(q.memory.Removals); n != 6 || slices.ContainsFunc(q.memory.Removals, func(at time.Time) bool { return !at.Equal(q.now) }) {
		t.Errorf("remembered: %v", q.memory.Removals)
	}
	q.memory = idle(q.config, crowdOf(9, 4), q.memory, q.now.Add(guardWindow))
	q.now = q.now.Add(guardWindow - time.Minute)
	if q.alive(crowdOf(9, 4)...); len(q.memory.Removals) != 0 {
		t.Errorf("ten minutes later: %v", q.memory.Removals)
	}
}

// What ends by itself ends one by one; many at once are a mistake.
func TestDeletionGuardStopsManyExpiries(t *testing.T) {
	t.Parallel()
	var pulls []PullRequest
	for i := range 5 {
		pulls = append(pulls, pull(i+1))
	}
	d := newDays(t, lifetimes("{deleteAfterIdle: 6h}")+"limits: {deletionsAtOnce: 4}\n", pulls...)
	all := "1 awake, 2 awake, 3 awake, 4 awake, 5 awake"
	d.pass(24 * time.Hour).want(all)
	for _, x := range d.last.Decisions {
		if x.Rule != RuleWithheld || !x.Withheld || !strings.Contains(x.Remedy, "previewctl confirm "+x.Environment) {
			t.Errorf("%+v", x)
		}
	}
	d.last.Memory.Confirmed = map[string]bool{"shop-pr-2": true}
	d.pass(time.Minute).want("1 awake, 3 awake, 4 awake, 5 awake")
	d.ask(ActionExtend, "shop-pr-3", time.Hour)
	if got := d.by("shop-pr-3"); got != "live by labelled" {
		t.Errorf("extended it is %s", got)
	}
	d.pass(6 * time.Hour)
	if got := d.by("shop-pr-3"); got != "held by idle" {
		t.Errorf("over alone it is %s", got)
	}
}
