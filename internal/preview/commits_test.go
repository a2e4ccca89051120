package preview

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// podCommits returns the commits that a row writes into Pod templates, by kind and label.
func podCommits(t *testing.T, row Row) map[string]string {
	t.Helper()
	commits := map[string]string{}
	for _, p := range row.Kustomize.Patches {
		var patch struct {
			Spec struct {
				Template struct {
					Metadata struct{ Annotations map[string]string }
				}
			}
		}
		if json.Unmarshal([]byte(p.Patch), &patch) == nil && patch.Spec.Template.Metadata.Annotations != nil {
			commits[p.Target.Kind+" "+p.Target.LabelSelector] = patch.Spec.Template.Metadata.Annotations["previewset.dev/commit"]
		}
	}
	return commits
}

func TestPodsHaveTheCommitThatTheirTagLacks(t *testing.T) {
	t.Parallel()
	cfg := testfixture.LoadPolicy(t, testfixture.Replace(t, testfixture.DemoPolicy,
		"ghcr.io/acme/gateway,", `ghcr.io/acme/gateway, tag: "v-{{ .ShortSHA }}",`,
		"ghcr.io/acme/orders,", `ghcr.io/acme/orders, tag: "pr-{{ .Number }}",`,
		"ghcr.io/acme/products,", `ghcr.io/acme/products, tag: "{{ .Branch }}",`))
	sha := testfixture.SHA
	ref := func(of string) config.ServiceRef { return config.ServiceRef{SHA: sha(of), Branch: "fix", Number: 7} }
	plan := Plan{Name: "x", Run: map[string]config.ServiceRef{
		"web": {}, "gateway": ref("a"), "orders": ref("c"), "products": ref("d"), "mailer": ref("b"),
	}}
	want := map[string]string{
		"Deployment previewset.dev/image-of=orders": sha("c"), "StatefulSet previewset.dev/image-of=orders": sha("c"),
		"Deployment previewset.dev/image-of=products": sha("d"), "StatefulSet previewset.dev/image-of=products": sha("d"),
	}
	if diff := cmp.Diff(want, podCommits(t, mustCompose(t, cfg, plan))); diff != "" {
		t.Errorf("commits (-want +got):\n%s", diff)
	}
	plan.Run["products"], plan.Run["mailer"] = ref("e"), ref("f")
	want["Deployment previewset.dev/image-of=products"], want["StatefulSet previewset.dev/image-of=products"] = sha("e"), sha("e")
	if diff := cmp.Diff(want, podCommits(t, mustCompose(t, cfg, plan))); diff != "" {
		t.Errorf("commits after a push (-want +got):\n%s", diff)
	}
}
