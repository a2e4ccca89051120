package preview_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/preview"
)

func TestContentOfARow(t *testing.T) {
	t.Parallel()
	row := preview.Row{Kustomize: preview.Kustomize{Components: []string{
		"../../kustomize-base/services/web/run", "../../kustomize-base/data/postgres",
		"../../kustomize-base/data/postgres/datasets/truncated", "../../kustomize-base/components/guardrails",
		"../../kustomize-base/components/spot",
	}}}
	components, datasets := row.Content()
	if diff := cmp.Diff([][]string{{"spot"}, {"postgres=truncated"}}, [][]string{components, datasets}); diff != "" {
		t.Error(diff)
	}
}
