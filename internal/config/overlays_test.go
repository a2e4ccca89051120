package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// environmentTree is a commit with the environments ada and bob, whose folders have these hashes.
func environmentTree(commit, ada, bob string) config.Tree {
	file := testfixture.EnvironmentYAML("owner: ada\n")
	files := map[string]string{"overlays/ada/environment.yaml": file, "overlays/bob/environment.yaml": file}
	tree := testfixture.DemoTree(files)
	tree.Commit, tree.Hashes["overlays/ada"], tree.Hashes["overlays/bob"] = testfixture.SHA(commit), ada, bob
	return tree
}

func overlaysOf(c *config.Config, names ...string) []string {
	var found []string
	for _, name := range names {
		path, revision := c.Overlay(name)
		found = append(found, path+"@"+revision[:2])
	}
	return found
}

func TestBrokenOverlayKeepsItsLastVersion(t *testing.T) {
	t.Parallel()
	before := testfixture.LoadTree(t, environmentTree("c1", "1", "1"), nil)
	tree := environmentTree("c2", "2", "2")
	delete(tree.Files, "overlays/ada/environment.yaml")
	delete(tree.Hashes, "overlays/ada")
	tree.BrokenOverlays = map[string]config.Problem{"ada": {File: "overlays/ada", Message: "is a submodule"}}
	after := testfixture.LoadTree(t, tree, before)
	if diff := cmp.Diff([]string{"overlays/ada@c1", "overlays/bob@c2"}, overlaysOf(after, "ada", "bob")); diff != "" {
		t.Error(diff)
	}
	isBroken := strings.Contains(after.Broken["ada"], "is a submodule")
	if after.Environments["ada"] == nil || !isBroken || len(after.Problems) != 1 {
		t.Errorf("ada is %v, broken: %v, problems: %v", after.Environments["ada"], after.Broken, after.Problems)
	}
	again := testfixture.LoadTree(t, environmentTree("c3", "3", "2"), config.FromOverlays(after.Overlays()))
	if diff := cmp.Diff([]string{"overlays/ada@c3", "overlays/bob@c2"}, overlaysOf(again, "ada", "bob")); diff != "" {
		t.Errorf("after a repair: %s", diff)
	}
}

func TestNewBrokenOverlayIsNotUsed(t *testing.T) {
	t.Parallel()
	tree := environmentTree("c1", "1", "1")
	tree.BrokenOverlays = map[string]config.Problem{"ada": {File: "overlays/ada", Message: "can't be built"}}
	c := testfixture.LoadTree(t, tree, nil)
	if c.Environments["ada"] != nil || c.Environments["bob"] == nil || c.Broken["ada"] == "" {
		t.Errorf("environments: %v, broken: %v", c.Environments, c.Broken)
	}
}

func TestNoOverlayIsPinnedToCommitThatCannotBeCheckedOut(t *testing.T) {
	t.Parallel()
	before := testfixture.LoadTree(t, environmentTree("c1", "1", "1"), nil)
	tree := environmentTree("c2", "1", "2")
	tree.Hashes[config.SharedOverlay] = "new"
	tree.Files["overlays/new/environment.yaml"] = tree.Files["overlays/ada/environment.yaml"]
	tree.Hashes["overlays/new"] = "1"
	tree.CheckoutProblem = &config.Problem{File: `"overlays/.."`, Message: "Git refuses to check out this name"}
	after := testfixture.LoadTree(t, tree, before)
	want := []string{"overlays/ada@c1", "overlays/bob@c1", "overlays/preview@c1"}
	if diff := cmp.Diff(want, overlaysOf(after, "ada", "bob", "")); diff != "" {
		t.Error(diff)
	}
	if after.Environments["new"] != nil || len(after.Problems) != 1 {
		t.Errorf("environments: %v, problems: %v", after.Environments, after.Problems)
	}
	if _, err := config.Load(tree, nil); err == nil || !strings.Contains(err.Error(), "Git refuses") {
		t.Errorf("without an earlier commit: %v", err)
	}
}

func TestSlotsFileCannotGoWhileSlotsAreOn(t *testing.T) {
	t.Parallel()
	slots := testfixture.SlotsYAML("slots: {bulbasaur: {holders: [alice]}}\n")
	on := testfixture.DemoPolicy + "slots: on\n"
	before := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
		config.PolicyFile: on, config.SlotsFile: slots,
	}), nil)
	without := testfixture.DemoTree(map[string]string{config.PolicyFile: on})
	if _, err := config.Load(without, before); err == nil || !strings.Contains(err.Error(), config.SlotsFile) {
		t.Errorf("error is %v", err)
	}
	testfixture.LoadTree(t, without, nil)
	testfixture.LoadTree(t, testfixture.DemoTree(nil), before) // slots are off
}
