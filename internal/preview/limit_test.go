package preview

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// limitedTo is demo with limits.
func limitedTo(t testing.TB, limits string) *config.Config {
	t.Helper()
	return testfixture.LoadPolicy(t, testfixture.DemoPolicy+"limits: {"+limits+"}\n")
}

func by(author string) func(*PullRequest) {
	return func(pr *PullRequest) { pr.Author = author }
}

func createdAt(minute int) func(*PullRequest) {
	return func(pr *PullRequest) { pr.Created = noon.Add(time.Duration(minute) * time.Minute) }
}

// states are a snapshot's decisions as "7 live" or, where a limit holds it, "8 limit: reason".
func states(s *Snapshot) []string {
	var all []string
	for _, d := range s.Decisions {
		line := fmt.Sprint(d.Number, " ", d.Outcome)
		if d.Rule == RuleLimit {
			line = fmt.Sprint(d.Number, " limit: ", d.Reason)
		}
		all = append(all, line)
	}
	return all
}

func TestLimits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, limits string
		pulls        []PullRequest
		want         []string
	}{
		{"none", "", []PullRequest{pull(1), pull(2), pull(3)}, []string{"1 live", "2 live", "3 live"}},
		{
			"of all", "environments: 2",
			[]PullRequest{pull(1), pull(2), pull(3), pull(4)},
			[]string{
				"1 live", "2 live", "3 limit: limits.environments (2) is reached; position 1 in the queue",
				"4 limit: limits.environments (2) is reached; position 2 in the queue",
			},
		},
		{
			"of those awake", "awake: 1",
			[]PullRequest{pull(1), pull(2)},
			[]string{"1 live", "2 limit: limits.awake (1) is reached; position 1 in the queue"},
		},
		{
			"of an author, in any case", "perOwner: 1",
			[]PullRequest{pull(1, by("Alice")), pull(2, by("alice")), pull(3, by("bob")), pull(4, by("ALICE")), pull(5, by("bob"))},
			[]string{
				"1 live", "2 limit: limits.perOwner (1) is reached by alice; position 1 in the queue", "3 live",
				"4 limit: limits.perOwner (1) is reached by ALICE; position 2 in the queue",
				"5 limit: limits.perOwner (1) is reached by bob; position 1 in the queue",
			},
		},
		{
			"of authors whose accounts are gone", "perOwner: 1",
			[]PullRequest{pull(1, by("")), pull(2, by(""))},
			[]string{"1 live", "2 limit: limits.perOwner (1) is reached by a deleted account; position 1 in the queue"},
		},
		{
			"of a repository", "perRepository: 1",
			[]PullRequest{pull(1), pull(2)},
			[]string{"7 live", "1 live", "2 limit: limits.perRepository (1) is reached by acme/Shop; position 1 in the queue"},
		},
		{
			"of several the first that is reached", "environments: 3, perOwner: 1",
			[]PullRequest{pull(1), pull(2), pull(3, by("bob")), pull(4, by("carol")), pull(5)},
			[]string{
				"1 live", "2 limit: limits.perOwner (1) is reached by alice; position 1 in the queue", "3 live", "4 live",
				"5 limit: limits.environments (3) is reached; position 1 in the queue",
			},
		},
		{
			"the older ones go first", "environments: 1",
			[]PullRequest{pull(1, createdAt(9)), pull(2, createdAt(3)), pull(3, createdAt(5))},
			[]string{
				"1 limit: limits.environments (1) is reached; position 2 in the queue", "2 live",
				"3 limit: limits.environments (1) is reached; position 1 in the queue",
			},
		},
		{
			"of two of an age the lower number goes first", "environments: 1",
			[]PullRequest{pull(2, createdAt(3)), pull(1, createdAt(3))},
			[]string{"1 live", "2 limit: limits.environments (1) is reached; position 1 in the queue"},
		},
		{
			"what is held for something else takes no place", "environments: 1",
			[]PullRequest{pull(1, asDraft), pull(2, changing()), pull(3)},
			[]string{"1 held", "2 held", "3 live"},
		},
	}
	for _, tt := range tests {
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
				if d.Rule == RuleLimit && (d.Outcome != Held || d.Remedy != "wait, or close or unlabel one that is live" || d.Withheld) {
					t.Errorf("%d: %s; %s", d.Number, d.Outcome, d.Remedy)
				}
			}
		})
	}
}

func TestLimitNeverEndsWhatIsLive(t *testing.T) {
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

// queue is what waits and what is live, as it goes on from answer to answer.
type queue struct {
	t      *testing.T
	config *config.Config
	memory Memory
	now    time.Time
}

// next resolves a minute later and says who is live, then who waits, in order.
func (q *queue) next(pulls ...PullRequest) string {
	q.t.Helper()
	q.now = q.now.Add(time.Minute)
	s := Resolve(q.config, factsOf(pulls...), restarted(q.t, q.memory), q.now)
	q.memory = s.Memory
	return inLine(s)
}

func inLine(s *Snapshot) string {
	live, waiting := []string{}, map[string]string{}
	for _, d := range s.Decisions {
		if d.Outcome == Live {
			live = append(live, fmt.Sprint(d.Number))
		}
		if _, place, ok := strings.Cut(d.Reason, "; position "); ok && d.Rule == RuleLimit {
			waiting[strings.Fields(place)[0]] = fmt.Sprint(d.Number)
		}
	}
	line := strings.Join(live, " ") + " |"
	for i := range len(waiting) {
		line += " " + waiting[fmt.Sprint(i+1)]
	}
	return line
}

func TestFirstInTheQueueIsNext(t *testing.T) {
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
		{"a push moves nobody", []PullRequest{old(1), old(2), old(3), pull(5, headed("b")), pull(6), pull(7, headed("c"))}, "5 6 | 7 1 3 2"},
		{"one closes: the first goes, and nobody else", []PullRequest{old(1), old(2), old(3), pull(6), pull(7)}, "6 7 | 1 3 2"},
		{"one loses its label: the first goes, and nobody else", []PullRequest{old(1), old(2), old(3), pull(6, withLabels()), pull(7)}, "1 7 | 3 2"},
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

// What passes by itself costs nobody's place; all else does.
func TestWhoKeepsAPlaceInTheQueue(t *testing.T) {
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
		{"nobody approves its commit", pull(6, forked), "5 | 4 6"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			policy := testfixture.Replace(t, readyDemo(t), "default: {branch: main}, ready: {check: image, app: github-actions}", "default: {branch: main}",
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
func TestNobodyIsOvertakenInARenamedRepository(t *testing.T) {
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

// Who waits when the repository is renamed keeps the place, also when it can't be read after that, and across a restart.
func TestNobodyIsOvertakenWhenTheRepositoryIsRenamed(t *testing.T) {
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

func TestPlaceIsKeptWhileTheRepositoryCantBeRead(t *testing.T) {
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

func TestWhoWaitedInTheSameSecondOrBeforeTheClockStoodBackIsNotOvertaken(t *testing.T) {
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

func TestQueueDependsOnNoOrderOfFacts(t *testing.T) {
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

// elsewhere is demo where another repository has taken acme/shop's place.
var elsewhere = strings.NewReplacer("acme/Shop", "acme/Store", "acme/shop", "acme/store").Replace(testfixture.DemoPolicy)

// crowdOf are pull requests 1 to n; those from unlabelled on have lost their label.
func crowdOf(n, unlabelled int) []PullRequest {
	var all []PullRequest
	for i := 1; i <= n; i++ {
		pr := pull(i)
		if i >= unlabelled {
			pr.Labels = nil
		}
		all = append(all, pr)
	}
	return all
}

// idle is the memory after an answer a minute, the last one a minute before the given time.
func idle(c *config.Config, pulls []PullRequest, m Memory, until time.Time) Memory {
	for now := m.At.Add(time.Minute); !m.At.IsZero() && now.Before(until); now = now.Add(time.Minute) {
		m = Resolve(c, factsOf(pulls...), m, now).Memory
	}
	return m
}

// alive counts the rows.
func (q *queue) alive(pulls ...PullRequest) int {
	q.t.Helper()
	q.next(pulls...)
	return len(q.memory.Environments)
}

func TestManyDeletionsAtOnceAreWithheld(t *testing.T) {
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

func TestWithheldOnesSayWhyAndWhatToDo(t *testing.T) {
	t.Parallel()
	c := limitedTo(t, "deletionsAtOnce: 1")
	before := resolve(c, factsOf(pull(1), pull(2), pull(3)))
	s := Resolve(c, factsOf(pull(1), pull(2, withLabels()), pull(3, withLabels("bug"))), before.Memory, noon)
	if diff := cmp.Diff(before.Rows, s.Rows); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	for _, d := range s.Decisions[1:] {
		want := []string{
			string(Live), "withheld", "it stays as it was: it lost its label together with many others, more than the 1 that may go within 10 minutes",
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

// Who is kept in his own environment keeps no other one alive, which he asks for: that one counts with those that go.
func TestWhatWouldBeMovedToIsCounted(t *testing.T) {
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

func TestDeletionsAreCountedForTenMinutes(t *testing.T) {
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

// What was withheld once stays so until somebody confirms it, labels it again, or closes it.
func TestWithheldStaysWithheld(t *testing.T) {
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
	tests := []struct {
		name  string
		first func(Memory) *Snapshot // what happens, an hour later
		want  []string               // a minute after that, with all three without label
	}{
		{"nothing happens", func(m Memory) *Snapshot { return Resolve(c, factsOf(lost...), m, noon.Add(time.Hour)) }, all},
		{
			"one is labelled again", func(m Memory) *Snapshot {
				return Resolve(c, factsOf(pull(1), lost[1], lost[2]), m, noon.Add(time.Hour))
			},
			[]string{"shop-pr-1: held by unlabelled", "shop-pr-2: live by withheld", "shop-pr-3: live by withheld"},
		},
		{
			"one is labelled again as a draft",
			func(m Memory) *Snapshot {
				return Resolve(c, factsOf(pull(1, asDraft), lost[1], lost[2]), m, noon.Add(time.Hour))
			},
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
			"two close", func(m Memory) *Snapshot { return Resolve(c, factsOf(lost[2]), m, noon.Add(time.Hour)) },
			[]string{"shop-pr-1: held by unlabelled", "shop-pr-2: held by unlabelled", "shop-pr-3: live by withheld"},
		},
		{"the repository can't be read", func(m Memory) *Snapshot { return Resolve(c, unread, m, noon.Add(time.Hour)) }, all},
		{
			"configuration lets more go", func(m Memory) *Snapshot {
				return Resolve(loose, factsOf(lost...), m, noon.Add(time.Hour))
			}, all,
		},
		{
			"configuration names the repository no more for a while", func(m Memory) *Snapshot {
				return Resolve(without, factsOf(lost...), m, noon.Add(time.Hour))
			}, all,
		},
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

func TestClosedOnesAreNeverWithheld(t *testing.T) {
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

// live names the environments.
func live(s *Snapshot) []string {
	names := []string{}
	for _, r := range s.Rows {
		names = append(names, r.Name)
	}
	return names
}

func TestConfirmedOnesGo(t *testing.T) {
	t.Parallel()
	before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7), pull(8)))
	unread := factsOf()
	delete(unread.Repositories, "acme/shop")
	const gone = "gone by confirmed: a person confirmed its removal"
	tests := []struct {
		name, policy string
		facts        Facts
		rule         string // by which both are kept
		want         string // of what was confirmed
	}{
		{"its repository isn't configured", elsewhere, factsOf(), "withheld", gone},
		{"its repository was never read in this run", testfixture.DemoPolicy, unread, "unread", gone},
		{
			"configuration asks for another label", testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {label: deploy, "), factsOf(pull(7), pull(8)),
			"withheld", `held by unlabelled: it has no label "deploy"`,
		},
		{
			"too many lost their label", testfixture.DemoPolicy + "limits: {deletionsAtOnce: 1}\n", factsOf(pull(7, withLabels()), pull(8, withLabels())),
			"withheld", `held by unlabelled: it has no label "preview"`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadPolicy(t, tt.policy)
			kept := Resolve(c, tt.facts, restarted(t, before.Memory), noon.Add(time.Hour))
			for _, d := range kept.Decisions {
				if d.Outcome != Live || string(d.Rule) != tt.rule || !d.Withheld {
					t.Fatalf("%s is %s by %s, withheld: %v", d.Environment, d.Outcome, d.Rule, d.Withheld)
				}
			}
			m := restarted(t, kept.Memory)
			m.Confirmed = map[string]bool{"shop-pr-7": true}
			after := Resolve(c, tt.facts, restarted(t, m), noon.Add(2*time.Hour))
			if diff := cmp.Diff([]string{"shop-pr-8"}, live(after)); diff != "" {
				t.Fatalf("live (-want +got):\n%s", diff)
			}
			d := after.Decisions[0]
			if got := fmt.Sprintf("%s by %s: %s", d.Outcome, d.Rule, d.Reason); got != tt.want || d.Remedy == "" || d.Withheld || d.Environment != "shop-pr-7" {
				t.Errorf("%s; %s; withheld: %v; want %s", got, d.Remedy, d.Withheld, tt.want)
			}
			if g := after.Memory.Gone; len(g) != 1 || g[0].Rule != RuleConfirmed || g[0].Environment != "shop-pr-7" {
				t.Errorf("remembered as gone: %+v", g)
			}
			if len(after.Memory.Confirmed) != 0 {
				t.Errorf("%v stays confirmed for another time", after.Memory.Confirmed)
			}
			// Where everything is as before, it comes back.
			again := Resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7), pull(8)), restarted(t, after.Memory), noon.Add(3*time.Hour))
			if diff := cmp.Diff([]string{"shop-pr-7", "shop-pr-8"}, live(again)); diff != "" {
				t.Errorf("live again (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfirmedMove(t *testing.T) {
	t.Parallel()
	before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7), pull(8)))
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy+"namespacePrefix: pr-\n")
	kept := Resolve(c, factsOf(pull(7), pull(8)), before.Memory, noon)
	if diff := cmp.Diff(before.Rows, kept.Rows); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	want := []string{string(Live), "moved", "it stays as it was: its namespace would be pr-shop-pr-7 now", "change namespacePrefix back, or previewctl confirm shop-pr-7 to begin anew there"}
	d := kept.Decisions[0]
	if diff := cmp.Diff(want, []string{string(d.Outcome), string(d.Rule), d.Reason, d.Remedy}); diff != "" || !d.Withheld {
		t.Errorf("withheld: %v (-want +got):\n%s", d.Withheld, diff)
	}
	m := restarted(t, kept.Memory)
	m.Confirmed = map[string]bool{"shop-pr-7": true}
	after := Resolve(c, factsOf(pull(7), pull(8)), m, noon)
	got := []string{}
	for _, r := range after.Rows {
		got = append(got, r.Namespace)
	}
	if diff := cmp.Diff([]string{"pr-shop-pr-7", "preview-shop-pr-8"}, got); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"shop-pr-7: live by labelled", "shop-pr-8: live by moved"}, outcomes(after)); diff != "" || len(after.Memory.Confirmed) != 0 {
		t.Errorf("confirmed still: %v (-want +got):\n%s", after.Memory.Confirmed, diff)
	}
}

// A confirmation that came too late takes nothing: it was labelled again.
func TestConfirmedOneThatIsLabelledStays(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	m := resolve(c, factsOf(pull(7), pull(8, asDraft))).Memory
	m.Confirmed = map[string]bool{"shop-pr-7": true, "shop-pr-8": true, "nobody": true}
	s := Resolve(c, factsOf(pull(7), pull(8)), m, noon)
	if diff := cmp.Diff([]string{"shop-pr-7", "shop-pr-8"}, live(s)); diff != "" || len(s.Memory.Confirmed) != 0 {
		t.Errorf("confirmed still: %v (-want +got):\n%s", s.Memory.Confirmed, diff)
	}
}

// The label that counts is the one that configuration asked for when it went live, and is looked for where the pull
// request stands now.
func TestChangedLabel(t *testing.T) {
	t.Parallel()
	deploy := testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {label: deploy, ")
	tests := []struct {
		name  string
		first []string // labels at first, under "preview"
		later []func(*PullRequest)
		want  string
	}{
		{"it keeps the old label", []string{"preview"}, nil, "live by withheld"},
		{"it has the new label too", []string{"preview"}, []func(*PullRequest){withLabels("preview", "deploy")}, "live by labelled"},
		{"it gets the new label instead", []string{"preview"}, []func(*PullRequest){withLabels("Deploy:full")}, "live by labelled"},
		{"it loses the old label", []string{"preview"}, []func(*PullRequest){withLabels("bug")}, "held by unlabelled"},
		{"it had the new label by chance, and loses that", []string{"preview", "deploy"}, []func(*PullRequest){withLabels("preview")}, "live by withheld"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7, withLabels(tt.first...))))
			d := decision(t, Resolve(testfixture.LoadPolicy(t, deploy), factsOf(pull(7, tt.later...)), restarted(t, before.Memory), noon))
			if got := string(d.Outcome) + " by " + string(d.Rule); got != tt.want || d.Withheld != (tt.want == "live by withheld") {
				t.Errorf("%s: %s; want it %s", got, d.Reason, tt.want)
			}
		})
	}
	t.Run("it was a draft under the label asked for meanwhile, and has only that", func(t *testing.T) {
		t.Parallel()
		m := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7))).Memory
		f := factsOf(pull(7, asDraft, withLabels("deploy")))
		m = Resolve(testfixture.LoadPolicy(t, deploy), f, m, noon).Memory
		if d := decision(t, Resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), f, restarted(t, m), noon)); !d.Withheld {
			t.Errorf("%s by %s: %s", d.Outcome, d.Rule, d.Reason)
		}
	})
	t.Run("nobody remembers the old label", func(t *testing.T) {
		t.Parallel()
		m := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7))).Memory
		e := m.Environments["shop-pr-7"]
		e.Members[0].Label = ""
		m.Environments["shop-pr-7"] = e
		if d := decision(t, Resolve(testfixture.LoadPolicy(t, deploy), factsOf(pull(7)), m, noon)); !d.Withheld {
			t.Errorf("%s by %s: %s", d.Outcome, d.Rule, d.Reason)
		}
	})
}

func TestTimesOfLostLabelsAreForgotten(t *testing.T) {
	t.Parallel()
	q := &queue{t: t, config: testfixture.LoadPolicy(t, testfixture.DemoPolicy), now: noon}
	q.alive(crowdOf(9, 10)...)
	q.alive(crowdOf(9, 4)...)
	if n := len(q.memory.Unlabelled); n != 6 || slices.ContainsFunc(q.memory.Unlabelled, func(at time.Time) bool { return !at.Equal(q.now) }) {
		t.Errorf("remembered: %v", q.memory.Unlabelled)
	}
	q.memory = idle(q.config, crowdOf(9, 4), q.memory, q.now.Add(guardWindow))
	q.now = q.now.Add(guardWindow - time.Minute)
	if q.alive(crowdOf(9, 4)...); len(q.memory.Unlabelled) != 0 {
		t.Errorf("ten minutes later: %v", q.memory.Unlabelled)
	}
}
