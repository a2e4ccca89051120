package preview

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestInvalidFileKeepsTheLastValidOne(t *testing.T) {
	t.Parallel()
	good := testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nservices: {mailer: {branch: main}}\n")
	facts := factsOf(pull(7), pull(8))
	facts.Repositories["acme/mailer"] = Repository{FullName: "acme/mailer", Branches: map[string]string{"main": testfixture.SHA("3a11")}}

	before := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{testfixture.Shop7File: good}), nil)
	tree := testfixture.DemoTree(map[string]string{testfixture.Shop7File: good + "oops: 1\n"})
	tree.Commit = testfixture.SHA("c1")
	broken := testfixture.LoadTree(t, tree, before)
	tree.Commit = testfixture.SHA("c2")
	tree.Hashes["overlays/gateway-pr-1"] = "unrelated"
	stillBroken := testfixture.LoadTree(t, tree, broken)

	for name, c := range map[string]*config.Config{"right after": broken, "a commit later": stillBroken} {
		want := []string{testfixture.Shop7File +
			":5: oops: unknown field; known here: adopted, apiVersion, components, dataset, handover, kind, lease, lifetime, links, owner, profile, " +
			"pullRequest, purpose, reset, services, shared"}
		if diff := cmp.Diff(want, testfixture.Lines(c.Problems.Err())); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", name, diff)
		}
		s := resolve(c, facts)
		if diff := cmp.Diff(resolve(before, facts).Rows, s.Rows); diff != "" {
			t.Errorf("%s: rows (-before +after):\n%s", name, diff)
		}
		if diff := cmp.Diff([]string{want[0]}, s.Problems); diff != "" {
			t.Errorf("%s: snapshot's problems (-want +got):\n%s", name, diff)
		}
		reason := "it is open and labelled \"preview\"; profile changed; the newest version of its file is invalid and not used: " + want[0]
		if diff := cmp.Diff(reason, s.Decisions[0].Reason); diff != "" {
			t.Errorf("%s: reason (-want +got):\n%s", name, diff)
		}
	}

	tree = testfixture.DemoTree(map[string]string{testfixture.Shop7File: good})
	tree.Commit = testfixture.SHA("c3")
	mended := testfixture.LoadTree(t, tree, stillBroken)
	if path, revision := mended.Overlay("shop-pr-7"); path != "overlays/shop-pr-7" || revision != testfixture.SHA("c0") ||
		len(mended.Problems) > 0 {
		t.Errorf("mended: %s at %s, problems %v; want it where it was", path, revision, mended.Problems)
	}
}

func TestInvalidNewFileHoldsItsEnvironment(t *testing.T) {
	t.Parallel()
	tree := testfixture.DemoTree(map[string]string{
		testfixture.Shop7File:             testfixture.EnvironmentYAML("pullRequest: acme/shop#7\noops: 1\n"),
		"overlays/jakub/environment.yaml": testfixture.EnvironmentYAML("oops: 1\n"),
		"overlays/a\x1b/environment.yaml": testfixture.EnvironmentYAML("oops: 1\npurpose: 1\n"),
		"overlays/alice/environment.yaml": testfixture.EnvironmentYAML("owner: alice\n"),
	})
	s := resolve(testfixture.LoadTree(t, tree, nil), factsOf(pull(7), pull(8)))
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
	c := testfixture.LoadTree(t,
		testfixture.DemoTree(map[string]string{testfixture.Shop7File: testfixture.EnvironmentYAML("owner: bob\npullRequest: " +
			"acme/shop#7\n")}), nil)
	got := decision(t, resolve(c, factsOf()))
	want := Decision{
		Outcome: Held, Rule: "file", Environment: "shop-pr-7", Author: "bob", Owner: "bob", Since: noon,
		Reason: "it adjusts acme/shop#7, which is not known to be open", Remedy: "take the folder out, or reopen the pull request",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
}

func TestPolicyThatInvalidatesAFileChangesNothing(t *testing.T) {
	t.Parallel()
	files := map[string]string{testfixture.Shop7File: testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nprofile: checkout\n")}
	before := testfixture.LoadTree(t, testfixture.DemoTree(files), nil)
	first := resolve(before, factsOf(pull(7)))

	files[config.PolicyFile] = testfixture.Replace(t, testfixture.DemoPolicy, "  checkout: {run: [gateway, orders]}\n", "")
	after := testfixture.LoadTree(t, testfixture.DemoTree(files), before)
	second := Resolve(after, factsOf(pull(7), pull(8)), first.Memory, noon)
	if diff := cmp.Diff(only(t, first), second.Rows[0]); diff != "" {
		t.Errorf("row (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"shop-pr-7: live by profile", "shop-pr-8: live by labelled"}, outcomes(second)); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}
