package overlay

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestCheckWantsABaselineForSharedStores(t *testing.T) {
	t.Parallel()
	const entry, component = "  - ../../kustomize-base/data/redis\n", "  - ../../kustomize-base/data/postgres/shared\n"
	for _, tt := range []struct {
		name, dataset, entry string
		want                 int
	}{
		{"served", "shared", entry + component, 0},
		{"not served", "shared", entry, 1},
		{"no profile is shared", "truncated", entry, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			base := exampleWithSecrets(t, nil)
			read := func(name string) string {
				content, err := fs.ReadFile(base, name)
				if err != nil {
					t.Fatal(err)
				}
				return string(content)
			}
			r := New(filetree.Edited(base, map[string][]byte{
				"previewset.yaml": []byte(testfixture.Replace(t, read("previewset.yaml"), "dataset: truncated ", "dataset: "+tt.dataset+" ")),
				"overlays/staging/kustomization.yaml": []byte(
					testfixture.Replace(t, read("overlays/staging/kustomization.yaml"), entry, tt.entry)),
			}, nil))
			cfg, err := r.Config()
			if err != nil {
				t.Fatal(err)
			}
			problems, warnings := sharedStores(r, cfg)
			if len(problems) != tt.want || tt.want > 0 && !strings.Contains(problems.Error(), "add ../../kustomize-base/data/postgres/shared") {
				t.Errorf("%v", problems)
			}
			hasWarning := strings.Contains(strings.Join(warnings, "\n"), "isn't available for mongodb, rabbitmq, redis")
			if hasWarning != (tt.dataset == "shared") {
				t.Errorf("warnings: %q", warnings)
			}
		})
	}
}
