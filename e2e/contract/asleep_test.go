package contract

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v2/util/git"
	"github.com/argoproj/argo-cd/v2/util/kustomize"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/e2e/toolchain"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// loud is an overlay that sets the same fields as sleep. The row's patches are applied later.
const loudOverlay = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../preview]
patches:
- target: {kind: Deployment}
  patch: '[{"op": "add", "path": "/spec/replicas", "value": 3}]'
- target: {kind: Deployment, name: orders}
  patch: '[{"op": "add", "path": "/metadata/annotations", "value": {"previewset.dev/keep-awake": "true"}}]'
`

// Argo CD's Kustomize code renders a sleeping row like an awake one, except for Pods and routes.
func TestArgoCDRendersSleep(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load(exampleTree(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	plan := preview.Plan{Name: "loud", Owner: "alice", Dataset: "truncated", Components: []string{"spot"}, Run: map[string]config.ServiceRef{}}
	for _, s := range cfg.Policy.Services {
		plan.Run[s.Name] = config.ServiceRef{SHA: digest(s.Name), Branch: "main"}
	}
	states := map[preview.State]map[string]*unstructured.Unstructured{}
	for _, state := range []preview.State{preview.Awake, preview.Waking, preview.Asleep} {
		plan.State = state
		row, err := preview.Compose(cfg, plan)
		if err != nil {
			t.Fatal(err)
		}
		states[state] = rendered(t, row)
	}
	wantWaking, wantAsleep := withoutRoutes(states[preview.Awake]), withoutRoutes(states[preview.Awake])
	for key, object := range wantAsleep {
		kind := object.GetKind()
		if (kind == "Deployment" && object.GetName() != "orders") || kind == "StatefulSet" {
			wantAsleep[key] = scaled(t, object, 0)
		}
	}
	if diff := cmp.Diff(wantWaking, states[preview.Waking]); diff != "" {
		t.Errorf("waking (-awake without its routes +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantAsleep, states[preview.Asleep]); diff != "" {
		t.Errorf("asleep (-awake without Pods and routes +got):\n%s", diff)
	}
	if cmp.Equal(wantWaking, wantAsleep) || len(wantWaking)+2 != len(states[preview.Awake]) {
		t.Errorf("%d objects awake, %d waking", len(states[preview.Awake]), len(wantWaking))
	}
}

// rendered returns the objects that Argo CD's repo-server renders from a row, in a copy of the example with one more
// overlay.
func rendered(t *testing.T, row preview.Row) map[string]*unstructured.Unstructured {
	t.Helper()
	tools, err := toolchain.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err = tools.Build(t.Context(), t.Output(), toolchain.Kustomize); err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err = os.CopyFS(root, previewset.Example); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(root, "overlays", row.Name)
	if err = os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err = os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(loudOverlay), 0o600); err != nil {
		t.Fatal(err)
	}
	var source v1alpha1.ApplicationSourceKustomize
	same(t, row.Kustomize, &source)
	app := kustomize.NewKustomizeApp(root, folder, git.NopCreds{}, "", tools.Path(toolchain.Kustomize), "", "")
	objects, _, _, err := app.Build(&source, nil, &v1alpha1.Env{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*unstructured.Unstructured{}
	for _, o := range objects {
		found[o.GetKind()+" "+o.GetName()] = o
	}
	return found
}

func withoutRoutes(all map[string]*unstructured.Unstructured) map[string]*unstructured.Unstructured {
	kept := map[string]*unstructured.Unstructured{}
	for key, object := range all {
		if object.GetKind() != "HTTPRoute" {
			kept[key] = object
		}
	}
	return kept
}

func scaled(t *testing.T, object *unstructured.Unstructured, replicas int64) *unstructured.Unstructured {
	t.Helper()
	object = object.DeepCopy()
	if err := unstructured.SetNestedField(object.Object, replicas, "spec", "replicas"); err != nil {
		t.Fatal(err)
	}
	return object
}
