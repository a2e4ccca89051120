package overlay

import (
	"maps"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/overlaytest"
	"github.com/previewset/previewset/internal/preview"
)

const fileOfMine = "overlays/mine/environment.yaml"

// sizedShop is the shop with variables of api in an environment, and a size for profile full.
func sizedShop(t *testing.T, env string, edits ...string) map[string]string {
	t.Helper()
	const api = "kustomize-base/services/api/run/api.yaml"
	changes := map[string]string{
		fileOfMine: "apiVersion: previewset.dev/v1alpha1\nkind: Environment\nprofile: full\nservices: {api: {env: " + env + "}}\n",
		"overlays/mine/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" +
			"resources: [../preview]\n",
		policyFile: strings.Replace(readShop(t, policyFile), "full: {run: all", "full: {size: s, run: all", 1) +
			"sizes: {s: {requests: {cpu: 20m}, limits: {cpu: 100m, memory: 64Mi}, quota: {pods: \"4\"}}}\n",
		"kustomize-base/services/web/run/deployment.yaml": strings.Replace(readShop(t, "kustomize-base/services/web/run/deployment.yaml"),
			"  name: web\nspec:", "  name: web\n  labels: {previewset.dev/image-of: web}\nspec:", 1),
		api: strings.NewReplacer("metadata: {name: api}\nspec:\n  selector: {matchLabels",
			"metadata: {name: api, labels: {previewset.dev/image-of: api}}\nspec:\n  selector: {matchLabels",
			"name: api, image: ghcr.io/acme/api,", "name: api, env: [{name: LEVEL, value: info}, {name: KEY, valueFrom: {fieldRef: "+
				"{fieldPath: metadata.name}}}], image: ghcr.io/acme/api,").Replace(readShop(t, api)),
	}
	for i := 0; i < len(edits); i += 3 {
		before, ok := changes[edits[i]]
		if !ok || !strings.Contains(before, edits[i+1]) {
			t.Fatalf("%s has no %q", edits[i], edits[i+1])
		}
		changes[edits[i]] = strings.Replace(before, edits[i+1], edits[i+2], 1)
	}
	return changes
}

func TestCheckFindsMistakesInSizesAndVariables(t *testing.T) {
	t.Parallel()
	const api, web = "kustomize-base/services/api/run/api.yaml", "kustomize-base/services/web/run/deployment.yaml"
	const label = "labels: {previewset.dev/image-of: "
	tests := []struct {
		name  string
		files map[string]string
		want  string // a part of a problem
	}{
		{"nothing", sizedShop(t, "{LEVEL: debug, NEW: x}"), ""},
		{"a variable that isn't in Git", sizedShop(t, "{KEY: x}"), fileOfMine + ": overlays/mine: services.api.env.KEY: the variable"},
		{"a workload without its label", sizedShop(t, "{A: x}", api, label+"api}", label+"other}"), "env: no Deployment or StatefulSet"},
		{"another container", sizedShop(t, "{A: x}", api, "[{name: api, env", "[{name: main, env"), "Deployment api has no container api"},
		{"the same for a size", sizedShop(t, "{A: x}", web, "- name: web", "- name: main"), "services.web: Deployment web has no container web"},
		{
			"a container that is named",
			sizedShop(t, "{A: x}", api, "[{name: api, env", "[{name: main, env", policyFile, "data: [db]", "data: [db], container: main"), "",
		},
		{
			"a quota that is smaller than the size", sizedShop(t, "{A: x}", policyFile, `pods: "4"`, `pods: "1"`),
			"profile full and 2 more: ResourceQuota guardrails: spec.hard: pods: 2 is used, and 1 is allowed",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			problems := checkShop(t, tt.files).Problems
			if text := problems.Error(); !strings.Contains(text, tt.want) || (tt.want == "") != (len(problems) == 0) {
				t.Errorf("problems are %q, want %q", text, tt.want)
			}
		})
	}
}

// A size and variables reach the container of the service, and nothing else of it changes.
func TestSizeAndVariablesReachTheContainer(t *testing.T) {
	t.Parallel()
	r := New(overlaytest.Shop(sizedShop(t, "{LEVEL: debug}")))
	cfg := loadConfig(t, r)
	row, err := preview.Compose(cfg, Plan(cfg, "mine"))
	if err != nil {
		t.Fatal(err)
	}
	objects := objectsOf(t, r, row)
	container := objects["Deployment api"].Items("spec", "template", "spec", "containers")[0]
	got := map[string]any{}
	for _, e := range container.Items("env") {
		got[e.Text("name")] = e.At("value")
	}
	if want := map[string]any{"LEVEL": "debug", "KEY": nil}; !maps.Equal(got, want) {
		t.Errorf("variables %v, want %v", got, want)
	}
	if container.Text("resources", "limits", "memory") != "64Mi" || container.Text("resources", "requests", "cpu") != "20m" ||
		!strings.HasPrefix(container.Text("image"), "ghcr.io/acme/api:") {
		t.Errorf("the container is %v", container.Fields)
	}
	if pods := objects["ResourceQuota guardrails"].Text("spec", "hard", "pods"); pods != "4" {
		t.Errorf("the quota has %s pods", pods)
	}
}
