package previewset_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset"
)

func TestExampleIsWhole(t *testing.T) {
	t.Parallel()
	err := fstest.TestFS(previewset.Example,
		"previewset.yaml",
		"CODEOWNERS",
		"schemas/previewset.schema.json",
		"schemas/environment.schema.json",
		"schemas/slots.schema.json",
		"schemas/access.schema.json",
		"kustomize-base/services/gateway/run/deployment.yaml",
		"kustomize-base/services/gateway/link/networkpolicy.yaml",
		"kustomize-base/services/web/run/index.html",
		"kustomize-base/data/postgres/datasets/empty/kustomization.yaml",
		"kustomize-base/data/postgres/datasets/truncated/10-shop.sql",
		"kustomize-base/components/guardrails/networkpolicies.yaml",
		"overlays/preview/namespace.yaml",
		"overlays/staging/kustomization.yaml",
		"appsets/README.md",
		"appsets/kustomization.yaml",
		"appsets/applicationset.yaml",
		"appsets/admission/namespaces.yaml",
		"appsets/generator/deployment.yaml",
		"appsets/monitoring/alerts.yaml",
		"appsets/monitoring/dashboard.json",
		"appsets/monitoring/operator/prometheusrule.yaml",
		"appsets/secrets/.gitignore",
	)
	if err != nil {
		t.Error(err)
	}
}

// Who builds from a working tree may have tokens lying in appsets/secrets.
func TestExampleHoldsNoSecret(t *testing.T) {
	t.Parallel()
	var got []string
	err := fs.WalkDir(previewset.Example, "appsets/secrets", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			got = append(got, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"appsets/secrets/.gitignore", "appsets/secrets/README.md"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("embedded below appsets/secrets (-want +got):\n%s", diff)
	}
}
