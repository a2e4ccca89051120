package preview

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/testfixture"
)

var limitsCases = []struct {
	name, limits string
	pulls        []PullRequest
	want         []string
}{
	{"none", "", []PullRequest{pull(1), pull(2), pull(3)}, []string{"1 live", "2 live", "3 live"}},
	{
		"of all", "environments: 2",
		[]PullRequest{pull(1), pull(2), pull(3), pull(4)},
		[]string{
			"1 live", "2 live", "3 limit: limits.environments (2) is reached; position 1 in the queue for an environment",
			"4 limit: limits.environments (2) is reached; position 2 in the queue for an environment",
		},
	},
	{
		"of those awake", "awake: 1",
		[]PullRequest{pull(1), pull(2)},
		[]string{"1 live", "2 limit: limits.awake (1) is reached; position 1 in the queue to be awake"},
	},
	{
		"of an author, in any case", "perOwner: 1",
		[]PullRequest{pull(1, by("Alice")), pull(2, by("alice")), pull(3, by("bob")), pull(4, by("ALICE")), pull(5, by("bob"))},
		[]string{
			"1 live", "2 limit: limits.perOwner (1) is reached by alice; position 1 in the queue of alice", "3 live",
			"4 limit: limits.perOwner (1) is reached by ALICE; position 2 in the queue of ALICE",
			"5 limit: limits.perOwner (1) is reached by bob; position 1 in the queue of bob",
		},
	},
	{
		"of authors with deleted accounts", "perOwner: 1",
		[]PullRequest{pull(1, by("")), pull(2, by(""))},
		[]string{"1 live", "2 limit: limits.perOwner (1) is reached by a deleted account; position 1 in the queue of a deleted account"},
	},
	{
		"of a repository", "perRepository: 1",
		[]PullRequest{pull(1), pull(2)},
		[]string{"7 live", "1 live", "2 limit: limits.perRepository (1) is reached by acme/Shop; position 1 in the queue of acme/Shop"},
	},
	{
		"of several the first that is reached", "environments: 3, perOwner: 1",
		[]PullRequest{pull(1), pull(2), pull(3, by("bob")), pull(4, by("carol")), pull(5)},
		[]string{
			"1 live", "2 limit: limits.perOwner (1) is reached by alice; position 1 in the queue of alice", "3 live", "4 live",
			"5 limit: limits.environments (3) is reached; position 1 in the queue for an environment",
		},
	},
	{
		"the older ones go first", "environments: 1",
		[]PullRequest{pull(1, createdAt(9)), pull(2, createdAt(3)), pull(3, createdAt(5))},
		[]string{
			"1 limit: limits.environments (1) is reached; position 2 in the queue for an environment", "2 live",
			"3 limit: limits.environments (1) is reached; position 1 in the queue for an environment",
		},
	},
	{
		"of two of an age the lower number goes first", "environments: 1",
		[]PullRequest{pull(2, createdAt(3)), pull(1, createdAt(3))},
		[]string{"1 live", "2 limit: limits.environments (1) is reached; position 1 in the queue for an environment"},
	},
	{
		"an environment that is held by another rule takes no place", "environments: 1",
		[]PullRequest{pull(1, asDraft), pull(2, changing()), pull(3)},
		[]string{"1 held", "2 held", "3 live"},
	},
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range limitsCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := factsOf(tt.pulls...)
			if strings.HasPrefix(tt.limits, "perRepository") {
				f.Repositories["acme/mailer"] = Repository{FullName: "acme/mailer", PullRequests: []PullRequest{pull(7)}}
			}
			s := resolve(limitedTo(t, tt.limits), f)
			if diff := cmp.Diff(tt.want, states(s)); diff != "" {
				t.Errorf("decisions (-want +got):\n%s", diff)
			}
			for _, d := range s.Decisions {
				if d.Rule == RuleLimit && (d.Outcome != Held || !strings.HasPrefix(d.Remedy, "wait, or ") || d.Withheld) {
					t.Errorf("%d: %s; %s", d.Number, d.Outcome, d.Remedy)
				}
			}
		})
	}
}

func TestLimitRemovesNoEnvironment(t *testing.T) {
	t.Parallel()
	before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(3), pull(4), pull(5)))
	for _, limits := range []string{"environments: 1", "awake: 1", "perOwner: 1", "perRepository: 1"} {
		s := Resolve(limitedTo(t, limits), factsOf(pull(1), pull(3), pull(4), pull(5, headed("b"))), restarted(t, before.Memory), noon)
		names := []string{}
		for _, r := range s.Rows {
			names = append(names, r.Name)
		}
		if diff := cmp.Diff([]string{"shop-pr-3", "shop-pr-4", "shop-pr-5"}, names); diff != "" {
			t.Errorf("%s: live (-want +got):\n%s", limits, diff)
		}
		if got := s.Rows[2].HeadSHA; got != testfixture.SHA("b") {
			t.Errorf("%s: shop-pr-5 is at %s, want its new head", limits, got)
		}
		if d := s.Decisions[0]; d.Rule != RuleLimit || !strings.Contains(d.Reason, "(1) is reached") {
			t.Errorf("%s: the new one is %s by %s: %s", limits, d.Outcome, d.Rule, d.Reason)
		}
	}
}

func TestQueueIsInOrderOfArrival(t *testing.T) {
	t.Parallel()
	q := &queue{t: t, config: limitedTo(t, "environments: 2"), now: noon}
	old := func(n int) PullRequest { return pull(n, createdAt(-n)) } // the higher the number, the older
	steps := []struct {
		name  string
		pulls []PullRequest
		want  string
	}{
		{"two are live", []PullRequest{pull(5), pull(6)}, "5 6 |"},
		{"a third waits", []PullRequest{pull(5), pull(6), pull(7)}, "5 6 | 7"},
		{"an older one that is labelled later waits behind it", []PullRequest{old(1), pull(5), pull(6), pull(7)}, "5 6 | 7 1"},
		{"of two that come at once the older waits first", []PullRequest{old(1), old(2), old(3), pull(5), pull(6), pull(7)}, "5 6 | 7 1 3 2"},
		{
			"a push changes no position",
			[]PullRequest{old(1), old(2), old(3), pull(5, headed("b")), pull(6), pull(7, headed("c"))},
			"5 6 | 7 1 3 2",
		},
		{"one closes: only the first goes", []PullRequest{old(1), old(2), old(3), pull(6), pull(7)}, "6 7 | 1 3 2"},
		{
			"one loses its label: only the first goes",
			[]PullRequest{old(1), old(2), old(3), pull(6, withLabels()), pull(7)},
			"1 7 | 3 2",
		},
		{"it is labelled again, and waits behind", []PullRequest{old(1), old(2), old(3), pull(6), pull(7)}, "1 7 | 3 2 6"},
		{"one that waits closes", []PullRequest{old(1), old(2), pull(6), pull(7)}, "1 7 | 2 6"},
		{"one that waits becomes a draft, and waits no more", []PullRequest{old(1), pull(2, asDraft), pull(6), pull(7)}, "1 7 | 6"},
		{"it is ready again, and has lost its place", []PullRequest{old(1), old(2), pull(6), pull(7)}, "1 7 | 6 2"},
		{"all that are live close: two go", []PullRequest{old(2), pull(6)}, "2 6 |"},
	}
	for _, step := range steps {
		if got := q.next(step.pulls...); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
}

// A hold that ends by itself keeps the place in the queue; every other hold loses it.
func TestHoldsThatKeepAQueuePosition(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		is   PullRequest // number 6, for a minute
		want string      // after it
	}{
		{"its next commit is built", pull(6, headed("b")), "5 | 6 4"},
		{"its changed files can't be read", pull(6, func(pr *PullRequest) { pr.Changes = nil }), "5 | 6 4"},
		{"who labelled it can't be read", pull(6, robot(), func(pr *PullRequest) { pr.Labellings = nil }), "5 | 6 4"},
		{"it is a draft", pull(6, asDraft), "5 | 4 6"},
		{"it loses its label", pull(6, withLabels()), "5 | 4 6"},
		{"its commit has no approval", pull(6, forked), "5 | 4 6"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			policy := testfixture.Replace(t, readyDemo(t), "default: {branch: main}, ready: {check: image, app: github-actions}",
				"default: {branch: main}",
				"pullRequests: {", "pullRequests: {forks: approved, ")
			q := &queue{t: t, config: testfixture.LoadPolicy(t, policy+"limits: {environments: 1}\n"), now: noon}
			next := func(pulls ...PullRequest) string {
				q.now = q.now.Add(time.Minute)
				s := Resolve(q.config, greenFacts(pulls...), restarted(t, q.memory), q.now)
				q.memory = s.Memory
				return inLine(s)
			}
			next(pull(5))
			next(pull(5), pull(6))
			if got := next(pull(4), pull(5), pull(6)); got != "5 | 6 4" {
				t.Fatalf("at first %s", got)
			}
			if got := next(pull(4), pull(5), tt.is); got != "5 | 4" {
				t.Errorf("meanwhile %s", got)
			}
			if got := next(pull(4), pull(5), pull(6)); got != tt.want {
				t.Errorf("then %s, want %s", got, tt.want)
			}
		})
	}
}

// Configuration names the repository as it was called before: who waits is remembered by what it is called now.
func TestQueueStaysInOrderInARenamedRepository(t *testing.T) {
	t.Parallel()
	c := limitedTo(t, "environments: 1")
	renamed := func(pulls ...PullRequest) Facts {
		f := factsOf(pulls...)
		r := f.Repositories["acme/shop"]
		r.FullName = "acme/Store"
		f.Repositories["acme/shop"] = r
		return f
	}
	m := resolve(c, renamed(pull(5))).Memory
	m = Resolve(c, renamed(pull(5), pull(6)), m, noon).Memory
	if got := inLine(Resolve(c, renamed(pull(4), pull(5), pull(6)), restarted(t, m), noon)); got != "5 | 6 4" {
		t.Errorf("%s, want 6 before 4, which is older and came later", got)
	}
}

// Who waits when the repository is renamed keeps the place, also when it can't be read after that, and across a
// restart.
func TestQueueStaysInOrderWhenTheRepositoryIsRenamed(t *testing.T) {
	t.Parallel()
	c := limitedTo(t, "environments: 1")
	at := noon
	next := func(m Memory, f Facts) *Snapshot {
		at = at.Add(time.Minute)
		return Resolve(c, f, restarted(t, m), at)
	}
	m := next(Memory{}, factsOf(pull(5))).Memory
	m = next(m, factsOf(pull(5), pull(6))).Memory
	before := next(m, factsOf(pull(4), pull(5), pull(6)))
	renamed := factsOf(pull(4), pull(5), pull(6))
	r := renamed.Repositories["acme/shop"]
	r.FullName = "acme/Store"
	renamed.Repositories["acme/shop"] = r
	after := next(before.Memory, renamed)
	if got := inLine(after); got != "5 | 6 4" {
		t.Errorf("renamed: %s, want 6 before 4", got)
	}
	for i, d := range after.Decisions {
		if !d.Since.Equal(before.Decisions[i].Since) {
			t.Errorf("#%d is %s since %s, which it was since %s", d.Number, d.Outcome, d.Since, before.Decisions[i].Since)
		}
	}
	unread := factsOf()
	delete(unread.Repositories, "acme/shop")
	if got := inLine(next(next(after.Memory, unread).Memory, renamed)); got != "5 | 6 4" {
		t.Errorf("renamed, unread, and read again: %s, want 6 before 4", got)
	}
}

func TestUnreadRepositoryKeepsQueuePositions(t *testing.T) {
	t.Parallel()
	q := &queue{t: t, config: limitedTo(t, "environments: 1"), now: noon}
	q.next(pull(5))
	q.next(pull(5), pull(6))
	if got := q.next(pull(4), pull(5), pull(6)); got != "5 | 6 4" {
		t.Fatalf("at first %s", got)
	}
	unread := factsOf()
	delete(unread.Repositories, "acme/shop")
	s := Resolve(q.config, unread, restarted(t, q.memory), q.now)
	if got := inLine(s); got != "5 |" {
		t.Errorf("unread: %s", got)
	}
	if q.memory = s.Memory; q.next(pull(4), pull(6)) != "6 | 4" {
		t.Errorf("read again: %v", q.memory.Since)
	}
}

func TestQueueStaysInOrderWhenTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	c := limitedTo(t, "environments: 1")
	first := Resolve(c, factsOf(pull(5), pull(6)), Memory{}, noon)
	for _, now := range []time.Time{noon, noon.Add(-time.Hour)} {
		s := Resolve(c, factsOf(pull(3), pull(6)), first.Memory, now)
		if got := inLine(s); got != "6 | 3" {
			t.Errorf("at %s: %s, want 6 live and 3 waiting", now, got)
		}
	}
}

func TestQueueIgnoresTheOrderOfFacts(t *testing.T) {
	t.Parallel()
	c := limitedTo(t, "environments: 3, perOwner: 2, perRepository: 2")
	pulls := func() []PullRequest {
		return []PullRequest{pull(1), pull(2), pull(3, by("bob")), pull(4, createdAt(1)), pull(5, createdAt(1), by("bob")), pull(6, asDraft)}
	}
	facts := func(shuffle func(int, func(i, j int))) Facts {
		shop, mailer := pulls(), pulls()
		shuffle(len(shop), func(i, j int) { shop[i], shop[j] = shop[j], shop[i] })
		shuffle(len(mailer), func(i, j int) { mailer[i], mailer[j] = mailer[j], mailer[i] })
		f := factsOf(shop...)
		f.Repositories["acme/mailer"] = Repository{FullName: "acme/mailer", PullRequests: mailer}
		return f
	}
	asIs := func(int, func(i, j int)) {}
	first := resolve(c, facts(asIs))
	second := Resolve(c, facts(asIs), first.Memory, noon.Add(time.Hour))
	random := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		s := resolve(c, facts(random.Shuffle))
		if diff := cmp.Diff(first.Decisions, s.Decisions); diff != "" {
			t.Fatalf("decisions (-want +got):\n%s", diff)
		}
		s = Resolve(c, facts(random.Shuffle), s.Memory, noon.Add(time.Hour))
		if diff := cmp.Diff(second.Decisions, s.Decisions); diff != "" {
			t.Fatalf("decisions an hour later (-want +got):\n%s", diff)
		}
	}
}
