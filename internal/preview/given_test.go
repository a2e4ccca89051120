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

const jakub = "overlays/jakub/environment.yaml"

// ofGateway is a pull request of acme/gateway.
func ofGateway(number int, edits ...func(*PullRequest)) PullRequest {
	return pull(number, append([]func(*PullRequest){func(pr *PullRequest) {
		pr.HeadSHA, pr.HeadRepositoryID, pr.BaseRepositoryID = testfixture.SHA("9a7"+string(rune('a'+number%6))), gatewayID, gatewayID
	}}, edits...)...)
}

// with adds pull requests of acme/gateway, and commits that a branch holds.
func with(f Facts, commits []string, pulls ...PullRequest) Facts {
	r := f.Repositories["acme/gateway"]
	r.PullRequests, r.Commits = pulls, map[string]bool{}
	for _, c := range commits {
		r.Commits[c] = true
	}
	f.Repositories["acme/gateway"] = r
	return f
}

// later is the next commit of a config branch.
func later(t testing.TB, before *config.Config, files map[string]string, rewritten bool) *config.Config {
	t.Helper()
	tree := testfixture.DemoTree(files)
	tree.Commit = testfixture.SHA("f" + strings.TrimRight(before.Commit, "0"))
	if !rewritten {
		tree.Ancestors = []string{before.Commit}
	}
	return testfixture.LoadTree(t, tree, before)
}

// reasons are the decisions with their reasons, apart from what is gone.
func reasons(s *Snapshot) []string {
	lines := []string{}
	for _, d := range s.Decisions {
		who := d.Environment
		if d.Number > 0 {
			who = subject(d.Repository, d.Number)
		}
		lines = append(lines, who+": "+string(d.Outcome)+" by "+string(d.Rule)+": "+d.Reason)
	}
	return lines
}

// What a file's services run at, for each kind of ref.
func TestEnvironmentFromFile(t *testing.T) {
	t.Parallel()
	commit := testfixture.SHA("c0ffee")
	tests := []struct {
		name, file string
		want       map[string]string
		reason     string // of being held
	}{
		{"a branch", "services: {gateway: {branch: main}}\n", map[string]string{"gateway": "9a7e", "web": ""}, ""},
		{"a tag", "services: {gateway: {tag: dev}}\n", map[string]string{"gateway": "de4", "web": ""}, ""},
		{"a commit", "services: {gateway: {sha: " + commit + "}}\n", map[string]string{"gateway": "c0ffee", "web": ""}, ""},
		{"an open pull request, whether it is labelled or not", "services: {gateway: {pullRequest: 3}}\n", map[string]string{"gateway": "9a7d", "web": ""}, ""},
		{"what leads to it from outside runs too", "services: {orders: {branch: main}}\n", map[string]string{"gateway": "", "orders": "5409", "web": ""}, ""},
		{"a profile", "profile: checkout\n", map[string]string{"gateway": "", "orders": ""}, ""},
		{"nothing", "owner: jakub\n", nil, "it has nothing to run"},
		{"a branch that isn't there", "services: {gateway: {branch: x}}\n", nil, `acme/gateway has no branch "x", which service gateway runs at`},
		{"a commit that no branch holds", "services: {gateway: {sha: " + testfixture.SHA("e") + "}}\n", nil, "acme/gateway has no commit " + testfixture.SHA("e") + " on its default branch or at a branch's head, which service gateway runs at"},
		{"a pull request that isn't open", "services: {gateway: {pullRequest: 4}}\n", nil, "acme/gateway has no open pull request #4, which service gateway runs at"},
		{"a fork's pull request", "services: {gateway: {pullRequest: 5}}\n", nil, "acme/gateway#5, which service gateway runs at: it comes from a fork, and forks get no preview here"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{jakub: testfixture.EnvironmentYAML("purpose: redesign\n" + tt.file)}), nil)
			s := resolve(c, with(factsOf(), []string{commit}, ofGateway(3, withLabels()), ofGateway(5, func(pr *PullRequest) { pr.HeadRepositoryID = 99 })))
			if tt.reason != "" {
				if d := s.Decisions[slices.IndexFunc(s.Decisions, func(d Decision) bool { return d.Environment == "jakub" })]; d.Outcome != Held || d.Reason != tt.reason || d.Remedy == "" || d.Rule == "ref" && !strings.HasSuffix(d.Remedy, " in "+jakub) {
					t.Errorf("%s: %s; %s; want it held: %s", d.Outcome, d.Reason, d.Remedy, tt.reason)
				}
				return
			}
			i := slices.IndexFunc(s.Rows, func(r Row) bool { return r.Name == "jakub" })
			if diff := cmp.Diff(tt.want, runs(s, "jakub")); diff != "" || i < 0 {
				t.Fatalf("runs (-want +got): %s; %s", diff, reasons(s))
			}
			row := s.Rows[i]
			if row.Source != "environment" || row.Namespace != "preview-jakub" || row.Purpose != "redesign" || row.Number != "" || row.Path != "overlays/jakub" {
				t.Errorf("row: %+v", row)
			}
		})
	}
}

func TestAServiceWhoseRefIsGoneStaysAndSaysSo(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{jakub: testfixture.EnvironmentYAML("services: {gateway: {pullRequest: 3}, products: {tag: v1}}\n")}), nil)
	before := resolve(c, with(factsOf(), nil, ofGateway(3, withLabels())))
	moved := ofGateway(3, withLabels())
	moved.HeadSHA = testfixture.SHA("fee1")
	at := Resolve(c, with(factsOf(), nil, moved), before.Memory, noon)
	after := Resolve(c, with(factsOf(), nil), at.Memory, noon)
	if got := []string{runs(before, "jakub")["gateway"], runs(at, "jakub")["gateway"], runs(after, "jakub")["gateway"]}; !slices.Equal(got, []string{"9a7d", "fee1", "fee1"}) {
		t.Errorf("gateway was at %v", got)
	}
	want := []string{"jakub: live by file: its file is in overlays/jakub; service gateway stays at fee1000: acme/gateway has no open pull request #3, which service gateway runs at"}
	if diff := cmp.Diff(want, reasons(after)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

// What is evidence for the end of an environment that a file makes.
func TestAFileIsGone(t *testing.T) {
	t.Parallel()
	const two = "overlays/alice/environment.yaml"
	file := testfixture.EnvironmentYAML("profile: checkout\n")
	before := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{jakub: file, two: file}), nil)
	m := resolve(before, factsOf()).Memory
	lean := testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "limits: {deletionsAtOnce: 1}\npullRequests: {")
	tests := []struct {
		name  string
		files map[string]string
		force bool
		edit  func(*Memory)
		want  []string
	}{
		{"one folder", map[string]string{two: file}, false, nil, []string{"alice"}},
		{"renamed", map[string]string{two: file, "overlays/bob/environment.yaml": file}, false, nil, []string{"alice", "bob"}},
		{"broken", map[string]string{two: file, jakub: "oops"}, false, nil, []string{"alice", "jakub"}},
		{"both at once, where one may go", map[string]string{config.PolicyFile: lean}, false, nil, []string{"alice", "jakub"}},
		{"on a branch that was rewritten", map[string]string{two: file}, true, nil, []string{"alice", "jakub"}},
		{"on a branch of which nobody remembers what it was", map[string]string{two: file}, false, func(m *Memory) { m.Commit = "" }, []string{"alice", "jakub"}},
		{"on a rewritten branch, and confirmed", map[string]string{two: file}, true, func(m *Memory) { m.Confirmed = map[string]bool{"jakub": true} }, []string{"alice"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			memory := restarted(t, m)
			if tt.edit != nil {
				tt.edit(&memory)
			}
			c := later(t, before, tt.files, tt.force)
			s := Resolve(c, factsOf(), memory, noon.Add(time.Minute))
			if got := slices.Sorted(slices.Values(names(s))); !slices.Equal(got, tt.want) {
				t.Errorf("%v are live, want %v: %s", got, tt.want, strings.Join(reasons(s), "\n"))
			}
			again := Resolve(c, factsOf(), restarted(t, s.Memory), noon.Add(time.Hour))
			if diff := cmp.Diff(names(s), names(again)); diff != "" {
				t.Errorf("an hour later (-before +after):\n%s", diff)
			}
		})
	}
}

func names(s *Snapshot) []string {
	names := []string{}
	for _, r := range s.Rows {
		names = append(names, r.Name)
	}
	return names
}

func TestSlotPoolAt(t *testing.T) {
	t.Parallel()
	at := func(hour int) *time.Time { h := noon.Add(time.Duration(hour) * time.Hour); return &h }
	holds := func(p *config.SlotPool) []string {
		lines := []string{}
		for _, name := range []string{"bulbasaur", "ivysaur"} {
			c := p.Slots[name]
			line := name + ": " + strings.Join(c.Holders, ",")
			if c.Since != nil {
				line += c.Since.Format(" 15h")
			}
			lines = append(lines, line)
		}
		for _, c := range p.Queue {
			lines = append(lines, "waits: "+strings.Join(c.Holders, ","))
		}
		return lines
	}
	p := &config.SlotPool{
		Slots: map[string]config.Claim{"bulbasaur": {Holders: []string{"alice", "bob"}, Since: at(-3), Until: at(2)}, "ivysaur": {Holders: []string{"dave"}, Since: at(-2)}},
		Queue: []config.Claim{{Holders: []string{"late"}, Until: at(1)}, {Holders: []string{"carol"}, Since: at(-1), Until: at(4)}, {Holders: []string{"erin"}, Since: at(5)}, {Holders: []string{"frank"}}},
	}
	tests := []struct {
		hour int
		want []string
	}{
		{1, []string{"bulbasaur: alice,bob 09h", "ivysaur: dave 10h", "waits: late", "waits: carol", "waits: erin", "waits: frank"}},
		{2, []string{"bulbasaur: carol 14h", "ivysaur: dave 10h", "waits: erin", "waits: frank"}},
		{4, []string{"bulbasaur: erin 17h", "ivysaur: dave 10h", "waits: frank"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, holds(p.At(noon.Add(time.Duration(tt.hour)*time.Hour)))); diff != "" {
			t.Errorf("after %d hours (-want +got):\n%s", tt.hour, diff)
		}
	}
	free := &config.SlotPool{Slots: map[string]config.Claim{"bulbasaur": {}, "ivysaur": {Holders: []string{"dave"}, Until: at(-1)}}, Queue: []config.Claim{{Holders: []string{"carol"}, Since: at(-3)}, {Holders: []string{"erin"}}, {Holders: []string{"frank"}}}}
	if diff := cmp.Diff([]string{"bulbasaur: carol 09h", "ivysaur: erin 11h", "waits: frank"}, holds(free.At(noon))); diff != "" {
		t.Errorf("free ones (-want +got):\n%s", diff)
	}
}

const slotsOn = "slots: on\n"

func TestSlots(t *testing.T) {
	t.Parallel()
	held := testfixture.SlotsYAML("slots:\n  bulbasaur: {holders: [Alice], purpose: redesign, until: 2026-11-20T14:00:00Z}\n  ivysaur: {holders: [carol]}\nqueue: [{holders: [bob], purpose: load test}]\n")
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{config.PolicyFile: testfixture.DemoPolicy + slotsOn, config.SlotsFile: held}), nil)
	facts := with(factsOf(pull(7)), nil, ofGateway(3), ofGateway(4, by("bob")))
	facts.Skew = new(time.Duration)
	s := resolve(c, facts)
	want := []string{
		"bulbasaur: live by slot: its slot is held by Alice",
		"ivysaur: held by unchanged: it has nothing to run",
		`acme/gateway#3: live by labelled: it is open and labelled "preview"; it runs in environment bulbasaur`,
		`acme/gateway#4: live by labelled: it is open and labelled "preview"; profile changed`,
		`acme/shop#7: live by labelled: it is open and labelled "preview"; it runs in environment bulbasaur`,
	}
	if diff := cmp.Diff(want, reasons(s)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
	row := s.Rows[0]
	if row.Name != "bulbasaur" || row.Source != "slot" || row.Owner != "Alice" || row.Purpose != "redesign" || !slices.Contains(row.Info, Info{infoPullRequests, "acme/gateway#3:12 acme/shop#7:11"}) || row.Number != "" {
		t.Errorf("row: %+v", row)
	}
	if diff := cmp.Diff(map[string]string{"gateway": "9a7d", "orders": "abcdef1234", "web": ""}, runs(s, "bulbasaur")); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	jumped := Resolve(c, facts, restarted(t, s.Memory), noon.Add(3*time.Hour))
	if diff := cmp.Diff(s.Rows, jumped.Rows); diff != "" {
		t.Errorf("rows by a clock that may have jumped (-before +after):\n%s", diff)
	}
	over := jumped
	for minutes := range 7 { // by then it has been right for a while
		over = Resolve(c, facts, restarted(t, over.Memory), noon.Add(3*time.Hour+time.Duration(minutes)*time.Minute))
	}
	if got := over.Rows[0]; got.Name != "bulbasaur" || got.Owner != "bob" || got.Purpose != "load test" || got.Namespace != row.Namespace || got.URL != row.URL || got.Number != "4" {
		t.Errorf("after the claim: %+v", got)
	}
	if got := names(over); !slices.Equal(got, []string{"bulbasaur", "gateway-pr-3", "shop-pr-7"}) {
		t.Errorf("%v are live after the claim: %s", got, strings.Join(reasons(over), "\n"))
	}
	released := later(t, c, map[string]string{config.PolicyFile: testfixture.DemoPolicy + slotsOn, config.SlotsFile: testfixture.SlotsYAML("slots: {bulbasaur: {}, ivysaur: {}}\n")}, false)
	after := Resolve(released, facts, restarted(t, over.Memory), noon.Add(4*time.Hour))
	if got := names(after); !slices.Equal(got, []string{"gateway-pr-3", "gateway-pr-4", "shop-pr-7"}) {
		t.Errorf("%v are live after the release: %s", got, strings.Join(reasons(after), "\n"))
	}
}

// A claim's end counts by a clock that can be trusted, and what was over by it stays over.
func TestNoSlotIsReleasedByAClockThatIsWrong(t *testing.T) {
	t.Parallel()
	held := testfixture.SlotsYAML("slots:\n  bulbasaur: {holders: [alice], until: 2026-11-20T14:00:00Z}\n  ivysaur: {holders: [bob], until: 2026-11-22T14:00:00Z}\n")
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{config.PolicyFile: testfixture.DemoPolicy + slotsOn, config.SlotsFile: held}), nil)
	m := Memory{}
	at := func(clock, skew time.Duration, known bool) []string {
		f := with(factsOf(pull(7)), nil, ofGateway(4, by("bob")))
		if known {
			f.Skew = &skew
		}
		f.ConfigReadAt = noon.Add(clock)
		s := Resolve(c, f, restarted(t, m), noon.Add(clock))
		m = s.Memory
		return names(s)
	}
	for _, step := range []struct {
		name        string
		clock, skew time.Duration
		known       bool
		want        []string
	}{
		{"held", 0, 0, true, []string{"bulbasaur", "ivysaur"}},
		{"the clock is days ahead", 72 * time.Hour, -72 * time.Hour, true, []string{"bulbasaur", "ivysaur"}},
		{"and still", 72*time.Hour + time.Minute, -72 * time.Hour, true, []string{"bulbasaur", "ivysaur"}},
		{"GitHub doesn't say the time", 72*time.Hour + 2*time.Minute, 0, false, []string{"bulbasaur", "ivysaur"}},
		{"it was set right", time.Hour, 0, true, []string{"bulbasaur", "ivysaur"}},
		{"and has been so for a while", time.Hour + 6*time.Minute, 0, true, []string{"bulbasaur", "ivysaur"}},
	} {
		if diff := cmp.Diff(step.want, at(step.clock, step.skew, step.known)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	var live []string
	for clock := time.Hour + 7*time.Minute; clock < 3*time.Hour; clock += time.Minute {
		live = at(clock, 0, true)
	}
	if diff := cmp.Diff([]string{"ivysaur", "shop-pr-7"}, live); diff != "" {
		t.Errorf("after alice's end (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ivysaur", "shop-pr-7"}, at(-time.Hour, 4*time.Hour, true)); diff != "" {
		t.Errorf("the clock is behind after that (-want +got):\n%s", diff)
	}
}

// Somebody may have written a later end where it couldn't be read.
func TestNoSlotIsReleasedWhileTheConfigBranchCannotBeRead(t *testing.T) {
	t.Parallel()
	held := testfixture.SlotsYAML("slots: {bulbasaur: {holders: [alice], until: 2026-11-20T14:00:00Z}}\n")
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{config.PolicyFile: testfixture.DemoPolicy + slotsOn, config.SlotsFile: held}), nil)
	f := factsOf(pull(7))
	f.Skew, f.ConfigReadAt = new(time.Duration), noon.Add(time.Hour)
	s := Resolve(c, f, Memory{}, noon)
	for clock := time.Duration(0); clock < 3*time.Hour; clock += time.Minute {
		s = Resolve(c, f, restarted(t, s.Memory), noon.Add(clock))
	}
	if diff := cmp.Diff([]string{"bulbasaur"}, names(s)); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	f.ConfigReadAt = noon.Add(3 * time.Hour)
	if diff := cmp.Diff([]string{"shop-pr-7"}, names(Resolve(c, f, s.Memory, f.ConfigReadAt))); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestSlotsRequired(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{config.PolicyFile: testfixture.DemoPolicy + "slots: required\n", config.SlotsFile: testfixture.SlotsYAML("slots: {bulbasaur: {holders: [bob]}}\n")}), nil)
	for _, labels := range [][]string{{"preview"}, {"preview-with:x"}} {
		d := resolve(c, factsOf(pull(7, withLabels(labels...)))).Decisions[1]
		if d.Outcome != Held || d.Rule != "slot" || d.Remedy != "previewctl slot claim --holders alice" {
			t.Errorf("%v: %+v", labels, d)
		}
	}
	facts := with(factsOf(pull(7, by("bob"))), nil, ofGateway(3))
	claimed := resolve(c, facts)
	if diff := cmp.Diff(map[string]string{"gateway": "", "orders": "abcdef1234", "web": ""}, runs(claimed, "bulbasaur")); diff != "" {
		t.Errorf("bob's (-want +got):\n%s", diff)
	}
	next := later(t, c, map[string]string{config.PolicyFile: testfixture.DemoPolicy + "slots: required\n", config.SlotsFile: testfixture.SlotsYAML("slots: {bulbasaur: {holders: [alice]}}\n")}, false)
	handed := Resolve(next, facts, restarted(t, claimed.Memory), noon)
	if diff := cmp.Diff(map[string]string{"gateway": "9a7d", "web": ""}, runs(handed, "bulbasaur")); diff != "" {
		t.Errorf("alice's (-want +got):\n%s\n%s", diff, strings.Join(reasons(handed), "\n"))
	}
	live := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7)))
	if s := Resolve(c, factsOf(pull(7)), live.Memory, noon); !slices.Equal(names(s), []string{"shop-pr-7"}) {
		t.Errorf("what was live went: %v", reasons(s))
	}
}

func TestJoins(t *testing.T) {
	t.Parallel()
	x := withLabels("preview-with:checkout")
	tests := []struct {
		name  string
		facts Facts
		rows  []string
		want  []string
	}{
		{
			"of two repositories", with(factsOf(pull(7, x)), nil, ofGateway(3, withLabels("preview", "Preview-With: Checkout"))),
			[]string{"checkout"},
			[]string{
				`acme/gateway#3: live by labelled: it is open and labelled "preview-with:checkout"; it runs in environment checkout`,
				`acme/shop#7: live by labelled: it is open and labelled "preview-with:checkout"; it runs in environment checkout`,
			},
		},
		{
			"of one service", factsOf(pull(8, x, func(pr *PullRequest) { pr.Created = noon }), pull(7, x)),
			[]string{"checkout"},
			[]string{
				"acme/Shop#7: held by conflict: both acme/shop#8 and acme/shop#7 change service orders, and the earlier of them, acme/shop#8, runs in checkout",
				`acme/Shop#8: live by labelled: it is open and labelled "preview-with:checkout"; it runs in environment checkout`,
			},
		},
		{
			"of two profiles", with(factsOf(pull(7, withLabels("preview-with:checkout", "preview:full"))), nil, ofGateway(3, withLabels("preview-with:checkout", "preview:checkout"))), nil,
			[]string{
				"acme/gateway#3: held by profile: its pull requests' labels name two profiles: checkout of acme/gateway#3 and full of acme/shop#7",
				"acme/shop#7: held by profile: its pull requests' labels name two profiles: checkout of acme/gateway#3 and full of acme/shop#7",
			},
		},
		{"to two names", factsOf(pull(7, withLabels("preview-with:a", "preview-with:b"))), nil, []string{"acme/Shop#7: held by join: its labels join it to several environments: a, b"}},
		{"to no name", factsOf(pull(7, withLabels("preview-with"))), nil, []string{`acme/Shop#7: held by join: its label "preview-with" names no environment`}},
		{
			"to a pull request's host", factsOf(pull(7, withLabels("preview-with:pr-3"))), nil,
			[]string{`acme/Shop#7: held by join: "pr-3" can't be an environment's name: its hosts would be those of pull requests' environments`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), tt.facts)
			want, got := strings.ToLower(strings.Join(tt.want, "\n")), strings.ToLower(strings.Join(reasons(s), "\n"))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("decisions (-want +got):\n%s", diff)
			}
			if got := names(s); !slices.Equal(got, tt.rows) && len(got)+len(tt.rows) > 0 {
				t.Errorf("%v are live, want %v", got, tt.rows)
			}
		})
	}
}

func TestAJoinLivesAsLongAsOneOfIts(t *testing.T) {
	t.Parallel()
	x := withLabels("preview-with:checkout")
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	both := resolve(c, with(factsOf(pull(7, x)), nil, ofGateway(3, x)))
	if row := only(t, both); row.Source != "pull-request" || row.Repository != "" || !slices.Contains(row.Info, Info{infoPullRequests, "acme/gateway#3:12 acme/shop#7:11"}) {
		t.Errorf("row: %+v", row)
	}
	one := Resolve(c, with(factsOf(pull(7, x, asDraft)), nil), restarted(t, both.Memory), noon)
	if got := runs(one, "checkout"); got["orders"] != "abcdef1234" || len(one.Rows) != 1 {
		t.Errorf("with one that became a draft it runs %v: %v", got, reasons(one))
	}
	unread := Resolve(c, Facts{Repositories: map[string]Repository{"acme/gateway": {ID: gatewayID, FullName: "acme/gateway"}}}, restarted(t, both.Memory), noon)
	if got := names(unread); !slices.Equal(got, []string{"checkout"}) {
		t.Errorf("with one that can't be read: %v", reasons(unread))
	}
	if none := Resolve(c, with(factsOf(), nil), restarted(t, one.Memory), noon); len(none.Rows) != 0 {
		t.Errorf("with none: %v", reasons(none))
	}
}

// A file's name is joined, too, and one of its pins is a pull request's.
func TestAFileIsJoined(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{jakub: testfixture.EnvironmentYAML("owner: jakub\nservices: {gateway: {pullRequest: 3}}\n")}), nil)
	x := withLabels("preview-with:jakub")
	s := resolve(c, with(factsOf(pull(7, x)), nil, ofGateway(3, withLabels()), ofGateway(4, x)))
	if diff := cmp.Diff(map[string]string{"gateway": "9a7d", "orders": "abcdef1234", "web": ""}, runs(s, "jakub")); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	if d := s.Decisions[2]; d.Number != 4 || d.Rule != "conflict" || !strings.Contains(d.Reason, "acme/gateway#3") {
		t.Errorf("%v", reasons(s))
	}
	if row := only(t, s); row.Source != "environment" || row.Owner != "jakub" || row.Number != "7" {
		t.Errorf("row: %+v", row)
	}
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	usual := testfixture.LoadTree(t, testfixture.DemoTree(nil), nil)
	live := resolve(usual, factsOf(pull(7)))
	adopting := later(t, usual, map[string]string{testfixture.Shop7File: testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nadopted: true\nowner: bob\nservices:\n  orders: {sha: " + testfixture.SHA("abcdef1234") + "}\n")}, false)
	open := Resolve(adopting, factsOf(pull(7)), restarted(t, live.Memory), noon)
	if row := only(t, open); row.Source != "pull-request" || row.HeadSHA != testfixture.SHA("abcdef1234") {
		t.Errorf("while it is open: %+v", row)
	}
	for name, pulls := range map[string][]PullRequest{"closed": nil, "unlabelled": {pull(7, withLabels())}} {
		s := Resolve(adopting, factsOf(pulls...), restarted(t, open.Memory), noon)
		row, was := only(t, s), live.Rows[0]
		if row.Source != "environment" || row.Name != was.Name || row.Namespace != was.Namespace || row.URL != was.URL || row.Owner != "bob" || row.Number != "" {
			t.Errorf("%s: %+v", name, row)
		}
		if got := runs(s, "shop-pr-7")["orders"]; got != "abcdef1234" {
			t.Errorf("%s: orders runs at %q: %v", name, got, reasons(s))
		}
		again := Resolve(adopting, factsOf(pulls...), restarted(t, s.Memory), noon)
		if diff := cmp.Diff(s.Rows, again.Rows); diff != "" {
			t.Errorf("%s: the next answer (-before +after):\n%s", name, diff)
		}
		for what, pr := range map[string]PullRequest{"reopened": pull(7), "reopened as a draft": pull(7, asDraft)} {
			back := Resolve(adopting, factsOf(pr), restarted(t, s.Memory), noon)
			if row := only(t, back); (row.Source == "pull-request") != (what == "reopened") || row.Namespace != was.Namespace || decision(t, back).Number != 7 {
				t.Errorf("%s and %s: %+v", name, what, row)
			}
		}
		gone := Resolve(later(t, adopting, nil, false), factsOf(pulls...), restarted(t, s.Memory), noon)
		if len(pulls) == 0 && len(gone.Rows) > 0 {
			t.Errorf("%s: without the file: %v", name, reasons(gone))
		}
		rewritten := Resolve(later(t, adopting, nil, true), factsOf(), restarted(t, s.Memory), noon)
		if len(rewritten.Rows) != 1 {
			t.Errorf("%s: on a rewritten branch: %v", name, reasons(rewritten))
		}
	}
}

// Who asks for an environment that doesn't let it in stays where it is, however many steps later.
func TestWhoIsTurnedAwayElsewhereStays(t *testing.T) {
	t.Parallel()
	joins := func(name string) PullRequest { return pull(1, withLabels("preview-with:"+name)) }
	with := func(lines, holder string) *config.Config {
		return testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
			config.PolicyFile: testfixture.DemoPolicy + "slots: on\nlimits: {environments: 2}\n", "overlays/jakub/environment.yaml": testfixture.EnvironmentYAML("profile: full\n" + lines),
			config.SlotsFile: testfixture.SlotsYAML("slots: {ivysaur: {holders: [" + holder + "]}}\n"),
		}), nil)
	}
	tests := []struct {
		name   string
		config *config.Config
		pulls  []PullRequest
		want   []string
	}{
		{
			"a slot for which there is no room", with("", "alice"),
			[]PullRequest{joins("x"), pull(2, by("bob"))},
			[]string{"ivysaur held by unchanged", "jakub live by file", "x live by limit", "shop-pr-2 held by limit"},
		},
		{
			"another join for which there is no room", with("", ""),
			[]PullRequest{joins("y"), pull(2, by("bob"))},
			[]string{"jakub live by file", "x live by limit", "shop-pr-2 held by limit"},
		},
		{
			"an environment whose file pins what it changes", with("services: {orders: {pullRequest: 2}}\n", ""),
			[]PullRequest{joins("jakub"), pull(2, withLabels(), createdAt(-5))},
			[]string{"jakub live by file", "x live by conflict", "shop-pr-2 held by unlabelled"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := Resolve(with("", ""), factsOf(joins("x"), pull(2, withLabels(), createdAt(-5))), Memory{}, noon)
			s.Memory.Since[subject("acme/shop", 2)] = Decided{Outcome: Held, Rule: RuleLimit, Since: noon, Place: 1}
			before := names(s)
			for range 3 {
				s = Resolve(tt.config, factsOf(tt.pulls...), s.Memory, noon)
				if diff := cmp.Diff(before, names(s)); diff != "" {
					t.Errorf("live (-before +after): %s", diff)
				}
			}
			var got []string
			for _, d := range s.Decisions {
				got = append(got, d.Environment+" "+string(d.Outcome)+" by "+string(d.Rule))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got): %s", diff)
			}
		})
	}
}

func TestAJoinWhoseLabelIsNotTheOneItHadIsWithheld(t *testing.T) {
	t.Parallel()
	x := withLabels("preview-with:x")
	before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(1, x)))
	lost := recovered(t, before)
	renamed := testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {joinLabel: with, ")
	tests := []struct {
		name   string
		policy string
		memory Memory
		label  string
		want   string
	}{
		{"what is remembered still holds", testfixture.DemoPolicy, before.Memory, "preview-with:x", "x live by labelled"},
		{"nobody remembers which it had", testfixture.DemoPolicy, lost, "bug", "x live by withheld"},
		{"configuration has another word for it", renamed, before.Memory, "preview-with:x", "x live by withheld"},
		{"somebody took it off", testfixture.DemoPolicy, before.Memory, "bug", "shop-pr-1 held by unlabelled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := Resolve(testfixture.LoadPolicy(t, tt.policy), factsOf(pull(1, withLabels(tt.label))), tt.memory, noon).Decisions[0]
			if got := d.Environment + " " + string(d.Outcome) + " by " + string(d.Rule); got != tt.want || d.Withheld != strings.Contains(tt.want, "withheld") {
				t.Errorf("%s: %s, want %s", got, d.Reason, tt.want)
			}
		})
	}
}

func TestASlotIsNotJoined(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{config.PolicyFile: testfixture.DemoPolicy + "slots: on\n", config.SlotsFile: testfixture.SlotsYAML("slots: {ivysaur: {}}\n")}), nil)
	d := decision(t, resolve(c, factsOf(pull(1, withLabels("preview-with:ivysaur")))))
	want := []string{string(Held), "join", "ivysaur is a slot; only pull requests of its holders run there"}
	if diff := cmp.Diff(want, []string{string(d.Outcome), string(d.Rule), d.Reason}); diff != "" || d.Remedy == "" {
		t.Errorf("remedy %q (-want +got): %s", d.Remedy, diff)
	}
}
