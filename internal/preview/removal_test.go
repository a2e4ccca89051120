package preview

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/testfixture"
)

// confirmedCase is a change after which two environments wait for confirmation.
type confirmedCase struct {
	name, policy string
	facts        Facts
	rule         string // by which both are kept
	want         string // of the confirmed removals
}

// confirmedCases are the reasons for which environments wait, with the decision after the confirmation.
func confirmedCases(t *testing.T) []confirmedCase {
	t.Helper()
	unread := factsOf()
	delete(unread.Repositories, "acme/shop")
	const gone = "gone by confirmed: a person confirmed its removal"
	return []confirmedCase{
		{"its repository isn't configured", elsewhere, factsOf(), "withheld", gone},
		{"its repository was never read in this run", testfixture.DemoPolicy, unread, "unread", gone},
		{
			"configuration asks for another label",
			testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {label: deploy, "), factsOf(pull(7), pull(8)),
			"withheld", `held by unlabelled: it has no label "deploy"`,
		},
		{
			"too many lost their label", testfixture.DemoPolicy + "limits: {deletionsAtOnce: 1}\n",
			factsOf(pull(7, withLabels()), pull(8, withLabels())),
			"withheld", `held by unlabelled: it has no label "preview"`,
		},
	}
}

func TestConfirmedEnvironmentsAreRemoved(t *testing.T) {
	t.Parallel()
	before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7), pull(8)))
	for _, tt := range confirmedCases(t) {
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
			if got := fmt.Sprintf("%s by %s: %s", d.Outcome, d.Rule, d.Reason); got != tt.want || d.Remedy == "" || d.Withheld ||
				d.Environment != "shop-pr-7" {
				t.Errorf("%s; %s; withheld: %v; want %s", got, d.Remedy, d.Withheld, tt.want)
			}
			if g := after.Memory.Gone; len(g) != 1 || g[0].Rule != RuleConfirmed || g[0].Environment != "shop-pr-7" {
				t.Errorf("remembered as gone: %+v", g)
			}
			if len(after.Memory.Confirmed) != 0 {
				t.Errorf("%v stays confirmed for another time", after.Memory.Confirmed)
			}
			// Where everything is as before, it comes back.
			again := Resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7), pull(8)), restarted(t, after.Memory),
				noon.Add(3*time.Hour))
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
	want := []string{
		string(Live), "moved", "it stays as it was: its namespace would be pr-shop-pr-7 now",
		"change namespacePrefix back, or previewctl confirm shop-pr-7 to begin anew there",
	}
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
	if diff := cmp.Diff([]string{"shop-pr-7: live by labelled", "shop-pr-8: live by moved"}, outcomes(after)); diff != "" ||
		len(after.Memory.Confirmed) != 0 {
		t.Errorf("confirmed still: %v (-want +got):\n%s", after.Memory.Confirmed, diff)
	}
}

// A confirmation that came too late takes nothing: it was labelled again.
func TestConfirmedEnvironmentWithLabelStays(t *testing.T) {
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
		{
			"it had the new label by chance, and loses that",
			[]string{"preview", "deploy"},
			[]func(*PullRequest){withLabels("preview")},
			"live by withheld",
		},
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
	t.Run("the old label is unknown", func(t *testing.T) {
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
