package preview

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/testfixture"
)

func TestCollisions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, policy string
		facts        func(*Facts)
		rule, reason string
	}{
		{
			"a namespace that configuration protects", testfixture.Replace(t, testfixture.DemoPolicy, `"kube-*"`, `"preview-shop-*"`), nil,
			"protected", `its namespace would be preview-shop-pr-7, which "preview-shop-*" protects`,
		},
		{
			"a namespace that is the baseline", testfixture.DemoPolicy + "baseline: {namespace: preview-shop-pr-7}\n", nil,
			"protected", `its namespace would be preview-shop-pr-7, which "preview-shop-pr-7" protects`,
		},
		{
			"a namespace that is the service's own", testfixture.DemoPolicy, func(f *Facts) { f.Protected = []string{"preview-shop-pr-7"} },
			"protected", `its namespace would be preview-shop-pr-7, which "preview-shop-pr-7" protects`,
		},
		{
			"an Application that a person else made", testfixture.DemoPolicy,
			func(f *Facts) { f.Cluster.Taken = map[string]string{"preview-shop-pr-7": "made by hand"} },
			"taken", "an Application preview-shop-pr-7 exists already, made by hand",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, f := testfixture.LoadPolicy(t, tt.policy), factsOf(pull(7))
			live := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), f)
			if tt.facts != nil {
				tt.facts(&f)
			}
			if d := decision(t, resolve(c, f)); d.Outcome != Held || string(d.Rule) != tt.rule || d.Reason != tt.reason || d.Remedy == "" {
				t.Errorf("%s by %s: %s; %s; want it held: %s", d.Outcome, d.Rule, d.Reason, d.Remedy, tt.reason)
			}
			kept := Resolve(c, f, live.Memory, noon)
			if diff := cmp.Diff(live.Rows, kept.Rows); diff != "" {
				t.Errorf("the live environments changed (-before +after):\n%s", diff)
			}
			if d := decision(t, kept); d.Outcome != Live || d.Reason != "it stays as it was: "+tt.reason {
				t.Errorf("%s: %s; want it live as it was", d.Outcome, d.Reason)
			}
		})
	}
}

// acme/x has service shop as its second public one: its host shop-x-pr-1 is the own host of acme/shop-x's environment.
const colliding = `apiVersion: previewset.dev/v1alpha1
kind: PreviewConfig
domain: preview.example.dev
services:
  web: {repository: acme/x, image: web, public: true}
  gateway: {repository: acme/x, image: gateway, public: true}
  orders: {repository: acme/gateway-x, image: orders, public: true}
`

func TestOlderEnvironmentGetsTheHost(t *testing.T) {
	t.Parallel()
	at := func(minute int) PullRequest {
		return pull(1, func(pr *PullRequest) { pr.Created = noon.Add(time.Duration(minute) * time.Minute) })
	}
	c := testfixture.LoadPolicy(t, colliding)
	facts := func(x, gatewayX int) Facts {
		return Facts{Repositories: map[string]Repository{
			"acme/x":         {FullName: "acme/x", PullRequests: []PullRequest{at(x)}},
			"acme/gateway-x": {FullName: "acme/gateway-x", PullRequests: []PullRequest{at(gatewayX)}},
		}}
	}
	older := resolve(c, facts(1, 2))
	want := []string{"gateway-x-pr-1: held by taken", "x-pr-1: live by labelled"}
	if diff := cmp.Diff(want, outcomes(older)); diff != "" {
		t.Errorf("x is older (-want +got):\n%s", diff)
	}
	if got, want := older.Decisions[0].Reason, "its host gateway-x-pr-1.preview.example.dev is environment x-pr-1's"; got != want {
		t.Errorf("reason is %q, want %q", got, want)
	}
	want = []string{"gateway-x-pr-1: live by labelled", "x-pr-1: held by taken"}
	if diff := cmp.Diff(want, outcomes(resolve(c, facts(2, 1)))); diff != "" {
		t.Errorf("gateway-x is older (-want +got):\n%s", diff)
	}
	want = []string{"gateway-x-pr-1: held by taken", "x-pr-1: live by labelled"}
	if diff := cmp.Diff(want, outcomes(Resolve(c, facts(2, 1), older.Memory, noon))); diff != "" {
		t.Errorf("gateway-x is older, but x is live (-want +got):\n%s", diff)
	}
	// x's repository leaves configuration: its environment is kept, and its host with it.
	without := testfixture.LoadPolicy(t,
		testfixture.Replace(t, colliding, "web: {repository: acme/x, image: web, public: true}",
			"web: {repository: acme/y, image: web, public: true}", "repository: acme/x, image: gateway", "repository: acme/y, image: gateway"))
	f := facts(2, 1)
	f.Repositories["acme/y"] = Repository{FullName: "acme/y"}
	want = []string{"gateway-x-pr-1: held by taken", "x-pr-1: live by withheld"}
	if diff := cmp.Diff(want, outcomes(Resolve(without, f, older.Memory, noon))); diff != "" {
		t.Errorf("x is configured no more (-want +got):\n%s", diff)
	}
}

func TestServicesOnlyGrow(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	s := resolve(c, factsOf(pull(7)))
	want := map[string]string{"web": "", "gateway": "", "orders": "abcdef1234"}
	if diff := cmp.Diff(want, runs(s, "shop-pr-7")); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	next := pull(7, changing("products/main.go"), func(pr *PullRequest) { pr.HeadSHA = testfixture.SHA("b") })
	s = Resolve(c, factsOf(next), s.Memory, noon)
	want = map[string]string{"web": "", "gateway": "", "orders": "", "products": "b"}
	if diff := cmp.Diff(want, runs(s, "shop-pr-7")); diff != "" {
		t.Errorf("with products instead of orders (-want +got):\n%s", diff)
	}
	// A service that configuration has no more can't run.
	c = testfixture.LoadPolicy(t, testfixture.Replace(t, testfixture.DemoPolicy, "calls: [orders, products]", "calls: [products]",
		`  orders: {repository: acme/shop, paths: ["orders/**", "lib/**"], image: ghcr.io/acme/orders, data: [postgres, rabbitmq]}`+"\n", "",
		"[gateway, orders]", "[gateway]"))
	s = Resolve(c, factsOf(next), s.Memory, noon)
	want = map[string]string{"web": "", "gateway": "", "products": "b"}
	if diff := cmp.Diff(want, runs(s, "shop-pr-7")); diff != "" {
		t.Errorf("without orders in configuration (-want +got):\n%s", diff)
	}
}

func TestServiceKeepsItsCommitWhenItsRefIsDeleted(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t,
		testfixture.Replace(t, testfixture.DemoPolicy, "image: ghcr.io/acme/gateway", "image: ghcr.io/acme/gateway, default: {branch: main}"))
	before := resolve(c, factsOf(pull(7)))
	f := factsOf(pull(7, func(pr *PullRequest) { pr.HeadSHA = testfixture.SHA("b") }))
	f.Repositories["acme/gateway"] = Repository{FullName: "acme/gateway"}
	after := Resolve(c, f, before.Memory, noon)
	want := map[string]string{"web": "", "gateway": "9a7e", "orders": "b"}
	if diff := cmp.Diff(want, runs(after, "shop-pr-7")); diff != "" {
		t.Errorf("runs (-want +got):\n%s\n%v", diff, outcomes(after))
	}
}
