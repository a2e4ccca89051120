package preview

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
	"github.com/previewset/previewset/internal/testfixture/golden"
)

// A whole row, as Argo CD is told.
func TestRow(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
		config.PolicyFile: testfixture.Replace(t, testfixture.DemoPolicy, "image: ghcr.io/acme/gateway",
			"image: ghcr.io/acme/gateway, default: {branch: main}"),
		testfixture.Shop7File: testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nowner: bob\npurpose: checkout redesign\ncomponents: " +
			"[debug]\ndataset: truncated\n"),
	}), nil)
	row := only(t, resolve(c, factsOf(pull(7, withLabels("preview", "bug"), func(pr *PullRequest) { pr.Title = "SHOP-12: Faster checkout" }))))
	got, err := json.MarshalIndent(row, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/row.json", append(got, '\n'))
}

func TestIssueKeyIsLookedForInBranchThenTitle(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, policy, branch, title, want string }{
		{"in the branch", testfixture.DemoPolicy, "feature/SHOP-12-checkout", "OPS-3: checkout", "SHOP-12"},
		{"in the title", testfixture.DemoPolicy, "checkout", "Faster checkout (OPS-3)", "OPS-3"},
		{"nowhere", testfixture.DemoPolicy, "checkout", "Faster checkout", ""},
		{"nowhere without a pattern", testfixture.Replace(t, testfixture.DemoPolicy, `"[A-Z][A-Z0-9]+-[0-9]+"`, `""`), "SHOP-12", "", ""},
		{
			"without what a loose pattern catches besides",
			testfixture.Replace(t, testfixture.DemoPolicy, `"[A-Z][A-Z0-9]+-[0-9]+"`, `"(?s)S.*"`), "S\x1b1\n2", "", "S1 2",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			row := only(t,
				resolve(testfixture.LoadPolicy(t, tt.policy), factsOf(pull(7, func(pr *PullRequest) { pr.Branch, pr.Title = tt.branch, tt.title }))))
			if row.IssueKey != tt.want {
				t.Errorf("issue key is %q, want %q", row.IssueKey, tt.want)
			}
		})
	}
}

// keptCase is a change after which a live environment stays as it was.
type keptCase struct {
	name, policy string
	edit         func(*PullRequest)
	facts        func(*Facts)
	rule, reason string
}

// keptCases are the changes that are no evidence that an environment has ended.
func keptCases(t *testing.T) []keptCase {
	t.Helper()
	same := func(*PullRequest) {}
	return []keptCase{
		{"it becomes a draft", testfixture.DemoPolicy, asDraft, nil, "draft", "it is a draft, and drafts get no preview here"},
		{
			"its changes can't be read", testfixture.DemoPolicy, func(pr *PullRequest) { pr.HeadSHA, pr.Changes = testfixture.SHA("e"), nil }, nil,
			"unread", "its changed files have not been read yet",
		},
		{"it changes nothing any more", testfixture.DemoPolicy, changing(), nil, "unchanged", "it changes no service"},
		{
			"it gets a second profile", testfixture.DemoPolicy, withLabels("preview", "preview:full", "preview:checkout"), nil,
			"profile", "its labels name several profiles: preview:checkout, preview:full",
		},
		{
			"it gets an unknown profile", testfixture.DemoPolicy, withLabels("preview:fast"), nil, "profile",
			`its label "preview:fast" names no profile`,
		},
		{
			"its head can't be told", testfixture.DemoPolicy, func(pr *PullRequest) { pr.HeadSHA = "" }, nil, "unread",
			"GitHub names no commit as its head",
		},
		{
			"the repository that it comes from is gone", testfixture.DemoPolicy, func(pr *PullRequest) { pr.HeadRepositoryID = 0 }, nil,
			"fork", "the repository that it comes from is gone, so it counts as a fork, and forks get no preview here",
		},
		{
			"the tag's template makes no tag",
			testfixture.Replace(t, testfixture.DemoPolicy, "image: ghcr.io/acme/orders", `image: ghcr.io/acme/orders, tag: "-{{ .SHA }}"`),
			same, nil,
			"tag", `the tag "-{{ .SHA }}" of service orders makes "-` + testfixture.SHA("abcdef1234") + `", which is not an image tag`,
		},
		{
			"configuration asks for another label",
			testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {label: deploy, "), same, nil,
			"withheld", "the configured label has changed since it got its preview",
		},
		{
			"configuration names its namespace otherwise", testfixture.DemoPolicy + "namespacePrefix: pv-\n", same, nil, "moved",
			"its namespace would be pv-shop-pr-7 now",
		},
		{
			"its repository isn't in the configuration any more",
			testfixture.Replace(t, testfixture.DemoPolicy, "repositories:\n  acme/Shop: {alias: shop}\n", "",
				"repository: acme/shop", "repository: acme/store", "repository: acme/shop", "repository: acme/store", "repository: acme/shop",
				"repository: acme/store"),
			same, func(f *Facts) { f.Repositories["acme/store"] = Repository{} }, "withheld", "its repository isn't in the configuration any more",
		},
		{
			"its repository can't be read", testfixture.DemoPolicy, same, func(f *Facts) { delete(f.Repositories, "acme/shop") }, "unread",
			"its repository can't be read",
		},
	}
}

// What a live environment outlives: everything but evidence that it is over.
func TestLiveEnvironmentIsKept(t *testing.T) {
	t.Parallel()
	for _, tt := range keptCases(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7)))
			f := factsOf(pull(7, tt.edit))
			if tt.facts != nil {
				tt.facts(&f)
			}
			c := testfixture.LoadPolicy(t, tt.policy)
			after := Resolve(c, f, before.Memory, noon.Add(time.Hour))
			if diff := cmp.Diff(only(t, before), only(t, after)); diff != "" {
				t.Errorf("row (-before +after):\n%s", diff)
			}
			d := decision(t, after)
			want := []string{string(Live), tt.rule, "it stays as it was: " + tt.reason, "shop-pr-7", "acme/Shop"}
			if diff := cmp.Diff(want, []string{string(d.Outcome), string(d.Rule), d.Reason, d.Environment, d.Repository}); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
			if d.Remedy == "" {
				t.Error("no remedy")
			}
			again := Resolve(c, f, after.Memory, noon.Add(2*time.Hour))
			if diff := cmp.Diff(after.Rows, again.Rows); diff != "" || again.Decisions[0].Since != d.Since {
				t.Errorf("an hour later it is %v since %s (-before +after):\n%s", outcomes(again), again.Decisions[0].Since, diff)
			}
		})
	}
}

func TestNewAliasKeepsTheName(t *testing.T) {
	t.Parallel()
	before := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(pull(7)))
	// shop is mailer's alias now, and mailer has a pull request 7 too.
	c := testfixture.LoadPolicy(t,
		testfixture.Replace(t, testfixture.DemoPolicy, "acme/Shop: {alias: shop}", "acme/Shop: {alias: store}\n  acme/mailer: {alias: shop}"))
	f := factsOf(pull(7, func(pr *PullRequest) { pr.HeadSHA = testfixture.SHA("b") }), pull(8))
	f.Repositories["acme/mailer"] = Repository{FullName: "acme/mailer", PullRequests: []PullRequest{pull(7)}}
	s := Resolve(c, f, before.Memory, noon)
	want := []string{"shop-pr-7: held by taken", "shop-pr-7: live by labelled", "store-pr-8: live by labelled"}
	if diff := cmp.Diff(want, outcomes(s)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
	if got, want := s.Decisions[0].Reason, "its name shop-pr-7 is that of acme/shop#7's environment"; got != want {
		t.Errorf("reason is %q, want %q", got, want)
	}
	if got := s.Rows[0]; got.Repository != "acme/Shop" || got.HeadSHA != testfixture.SHA("b") {
		t.Errorf("shop-pr-7 is %s at %s, want acme/Shop at the new head", got.Repository, got.HeadSHA)
	}
}

func TestEnvironmentIsRemovedOnEvidence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		pulls []PullRequest
		want  []string
	}{
		{
			"it is closed", nil,
			[]string{string(Gone), "closed", "its pull request was closed or merged, or lost its label", "reopen or label it to bring it back"},
		},
		{
			"its label is taken away",
			[]PullRequest{pull(7, withLabels("bug"))},
			[]string{string(Held), "unlabelled", `it has no label "preview"`, `label it "preview" to get a preview`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
			before := resolve(c, factsOf(pull(7)))
			later := noon.Add(time.Hour)
			after := Resolve(c, factsOf(tt.pulls...), before.Memory, later)
			if len(after.Rows) != 0 || len(after.Memory.Environments) != 0 {
				t.Fatalf("it is still there: %v", outcomes(after))
			}
			d := decision(t, after)
			if diff := cmp.Diff(tt.want, []string{string(d.Outcome), string(d.Rule), d.Reason, d.Remedy}); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
			if d.Environment != "shop-pr-7" || d.Repository != "acme/Shop" || d.Number != 7 || d.Title != "Faster checkout" ||
				d.Author != "alice" || !d.Since.Equal(later) {
				t.Errorf("decision is about %+v", d)
			}
		})
	}
}

func TestUnreadRepositoriesAreListed(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	s := resolve(c, Facts{Repositories: map[string]Repository{"acme/shop": {FullName: "acme/shop", PullRequests: []PullRequest{pull(7)}}}})
	if diff := cmp.Diff([]string{"acme/gateway", "acme/mailer"}, s.Unread); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	want := []string{"acme/gateway was never read; its pull requests are unknown", "acme/mailer was never read; its pull requests are unknown"}
	if diff := cmp.Diff(want, s.Problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if got := only(t, s).Name; got != "shop-pr-7" {
		t.Errorf("row %s, want the commit that was read", got)
	}
}

func TestNoEnvironmentsAreAnEmptyList(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf()).Rows)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != "[]" {
		t.Errorf("rows are %s, want []", got)
	}
}

func TestRowsIgnoreTheOrderOfFacts(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		testfixture.Shop7File: testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nservices: {mailer: {tag: v1}, products: " +
			"{branch: main}}\n"),
		"overlays/jakub/environment.yaml": testfixture.EnvironmentYAML("owner: jakub\n"),
		"overlays/b1/environment.yaml":    testfixture.EnvironmentYAML("x: 1\n"), "overlays/b2/environment.yaml": "",
	}
	answer := func(s *Snapshot) string {
		rows, err := json.Marshal(s.Rows)
		if err != nil {
			t.Fatal(err)
		}
		decisions, err := json.Marshal([]any{s.Decisions, s.Problems, s.Unread})
		if err != nil {
			t.Fatal(err)
		}
		return string(rows) + string(decisions)
	}
	first := resolve(testfixture.LoadTree(t, testfixture.DemoTree(files), nil), crowd())
	if len(first.Rows) != 9 {
		t.Fatalf("%d rows, want 9: %v", len(first.Rows), outcomes(first))
	}
	if !slices.IsSortedFunc(first.Rows, func(a, b Row) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("rows are not sorted by name")
	}
	want := answer(first)
	random := rand.New(rand.NewPCG(1, 2))
	memory := Memory{}
	for i := range 50 {
		f := crowd()
		for _, r := range f.Repositories {
			random.Shuffle(len(r.PullRequests), func(i, j int) { r.PullRequests[i], r.PullRequests[j] = r.PullRequests[j], r.PullRequests[i] })
			for _, pr := range r.PullRequests {
				random.Shuffle(len(pr.Labels), func(i, j int) { pr.Labels[i], pr.Labels[j] = pr.Labels[j], pr.Labels[i] })
				random.Shuffle(len(pr.Changes.Paths), func(i, j int) {
					pr.Changes.Paths[i], pr.Changes.Paths[j] = pr.Changes.Paths[j], pr.Changes.Paths[i]
				})
			}
		}
		s := Resolve(testfixture.LoadTree(t, testfixture.DemoTree(files), nil), f, memory, noon)
		if got := answer(s); got != want {
			t.Fatalf("answer %d differs:\n%s", i, cmp.Diff(want, got))
		}
		memory = s.Memory
	}
}

func TestInvalidPullRequestAffectsNoOther(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	want := resolve(c, factsOf(pull(1), pull(3))).Rows
	bad := []func(*PullRequest){
		asDraft, withLabels(), withLabels("preview:\x00"), changing(), func(pr *PullRequest) { pr.Changes = nil },
		func(pr *PullRequest) { pr.HeadSHA = "\xff" }, func(pr *PullRequest) { *pr = PullRequest{Number: 2} },
	}
	for i, edit := range bad {
		got := resolve(c, factsOf(pull(1), pull(2, edit), pull(3)))
		if diff := cmp.Diff(want, got.Rows); diff != "" {
			t.Errorf("bad one %d (-want +got):\n%s", i, diff)
		}
		if len(got.Decisions) != 3 || got.Decisions[1].Outcome != Held {
			t.Errorf("bad one %d: %v, want it held and all three decided", i, outcomes(got))
		}
	}
}

func TestResolveDoesNotChangeItsInput(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	m := resolve(c, crowd()).Memory
	encode := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	f := crowd()
	delete(f.Repositories, "acme/mailer")
	before := encode(m) + encode(f)
	Resolve(c, f, m, noon.Add(time.Hour))
	if diff := cmp.Diff(before, encode(m)+encode(f)); diff != "" {
		t.Errorf("memory and facts (-before +after):\n%s", diff)
	}
}
