package preview

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestDeparture(t *testing.T) {
	t.Parallel()
	demo := testfixture.LoadTree(t, testfixture.DemoTree(nil), nil)
	deploy := testfixture.LoadPolicy(t, testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {label: deploy, "))
	tests := []struct {
		name, environment, label string
		cfg                      *config.Config
		pr                       PullRequest
		want                     string
	}{
		{"it has its label", "shop-pr-7", "preview", demo, pull(7), ""},
		{"another profile", "shop-pr-7", "preview", demo, pull(7, withLabels("preview:full")), ""},
		{"a draft", "shop-pr-7", "preview", demo, pull(7, asDraft), ""},
		{"it lost its label", "shop-pr-7", "preview", demo, pull(7, withLabels("bug")), leavesUnlabelled},
		{"it joins an environment", "shop-pr-7", "preview", demo, pull(7, withLabels("preview", "preview-with:x")), "x"},
		{"it joins two environments", "shop-pr-7", "preview", demo, pull(7, withLabels("preview-with:x", "preview-with:y")), ""},
		{"it has its join label", "x", "preview-with:x", demo, pull(7, withLabels("preview-with:x")), ""},
		{"it has its join label in another spelling", "x", "preview-with:x", demo, pull(7, withLabels("Preview-With: X")), ""},
		{"it lost its join label", "x", "preview-with:x", demo, pull(7), leavesJoin},
		{"it lost all its labels", "x", "preview-with:x", demo, pull(7, withLabels()), leavesUnlabelled},
		{"it joins another environment", "x", "preview-with:x", demo, pull(7, withLabels("preview-with:y")), "y"},
		{"in a slot, a claim decides", "ivysaur", "preview", demo, pull(7, withLabels("preview-with:y")), ""},
		{"in a slot, it lost its label", "ivysaur", "preview", demo, pull(7, withLabels()), leavesUnlabelled},
		{"the configured label changed", "shop-pr-7", "preview", deploy, pull(7), ""},
		{"the configured label changed, and it lost its own", "shop-pr-7", "preview", deploy, pull(7, withLabels()), leavesUnlabelled},
		{"its earlier label is unknown", "shop-pr-7", "", demo, pull(7, withLabels()), ""},
		{"it is announced as closed", "shop-pr-7", "preview", demo, pull(7, func(pr *PullRequest) { pr.Closed = true }), leavesClosed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := departure(tt.cfg, tt.environment, Member{Label: tt.label}, tt.pr); got != tt.want {
				t.Errorf("departure %q, want %q", got, tt.want)
			}
		})
	}
}

// observations are the reads of acme/shop#7 one after another, with the decision after each.
type observations struct {
	t      *testing.T
	config *config.Config
	memory Memory
	now    time.Time
	readAt time.Time
}

// read resolves after a read that is later by this time. The pull request is read directly if it leaves; nil is closed.
func (o *observations) read(later time.Duration, pr *PullRequest, announced ...PullRequest) {
	o.now = o.now.Add(later)
	o.readAt = o.now
	o.resolve(pr, announced...)
}

func (o *observations) resolve(pr *PullRequest, announced ...PullRequest) {
	o.t.Helper()
	known := o.memory.KnownPullRequests(o.config, "acme/shop", shopID)[7]
	f := factsOf()
	r := f.Repositories["acme/shop"]
	r.ReadAt, r.Observed, r.Announced = o.readAt, map[int]bool{}, announced
	if pr != nil {
		r.PullRequests = []PullRequest{*pr}
	}
	if pr == nil && !known.IsClosed || pr != nil && known.NeedsDirectRead != nil && known.NeedsDirectRead(*pr) {
		r.Observed[7] = pr == nil
	}
	f.Repositories["acme/shop"], f.PollInterval = r, time.Minute
	o.memory = restarted(o.t, Resolve(o.config, f, o.memory, o.now).Memory)
}

func (o *observations) expect(what, want string) {
	o.t.Helper()
	got := "gone"
	if _, ok := o.memory.Environments["shop-pr-7"]; ok {
		got = string(o.memory.Since["acme/shop#7"].Rule)
	}
	if got != want {
		o.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func newObservations(t *testing.T, policy string) *observations {
	t.Helper()
	o := &observations{t: t, config: testfixture.LoadPolicy(t, testfixture.DemoPolicy+policy), now: noon}
	labelled := pull(7)
	o.read(0, &labelled)
	o.expect("at first", "labelled")
	return o
}

func TestTwoObservationsRemove(t *testing.T) {
	t.Parallel()
	labelled, unlabelled := pull(7), pull(7, withLabels("bug"))
	joining := pull(7, withLabels("preview-with:x"))
	for name, shows := range map[string]*PullRequest{"closed": nil, "unlabelled": &unlabelled, "joins another one": &joining} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newObservations(t, "")
			o.read(time.Minute, shows)
			o.expect("first read", "leaving")
			o.now = o.now.Add(time.Hour)
			o.resolve(shows)
			o.expect("the same read, later", "leaving")
			o.read(time.Minute, &labelled)
			o.expect("it is back", "labelled")
			o.read(time.Minute, shows)
			o.expect("first read again", "leaving")
			o.read(50*time.Second, shows)
			o.expect("too early", "leaving")
			o.read(10*time.Second, shows)
			o.expect("a poll later", "gone")
		})
	}
}

func TestAnotherDepartureBeginsAnew(t *testing.T) {
	t.Parallel()
	o := newObservations(t, "")
	unlabelled := pull(7, withLabels())
	o.read(time.Minute, &unlabelled)
	o.read(time.Minute, nil)
	o.expect("closed instead of unlabelled", "leaving")
	o.read(time.Minute, nil)
	o.expect("closed", "gone")
}

func TestAnnouncementConfirms(t *testing.T) {
	t.Parallel()
	unlabelled, closed := pull(7, withLabels()), pull(7, func(pr *PullRequest) { pr.Closed = true })
	for name, tt := range map[string]struct {
		shows     *PullRequest
		announced PullRequest
		want      string
	}{
		"unlabelled":             {&unlabelled, unlabelled, "gone"},
		"closed":                 {nil, closed, "gone"},
		"it says something else": {&unlabelled, closed, "leaving"},
		"it is still labelled":   {nil, pull(7), "leaving"},
		"another pull request":   {&unlabelled, pull(8, withLabels()), "leaving"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newObservations(t, "")
			o.read(time.Minute, tt.shows, tt.announced)
			o.expect("after the webhook", tt.want)
		})
	}
}

// While its environment is in its grace, a pull request counts as closed without further direct reads.
func TestClosedStaysKnown(t *testing.T) {
	t.Parallel()
	o := newObservations(t, "lifetime: {grace: 8h}\n")
	labelled := pull(7)
	o.read(time.Minute, nil)
	o.expect("first read", "leaving")
	for range 3 {
		o.read(time.Minute, nil)
		o.expect("later", "grace")
	}
	if known := o.memory.KnownPullRequests(o.config, "acme/shop", shopID); !known[7].IsClosed {
		t.Errorf("known: %+v", known)
	}
	o.read(time.Minute, &labelled)
	o.expect("reopened", "labelled")
	if diff := cmp.Diff(map[string]Leaving(nil), o.memory.Leaving); diff != "" {
		t.Error(diff)
	}
}

// A list without the pull request is no evidence, also if no direct read was possible.
func TestListAloneIsNoEvidence(t *testing.T) {
	t.Parallel()
	o := newObservations(t, "")
	for range 4 {
		o.now = o.now.Add(time.Minute)
		f := factsOf()
		r := f.Repositories["acme/shop"]
		r.ReadAt, r.Observed = o.now, map[int]bool{}
		f.Repositories["acme/shop"] = r
		o.memory = Resolve(o.config, f, o.memory, o.now).Memory
		o.expect("a list without it", "leaving")
	}
}

// The saved state before there were observations has none.
func TestUpdatedIsRememberedWithTheLabel(t *testing.T) {
	t.Parallel()
	o := newObservations(t, "")
	at := func(minutes int) func(*PullRequest) {
		return func(pr *PullRequest) { pr.Updated = noon.Add(time.Duration(minutes) * time.Minute) }
	}
	for i, pr := range []PullRequest{pull(7, at(1)), pull(7, at(2)), pull(7, at(3), withLabels("Preview", "bug"))} {
		o.read(time.Minute, &pr)
		if got := o.memory.Environments["shop-pr-7"].Members[0].Updated; !got.Equal(noon.Add(time.Minute)) {
			t.Errorf("read %d: remembered %s", i, got)
		}
	}
}

// After a clock jump the first read isn't a second one.
func TestClockJumpMakesNoSecondObservation(t *testing.T) {
	t.Parallel()
	c := limitedTo(t, "")
	f := factsOf(pull(7, withLabels()))
	r := f.Repositories["acme/shop"]
	r.Observed, r.ReadAt = map[int]bool{7: false}, noon.Add(time.Minute)
	f.Repositories["acme/shop"], f.PollInterval = r, time.Minute
	before := resolve(c, factsOf(pull(7)))
	once := Resolve(c, f, before.Memory, r.ReadAt)
	for _, jump := range []time.Duration{10 * time.Second, -time.Minute, -48 * time.Hour, 3 * time.Hour} {
		if s := Resolve(c, f, restarted(t, once.Memory), r.ReadAt.Add(jump)); len(s.Rows) != 1 {
			t.Errorf("the same facts %s later: %v", jump, reasons(s))
		}
	}
}

// The clock jumps back after the first read began, and before its result is used. The second read then needs no hour.
func TestFirstReadBeforeTheClockJumpedBack(t *testing.T) {
	t.Parallel()
	c, f := limitedTo(t, ""), factsOf(pull(7, withLabels()))
	r := f.Repositories["acme/shop"]
	r.Observed, f.PollInterval = map[int]bool{7: false}, time.Minute
	read := func(at time.Time) Facts {
		r.ReadAt = at
		f.Repositories = map[string]Repository{"acme/shop": r}
		return f
	}
	back := noon.Add(-time.Hour)
	before := resolve(c, factsOf(pull(7)))
	first := Resolve(c, read(noon.Add(time.Minute)), before.Memory, back)
	if len(first.Rows) != 1 {
		t.Fatalf("after the first read: %v", reasons(first))
	}
	soon := Resolve(c, read(back.Add(30*time.Second)), first.Memory, back.Add(30*time.Second))
	if len(soon.Rows) != 1 {
		t.Errorf("half a minute later: %v", reasons(soon))
	}
	if second := Resolve(c, read(back.Add(time.Minute)), soon.Memory, back.Add(time.Minute)); len(second.Rows) != 0 {
		t.Errorf("after the second read: %v", reasons(second))
	}
}

// The clock jumps back, and reaches the time of the first read again. That read isn't a second one, nor is one that
// followed too soon.
func TestSameReadCountsOnce(t *testing.T) {
	t.Parallel()
	unlabelled := pull(7, withLabels())
	for name, reads := range map[string]int{"one read": 1, "two reads, 20 seconds apart": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newObservations(t, "")
			o.read(time.Minute, &unlabelled)
			for range reads - 1 {
				o.read(20*time.Second, &unlabelled)
			}
			o.now = o.now.Add(-10 * time.Minute)
			for range 30 {
				o.now = o.now.Add(time.Minute)
				o.resolve(&unlabelled)
				o.expect("without another read", "leaving")
			}
			o.read(time.Minute, &unlabelled)
			o.expect("another read", "gone")
		})
	}
}

// A state of an earlier version knows the time of the first read, and not the read itself.
func TestLeavingOfAnEarlierVersion(t *testing.T) {
	t.Parallel()
	o, unlabelled := newObservations(t, ""), pull(7, withLabels())
	o.read(time.Minute, &unlabelled)
	for key, l := range o.memory.Leaving {
		l.Read = time.Time{}
		o.memory.Leaving[key] = l
	}
	o.read(30*time.Second, &unlabelled)
	o.expect("too soon", "leaving")
	o.read(time.Minute, &unlabelled)
	o.expect("a second read", "gone")
}

// A known pull request says when the list isn't enough.
func TestLeavingPullRequestsAreReadDirectly(t *testing.T) {
	t.Parallel()
	c := limitedTo(t, "")
	updated := func(pr *PullRequest) { pr.Updated = noon }
	m := resolve(c, factsOf(pull(7, updated), pull(8))).Memory
	key := m.Environments["shop-pr-7"].Members[0].lasting()
	for name, tt := range map[string]struct {
		leaving      Leaving
		listed       PullRequest
		isClosed     bool
		needsReading bool
	}{
		"it stays":                      {Leaving{}, pull(7), false, false},
		"it leaves":                     {Leaving{}, pull(7, withLabels()), false, true},
		"it leaves since the last read": {Leaving{To: leavesUnlabelled}, pull(7, withLabels()), false, true},
		"it leaves surely":              {Leaving{To: leavesUnlabelled, IsSure: true}, pull(7, withLabels()), false, false},
		"it leaves in another way": {
			Leaving{To: leavesUnlabelled, IsSure: true}, pull(7, withLabels("preview-with:x")), false, true,
		},
		"it is closed, once":                    {Leaving{To: leavesClosed}, pull(7), false, false},
		"it is surely closed":                   {Leaving{To: leavesClosed, IsSure: true}, pull(7), true, false},
		"it was closed, and is unlabelled then": {Leaving{To: leavesClosed, IsSure: true}, pull(7, withLabels()), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memory := m
			memory.Leaving = map[string]Leaving{key: tt.leaving}
			for _, repository := range []string{"acme/shop", "acme/renamed"} {
				known := memory.KnownPullRequests(c, repository, shopID)
				got := known[7]
				if len(known) != 2 || !got.Updated.Equal(noon) || got.IsClosed != tt.isClosed || got.NeedsDirectRead(tt.listed) != tt.needsReading {
					t.Errorf("%s: %d known; closed %t, read %t", repository, len(known), got.IsClosed, got.NeedsDirectRead(tt.listed))
				}
			}
		})
	}
	if known := m.KnownPullRequests(c, "acme/shop", gatewayID); len(known) != 0 {
		t.Errorf("of another repository with the name: %v", known)
	}
}

func TestWhyALeavingMemberStays(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		leaving Leaving
		reason  string // empty if it may leave
	}{
		"closed by the list":    {Leaving{To: leavesClosed}, "GitHub's list shows its pull request as closed"},
		"closed by a read":      {Leaving{To: leavesClosed, Seen: noon}, "closed since 2026-11-20 12:00 UTC"},
		"without its label":     {Leaving{To: leavesUnlabelled, Seen: noon}, "without its label since"},
		"without its join":      {Leaving{To: leavesJoin, Seen: noon}, "without its join label since"},
		"in another one":        {Leaving{To: "x", Seen: noon}, "joins environment x since"},
		"with enough evidence":  {Leaving{To: leavesClosed, Seen: noon, IsSure: true}, ""},
		"announced before read": {Leaving{To: leavesClosed, IsSure: true}, ""},
	} {
		h := tt.leaving.hold()
		if (h == nil) != (tt.reason == "") || h != nil && (h.rule != RuleLeaving || h.allowsRemoval || !strings.Contains(h.reason, tt.reason)) {
			t.Errorf("%s: %+v", name, h)
		}
	}
}
