package plan

import (
	"testing"

	"github.com/previewset/previewset/internal/preview"
)

func TestDifferenceNamesResourcesAndQuota(t *testing.T) {
	t.Parallel()
	row := func(patches ...preview.Patch) preview.Row {
		return preview.Row{
			Services:  []preview.RunningService{{Service: "orders"}},
			Kustomize: preview.Kustomize{Patches: patches},
		}
	}
	orders := func(text string) preview.Patch {
		return preview.Patch{Patch: text, Target: preview.Target{Kind: "Deployment", LabelSelector: "previewset.dev/image-of=orders"}}
	}
	quota := preview.Patch{Patch: "1", Target: preview.Target{Kind: "ResourceQuota", Name: "guardrails"}}
	other := preview.Patch{Patch: "1", Target: preview.Target{Kind: "ConfigMap"}}
	for _, tt := range []struct {
		name   string
		before preview.Row
		after  preview.Row
		want   string
	}{
		{"variables", row(orders("1")), row(orders("2")), "resources or variables of orders"},
		{"a size", row(), row(orders("1"), quota), "resources or variables of orders, the quota"},
		{"a commit", row(), row(orders(`{"previewset.dev/commit":"1"}`)), "its composition"},
		{"something else", row(), row(other), "its composition"},
	} {
		if got := difference(tt.before, tt.after); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
