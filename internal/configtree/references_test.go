package configtree_test

import (
	"strings"
	"testing"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/configtree"
)

func TestExampleHasNoBrokenReferences(t *testing.T) {
	t.Parallel()
	tree, err := configtree.Read(previewset.Example, hashOf)
	problems := len(tree.BaseProblems) + len(tree.Unbuildable) + len(tree.Problems) + len(tree.Ignored)
	if err != nil || problems > 0 || len(tree.Kustomizations) < 10 {
		t.Errorf("%v %v %v %v %v", tree.BaseProblems, tree.Unbuildable, tree.Problems, tree.Ignored, err)
	}
}

func TestBrokenReferences(t *testing.T) {
	t.Parallel()
	const guardrails = "kustomize-base/components/guardrails/kustomization.yaml"
	tests := []struct {
		name, file, content string
		want                string // part of the problem; "" is none
	}{
		{"a missing resource", guardrails, "resources: [quota.yaml]\n", `guardrails/quota.yaml" doesn't exist`},
		{"a missing patch", guardrails, "patches: [{path: quota.yaml}]\n", `patches[0].path`},
		{"a missing folder", guardrails, "components: [../other]\n", `components/other" doesn't exist`},
		{"no kustomization", guardrails, "resources: [../../services/api/link]\n", "has no kustomization.yaml"},
		{"a kustomization that isn't YAML", guardrails, "resources: [\n", "isn't a kustomization"},
		{
			"a resource that isn't YAML", "kustomize-base/services/web/run/kustomization.yaml", "resources: [web.yaml]\n",
			"isn't YAML",
		},
		{
			"an overlay with a missing file", "overlays/jakub/kustomization.yaml", "resources: [../preview, x.yaml]\n",
			`overlays/jakub/x.yaml" doesn't exist`,
		},
		{"folders that refer to each other", guardrails, "components: [../guardrails]\n", ""},
		{"an inline patch", guardrails, "patches: [{patch: 'a: b'}]\npatchesStrategicMerge: ['a: b']\n", ""},
		{"a remote file", guardrails, "resources: ['https://example.com/x.yaml']\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			contents := repository()
			contents[guardrails] = "kind: Component\n"
			contents["kustomize-base/services/web/run/web.yaml"] = "a: [\n"
			contents[tt.file] = tt.content
			tree, err := configtree.Read(files(contents), hashOf)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if strings.HasPrefix(tt.file, "overlays/") {
				got = tree.Unbuildable["jakub"].Error()
			} else {
				got = tree.BaseProblems.Error()
			}
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) || len(tree.BaseProblems) > 1 {
				t.Errorf("problems are %q, want %q", got, tt.want)
			}
		})
	}
}

// The checks of one commit have a budget. References after it aren't followed.
func TestReferencesAreBounded(t *testing.T) {
	t.Parallel()
	const file = "kustomize-base/services/web/run/kustomization.yaml"
	for count, want := range map[int]int{10: 1, 64<<20/4096 - 10: 1, 64 << 20 / 4096: 0} {
		contents := repository()
		contents[file] = "resources:\n" + strings.Repeat("- a.yaml\n", count) + "- missing.yaml\n"
		contents["kustomize-base/services/web/run/a.yaml"] = ""
		tree, err := configtree.Read(files(contents), hashOf)
		if err != nil || len(tree.BaseProblems) != want {
			t.Errorf("%d references: problems are %v, %v; want %d", count, tree.BaseProblems, err, want)
		}
	}
}
