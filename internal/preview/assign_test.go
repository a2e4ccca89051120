package preview

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// joinCase is a set of pull requests that join environments.
type joinCase struct {
	name  string
	facts Facts
	rows  []string
	want  []string
}

// joinCases are the joins by labels, of one and of several pull requests.
func joinCases() []joinCase {
	x := withLabels("preview-with:checkout")
	return []joinCase{
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
				"acme/Shop#7: held by conflict: both acme/shop#8 and acme/shop#7 change service orders, and the earlier of them, acme/shop#8, " +
					"runs in checkout",
				`acme/Shop#8: live by labelled: it is open and labelled "preview-with:checkout"; it runs in environment checkout`,
			},
		},
		{
			"of two profiles",
			with(factsOf(pull(7, withLabels("preview-with:checkout", "preview:full"))), nil,
				ofGateway(3, withLabels("preview-with:checkout", "preview:checkout"))), nil,
			[]string{
				"acme/gateway#3: held by profile: its pull requests' labels name two profiles: checkout of acme/gateway#3 and full of acme/shop#7",
				"acme/shop#7: held by profile: its pull requests' labels name two profiles: checkout of acme/gateway#3 and full of acme/shop#7",
			},
		},
		{
			"to two names", factsOf(pull(7, withLabels("preview-with:a", "preview-with:b"))), nil,
			[]string{"acme/Shop#7: held by join: its labels join it to several environments: a, b"},
		},
		{
			"to no name", factsOf(pull(7, withLabels("preview-with"))), nil,
			[]string{`acme/Shop#7: held by join: its label "preview-with" names no environment`},
		},
		{
			"to a pull request's host", factsOf(pull(7, withLabels("preview-with:pr-3"))), nil,
			[]string{
				`acme/Shop#7: held by join: "pr-3" can't be an environment's name: the host of a service in it would be ` +
					`that of a pull request's environment`,
			},
		},
	}
}

func TestJoins(t *testing.T) {
	t.Parallel()
	for _, tt := range joinCases() {
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

func TestJoinStaysWithItsLastMember(t *testing.T) {
	t.Parallel()
	x := withLabels("preview-with:checkout")
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	both := resolve(c, with(factsOf(pull(7, x)), nil, ofGateway(3, x)))
	if row := only(t, both); row.Source != "pull-request" || row.Repository != "" ||
		!slices.Contains(row.Info, Info{infoPullRequests, "acme/gateway#3:12 acme/shop#7:11"}) {
		t.Errorf("row: %+v", row)
	}
	one := Resolve(c, with(factsOf(pull(7, x, asDraft)), nil), restarted(t, both.Memory), noon)
	if got := runs(one, "checkout"); got["orders"] != "abcdef1234" || len(one.Rows) != 1 {
		t.Errorf("with one that became a draft it runs %v: %v", got, reasons(one))
	}
	unread := Resolve(c, Facts{Repositories: map[string]Repository{"acme/gateway": {ID: gatewayID, FullName: "acme/gateway"}}},
		restarted(t, both.Memory), noon)
	if got := names(unread); !slices.Equal(got, []string{"checkout"}) {
		t.Errorf("with one that can't be read: %v", reasons(unread))
	}
	if none := Resolve(c, with(factsOf(), nil), restarted(t, one.Memory), noon); len(none.Rows) != 0 {
		t.Errorf("with none: %v", reasons(none))
	}
}

// A file's name is joined, too, and one of its pins is a pull request's.
func TestFileEnvironmentCanBeJoined(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t,
		testfixture.DemoTree(map[string]string{jakub: testfixture.EnvironmentYAML("owner: jakub\nservices: {gateway: {pullRequest: 3}}\n")}), nil)
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

// A pull request that its target rejects stays in its environment, however many steps later.
func TestRejectedMemberStays(t *testing.T) {
	t.Parallel()
	joins := func(name string) PullRequest { return pull(1, withLabels("preview-with:"+name)) }
	with := func(lines, holder string) *config.Config {
		return testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
			config.PolicyFile:                 testfixture.DemoPolicy + "slots: on\nlimits: {environments: 2}\n",
			"overlays/jakub/environment.yaml": testfixture.EnvironmentYAML("profile: full\n" + lines),
			config.SlotsFile:                  testfixture.SlotsYAML("slots: {ivysaur: {holders: [" + holder + "]}}\n"),
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
			"an environment with a file that pins the changed service", with("services: {orders: {pullRequest: 2}}\n", ""),
			[]PullRequest{joins("jakub"), pull(2, withLabels(), createdAt(-5))},
			[]string{"jakub live by file", "x live by conflict", "shop-pr-2 held by unlabelled"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := Resolve(with("", ""), factsOf(joins("x"), pull(2, withLabels(), createdAt(-5))), Memory{}, noon)
			s.Memory.Since[subject("acme/shop", 2)] = Decided{Outcome: Held, Rule: RuleLimit, Since: noon, Ticket: 1}
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

func TestChangedJoinLabelRemovesNothing(t *testing.T) {
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
		{"the remembered configuration still counts", testfixture.DemoPolicy, before.Memory, "preview-with:x", "x live by labelled"},
		{"its earlier label is unknown", testfixture.DemoPolicy, lost, "bug", "x live by withheld"},
		{"configuration has another word for it", renamed, before.Memory, "preview-with:x", "x live by withheld"},
		{"a person took it off", testfixture.DemoPolicy, before.Memory, "bug", "shop-pr-1 held by unlabelled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := Resolve(testfixture.LoadPolicy(t, tt.policy), factsOf(pull(1, withLabels(tt.label))), tt.memory, noon).Decisions[0]
			if got := d.Environment + " " + string(d.Outcome) + " by " + string(d.Rule); got != tt.want ||
				d.Withheld != strings.Contains(tt.want, "withheld") {
				t.Errorf("%s: %s, want %s", got, d.Reason, tt.want)
			}
		})
	}
}
