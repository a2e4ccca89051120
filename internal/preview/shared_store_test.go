package preview

import (
	"slices"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

const sharedFolder = "kustomize-base/data/postgres/datasets/shared"

// composeShared composes an environment with the service orders and the dataset shared. All stores start anew.
func composeShared(t *testing.T, origin config.Origin) Row {
	t.Helper()
	tree := testfixture.DemoTree(nil)
	for _, folder := range []string{
		sharedFolder, sharedFolder + "/secrets", "kustomize-base/data/postgres/reset", "kustomize-base/data/rabbitmq/reset",
	} {
		tree.Kustomizations[folder] = true
	}
	row, err := Compose(testfixture.LoadTree(t, tree, nil), Plan{
		Name: "a", Dataset: config.SharedDataset, Reset: map[string]time.Time{"postgres": noon, "rabbitmq": noon},
		Run: map[string]config.ServiceRef{"orders": {SHA: testfixture.SHA("a"), Number: 1, Origin: origin}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func TestSharedStore(t *testing.T) {
	t.Parallel()
	row := composeShared(t, config.OriginOwn)
	for folder, want := range map[string]bool{
		sharedFolder: true, sharedFolder + "/secrets": true,
		"kustomize-base/data/rabbitmq/datasets/empty": true, "kustomize-base/data/rabbitmq/reset": true,
		"kustomize-base/data/postgres/reset": false, // it has no volume here
	} {
		if got := slices.Contains(row.Kustomize.Components, "../../"+folder); got != want {
			t.Errorf("component %s: %t", folder, got)
		}
	}
	if row.SecretsMark() != SecretsAllowed {
		t.Errorf("the baseline doesn't admit the environment: its mark is %q", row.SecretsMark())
	}
}

func TestForksHaveNoSharedStore(t *testing.T) {
	t.Parallel()
	row := composeShared(t, config.OriginFork)
	for _, component := range row.Kustomize.Components {
		if component == "../../"+sharedFolder || component == "../../"+sharedFolder+"/secrets" {
			t.Errorf("code from a fork gets component %s", component)
		}
	}
	if !slices.Contains(row.Kustomize.Components, "../../kustomize-base/data/postgres/datasets/empty") || row.SecretsMark() != SecretsNever {
		t.Errorf("the mark is %q, and the components are %v", row.SecretsMark(), row.Kustomize.Components)
	}
}
