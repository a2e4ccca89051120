package config_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// treeChanges are changes of the config branch, with the overlays afterwards.
var treeChanges = []struct {
	name string
	edit func(*config.Tree)
	want map[string]string // path@commit by environment
}{
	{"an unrelated commit moves no environment", func(*config.Tree) {}, map[string]string{
		"shop-pr-7": "overlays/shop-pr-7@c0", "gateway-pr-1": "overlays/gateway-pr-1@c0", "mailer-pr-1": "overlays/preview@c0",
	}},
	{
		"a changed kustomize-base moves all",
		func(t *config.Tree) { t.Hashes[config.BaseFolder] = "base2" },
		map[string]string{
			"shop-pr-7": "overlays/shop-pr-7@c1", "gateway-pr-1": "overlays/gateway-pr-1@c1", "mailer-pr-1": "overlays/preview@c1",
		},
	},
	{
		"a changed shared overlay moves all",
		func(t *config.Tree) { t.Hashes[config.SharedOverlay] = "shared2" },
		map[string]string{
			"shop-pr-7": "overlays/shop-pr-7@c1", "gateway-pr-1": "overlays/gateway-pr-1@c1", "mailer-pr-1": "overlays/preview@c1",
		},
	},
	{
		"a changed folder moves its own environment",
		func(t *config.Tree) { t.Hashes["overlays/shop-pr-7"] = "edited" },
		map[string]string{
			"shop-pr-7": "overlays/shop-pr-7@c1", "gateway-pr-1": "overlays/gateway-pr-1@c0", "mailer-pr-1": "overlays/preview@c0",
		},
	},
	{"a new folder moves its own environment", func(t *config.Tree) {
		t.Hashes["overlays/mailer-pr-1"] = "new"
		t.Kustomizations["overlays/mailer-pr-1"] = true
	}, map[string]string{
		"shop-pr-7": "overlays/shop-pr-7@c0", "gateway-pr-1": "overlays/gateway-pr-1@c0", "mailer-pr-1": "overlays/mailer-pr-1@c1",
	}},
	{
		"a folder without kustomization leaves the shared overlay",
		func(t *config.Tree) { t.Hashes["overlays/mailer-pr-1"] = "new" },
		map[string]string{
			"shop-pr-7": "overlays/shop-pr-7@c0", "gateway-pr-1": "overlays/gateway-pr-1@c0", "mailer-pr-1": "overlays/preview@c1",
		},
	},
	{"a removed folder leaves the shared overlay as it was", func(t *config.Tree) {
		delete(t.Hashes, "overlays/shop-pr-7")
		delete(t.Kustomizations, "overlays/shop-pr-7")
		delete(t.Files, testfixture.Shop7File)
	}, map[string]string{
		"shop-pr-7": "overlays/preview@c0", "gateway-pr-1": "overlays/gateway-pr-1@c0", "mailer-pr-1": "overlays/preview@c0",
	}},
	{
		"another folder of configuration moves all",
		func(t *config.Tree) { t.Prefix = "gitops/previews" },
		map[string]string{
			"shop-pr-7": "gitops/previews/overlays/shop-pr-7@c1", "gateway-pr-1": "gitops/previews/overlays/gateway-pr-1@c1",
			"mailer-pr-1": "gitops/previews/overlays/preview@c1",
		},
	},
}

func TestOverlayIsPinnedWhereItsTreesLastChanged(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		testfixture.Shop7File:                    testfixture.EnvironmentYAML("pullRequest: acme/shop#7\n"),
		"overlays/gateway-pr-1/environment.yaml": testfixture.EnvironmentYAML("pullRequest: acme/gateway#1\n"),
	}
	for _, tt := range treeChanges {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := testfixture.LoadTree(t, testfixture.DemoTree(files), nil)
			tree := testfixture.DemoTree(files)
			tree.Commit = testfixture.SHA("c1")
			tt.edit(&tree)
			after := testfixture.LoadTree(t, tree, before)
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
	var c *config.Config
	for i, base := range []string{"one", "two", "two", "two"} {
		tree := testfixture.DemoTree(nil)
		tree.Commit, tree.Hashes[config.BaseFolder] = testfixture.SHA(fmt.Sprintf("c%d", i)), base
		c = testfixture.LoadTree(t, tree, c)
	}
	if _, revision := c.Overlay("shop-pr-7"); revision != testfixture.SHA("c1") {
		t.Errorf("revision is %s, want the second commit", revision)
	}
	if c.Commit != testfixture.SHA("c3") {
		t.Errorf("commit is %s, want the last", c.Commit)
	}
}

// A pull request's file says to run mailer too; then somebody breaks it.
// The old file says a profile that the new policy has no more: the file is broken by that, and still in force.
func TestLoadBoundsHowManyEnvironmentsThereAre(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range config.MaxEnvironments + 1 {
		files[fmt.Sprintf("overlays/e%05d/environment.yaml", i)] = testfixture.EnvironmentYAML("")
	}
	c := testfixture.LoadTree(t, testfixture.DemoTree(files), nil)
	if len(c.Environments) != config.MaxEnvironments {
		t.Errorf("%d environments are in force, want %d", len(c.Environments), config.MaxEnvironments)
	}
	want := []string{"overlays: holds 5001 environments; at most 5000 are read; delete some"}
	if diff := cmp.Diff(want, testfixture.Lines(c.Problems.Err())); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestRepositoriesAreNamedOnceAndInLowerCase(t *testing.T) {
	t.Parallel()
	got := testfixture.LoadPolicy(t, testfixture.Replace(t, testfixture.DemoPolicy, "repository: acme/gateway", "repository: ACME/Gateway")).
		Repositories()
	if diff := cmp.Diff([]string{"acme/gateway", "acme/mailer", "acme/shop"}, got); diff != "" {
		t.Errorf("repositories (-want +got):\n%s", diff)
	}
}
