package preview

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestContentsOfUnreadablePatchesAreIncomplete(t *testing.T) {
	t.Parallel()
	odd := Row{Kustomize: Kustomize{
		Components: []string{"../../kustomize-base/services/a/link", "x", "../../kustomize-base/data/redis"},
		Patches: []Patch{
			{Patch: "{", Target: Target{Kind: "ConfigMap", Name: "environment"}},
			{Patch: "[]", Target: Target{Kind: "Service", LabelSelector: "previewset.dev/link=a"}},
			{Patch: `[{"value":"x"}]`, Target: Target{Kind: "Service", LabelSelector: "previewset.dev/link=a"}},
		},
	}}
	if diff := cmp.Diff([]Content{{Service: "a"}}, odd.Contents()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
