package preview

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const shop7 = "overlays/shop-pr-7/environment.yaml"

func TestOverlayIsPinnedWhereItsTreesLastChanged(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		edit func(*Tree)
		want map[string]string // path@commit by environment
	}{
		{"an unrelated commit moves nobody", func(*Tree) {}, map[string]string{
			"shop-pr-7": "overlays/shop-pr-7@c0", "gateway-pr-1": "overlays/gateway-pr-1@c0", "mailer-pr-1": "overlays/preview@c0",
		}},
		{"a changed kustomize-base moves all", func(t *Tree) { t.Hashes[BaseFolder] = "base2" }, map[string]string{
			"shop-pr-7": "overlays/shop-pr-7@c1", "gateway-pr-1": "overlays/gateway-pr-1@c1", "mailer-pr-1": "overlays/preview@c1",
		}},
		{"a changed shared overlay moves all", func(t *Tree) { t.Hashes[SharedOverlay] = "shared2" }, map[string]string{
			"shop-pr-7": "overlays/shop-pr-7@c1", "gateway-pr-1": "overlays/gateway-pr-1@c1", "mailer-pr-1": "overlays/preview@c1",
		}},
		{"a changed folder moves its own environment", func(t *Tree) { t.Hashes["overlays/shop-pr-7"] = "edited" }, map[string]string{
			"shop-pr-7": "overlays/shop-pr-7@c1", "gateway-pr-1": "overlays/gateway-pr-1@c0", "mailer-pr-1": "overlays/preview@c0",
		}},
		{"a new folder moves its own environment", func(t *Tree) {
			t.Hashes["overlays/mailer-pr-1"] = "new"
			t.Kustomizations["overlays/mailer-pr-1"] = true
		}, map[string]string{
			"shop-pr-7": "overlays/shop-pr-7@c0", "gateway-pr-1": "overlays/gateway-pr-1@c0", "mailer-pr-1": "overlays/mailer-pr-1@c1",
		}},
		{"a folder without kustomization leaves the shared overlay", func(t *Tree) { t.Hashes["overlays/mailer-pr-1"] = "new" }, map[string]string{
			"shop-pr-7": "overlays/shop-pr-7@c0", "gateway-pr-1": "overlays/gateway-pr-1@c0", "mailer-pr-1": "overlays/preview@c1",
		}},
		{"a removed folder leaves the shared overlay as it was", func(t *Tree) {
			delete(t.Hashes, "overlays/shop-pr-7")
			delete(t.Kustomizations, "overlays/shop-pr-7")
			delete(t.Files, shop7)
		}, map[string]string{
			"shop-pr-7": "overlays/preview@c0", "gateway-pr-1": "overlays/gateway-pr-1@c0", "mailer-pr-1": "overlays/preview@c0",
		}},
		{"another folder of configuration moves all", func(t *Tree) { t.Prefix = "gitops/previews" }, map[string]string{
			"shop-pr-7": "gitops/previews/overlays/shop-pr-7@c1", "gateway-pr-1": "gitops/previews/overlays/gateway-pr-1@c1", "mailer-pr-1": "gitops/previews/overlays/preview@c1",
		}},
	}
	files := map[string]string{
		shop7:                                    environment("pullRequest: acme/shop#7\n"),
		"overlays/gateway-pr-1/environment.yaml": environment("pullRequest: acme/gateway#1\n"),
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := load(t, demoTree(files), nil)
			tree := demoTree(files)
			tree.Commit = sha("c1")
			tt.edit(&tree)
			after := load(t, tree, before)
			got := map[string]string{}
			for name := range tt.want {
				path, revision := after.Overlay(name)
				got[name] = path + "@" + revision[:2]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("overlays (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPinLastsOverSeveralCommits(t *testing.T) {
	t.Parallel()
	var c *Config
	for i, base := range []string{"one", "two", "two", "two"} {
		tree := demoTree(nil)
		tree.Commit, tree.Hashes[BaseFolder] = sha(fmt.Sprintf("c%d", i)), base
		c = load(t, tree, c)
	}
	if _, revision := c.Overlay("shop-pr-7"); revision != sha("c1") {
		t.Errorf("revision is %s, want the second commit", revision)
	}
	if c.Commit != sha("c3") {
		t.Errorf("commit is %s, want the last", c.Commit)
	}
}

// A pull request's file says to run mailer too; then somebody breaks it.
func TestBrokenEnvironmentFileLeavesTheLastGoodOneInForce(t *testing.T) {
	t.Parallel()
	good := environment("pullRequest: acme/shop#7\nservices: {mailer: {branch: main}}\n")
	facts := factsOf(pull(7), pull(8))
	facts.Repositories["acme/mailer"] = Repository{FullName: "acme/mailer", Branches: map[string]string{"main": sha("3a11")}}

	before := load(t, demoTree(map[string]string{shop7: good}), nil)
	tree := demoTree(map[string]string{shop7: good + "oops: 1\n"})
	tree.Commit = sha("c1")
	broken := load(t, tree, before)
	tree.Commit = sha("c2")
	tree.Hashes["overlays/gateway-pr-1"] = "unrelated"
	stillBroken := load(t, tree, broken)

	for name, c := range map[string]*Config{"right after": broken, "a commit later": stillBroken} {
		want := []string{shop7 + ":5: oops: unknown field; known here: adopted, apiVersion, components, dataset, handover, kind, lifetime, links, owner, profile, pullRequest, purpose, services, shared"}
		if diff := cmp.Diff(want, lines(c.Problems.err())); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", name, diff)
		}
		s := resolve(c, facts)
		if diff := cmp.Diff(resolve(before, facts).Rows, s.Rows); diff != "" {
			t.Errorf("%s: rows (-before +after):\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{want[0]}, s.Problems); diff != "" {
			t.Errorf("%s: snapshot's problems (-want +got):\n%s", name, diff)
		}
		reason := "it is open and labelled \"preview\"; profile changed; its file is not in force as it stands: " + want[0]
		if diff := cmp.Diff(reason, s.Decisions[0].Reason); diff != "" {
			t.Errorf("%s: reason (-want +got):\n%s", name, diff)
		}
	}

	tree = demoTree(map[string]string{shop7: good})
	tree.Commit = sha("c3")
	mended := load(t, tree, stillBroken)
	if path, revision := mended.Overlay("shop-pr-7"); path != "overlays/shop-pr-7" || revision != sha("c0") || len(mended.Problems) > 0 {
		t.Errorf("mended: %s at %s, problems %v; want it where it was", path, revision, mended.Problems)
	}
}

func TestBrokenEnvironmentFileWithoutAGoodOneHoldsIt(t *testing.T) {
	t.Parallel()
	tree := demoTree(map[string]string{
		shop7:                             environment("pullRequest: acme/shop#7\noops: 1\n"),
		"overlays/jakub/environment.yaml": environment("oops: 1\n"),
		"overlays/a\x1b/environment.yaml": environment("oops: 1\npurpose: 1\n"),
		"overlays/alice/environment.yaml": environment("owner: alice\n"),
	})
	s := resolve(load(t, tree, nil), factsOf(pull(7), pull(8)))
	want := []string{
		"a: held by file", "alice: held by unchanged", "jakub: held by file",
		"shop-pr-7: held by file", "shop-pr-8: live by labelled",
	}
	if diff := cmp.Diff(want, outcomes(s)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

func TestFileOfAPullRequestThatIsNotOpenIsReported(t *testing.T) {
	t.Parallel()
	c := load(t, demoTree(map[string]string{shop7: environment("owner: bob\npullRequest: acme/shop#7\n")}), nil)
	got := decision(t, resolve(c, factsOf()))
	want := Decision{
		Outcome: Held, Rule: "file", Environment: "shop-pr-7", Author: "bob", Owner: "bob", Since: noon,
		Reason: "it adjusts acme/shop#7, which is not known to be open", Remedy: "take the folder out, or reopen the pull request",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
}

// The old file says a profile that the new policy has no more: the file is broken by that, and still in force.
func TestFileThatAPolicyBreaksChangesNothing(t *testing.T) {
	t.Parallel()
	files := map[string]string{shop7: environment("pullRequest: acme/shop#7\nprofile: checkout\n")}
	before := load(t, demoTree(files), nil)
	first := resolve(before, factsOf(pull(7)))

	files[PolicyFile] = replaced(t, demo, "  checkout: {run: [gateway, orders]}\n", "")
	after := load(t, demoTree(files), before)
	second := Resolve(after, factsOf(pull(7), pull(8)), first.Memory, noon)
	if diff := cmp.Diff(only(t, first), second.Rows[0]); diff != "" {
		t.Errorf("row (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"shop-pr-7: live by profile", "shop-pr-8: live by labelled"}, outcomes(second)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

func TestLoadBoundsHowManyEnvironmentsThereAre(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range maxEnvironments + 1 {
		files[fmt.Sprintf("overlays/e%05d/environment.yaml", i)] = environment("")
	}
	c := load(t, demoTree(files), nil)
	if len(c.Environments) != maxEnvironments {
		t.Errorf("%d environments are in force, want %d", len(c.Environments), maxEnvironments)
	}
	want := []string{"overlays: holds 5001 environments, 5000 at most are read; delete some"}
	if diff := cmp.Diff(want, lines(c.Problems.err())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestRepositoriesAreNamedOnceAndInLowerCase(t *testing.T) {
	t.Parallel()
	got := loadPolicy(t, replaced(t, demo, "repository: acme/gateway", "repository: ACME/Gateway")).Repositories()
	if diff := cmp.Diff([]string{"acme/gateway", "acme/mailer", "acme/shop"}, got); diff != "" {
		t.Errorf("repositories (-want +got):\n%s", diff)
	}
}

func TestWantsAreWhatResolveNeeds(t *testing.T) {
	t.Parallel()
	c := load(t, demoTree(map[string]string{
		PolicyFile: replaced(t, demo,
			`paths: ["web/**"]`, `paths: ["web/**"], default: {branch: main}`,
			`paths: ["products/**", "lib/**"]`, `paths: ["products/**", "lib/**"], default: {tag: v1}`,
			"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, default: {sha: "+sha("c")+"}"),
		shop7: environment("pullRequest: acme/shop#7\nservices: {orders: {branch: dev}, web: {branch: main}, products: {pullRequest: 3}}\n"),
	}), nil)
	shop, mailer := Wanted(c, "ACME/shop"), Wanted(c, "acme/mailer")
	if diff := cmp.Diff([][]string{{"dev", "main"}, {"v1"}, nil, nil}, [][]string{shop.Branches, shop.Tags, mailer.Branches, mailer.Tags}); diff != "" {
		t.Errorf("branches and tags (-want +got):\n%s", diff)
	}
	tests := []struct {
		name  string
		wants Wants
		pr    PullRequest
		want  bool
	}{
		{"the changes of a labelled one where paths tell services apart", shop, pull(7), true},
		{"no changes of one without label", shop, pull(7, withLabels()), false},
		{"no changes of a draft", shop, pull(7, draft), false},
		{"no changes where a repository is one service", mailer, pull(7), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.wants.Changes(tt.pr); got != tt.want {
				t.Errorf("changes are wanted: %t, want %t", got, tt.want)
			}
		})
	}
	if got := Wanted(c, "acme/other"); !slices.Equal(got.Branches, nil) || got.Changes(pull(7)) {
		t.Errorf("of a repository that is not configured %v is wanted, want nothing", got.Branches)
	}
}

func TestOnlyWhatConfigurationWantsToKnowAnewIsReadAgain(t *testing.T) {
	t.Parallel()
	with := func(policy, services string) *Config {
		return load(t, demoTree(map[string]string{PolicyFile: policy, "overlays/jakub/environment.yaml": environment("profile: full\n" + services)}), nil)
	}
	before := with(demo, "services: {mailer: {branch: dev}}\n")
	tests := []struct {
		name string
		prev *Config
		next *Config
		want []string
	}{
		{"at first all", nil, before, before.Repositories()},
		{"the same", before, before, nil},
		{"another branch", before, with(demo, "services: {mailer: {branch: main}}\n"), []string{"acme/mailer"}},
		{"another policy", before, with(demo+"slots: on\n", "services: {mailer: {branch: dev}}\n"), before.Repositories()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, Reread(tt.next, tt.prev)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := AskedRefs(before)["acme/mailer"]; !slices.Equal(got.Branches, []string{"dev"}) || len(got.Tags)+len(got.Commits) > 0 {
		t.Errorf("of acme/mailer %+v is asked", got)
	}
}
