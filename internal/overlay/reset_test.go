package overlay

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// exampleObjects builds the example with some stores started anew, by identity.
func exampleObjects(t *testing.T, resets map[string]time.Time) map[string]manifest.Object {
	t.Helper()
	r := New(previewset.Example)
	cfg := loadConfig(t, r)
	plan := planOf(serviceNames(cfg.Policy))
	plan.Reset = resets
	found := map[string]manifest.Object{}
	for _, o := range composed(t, r, cfg, plan) {
		found[o.Identity()] = o
	}
	return found
}

// A reset changes only the Pod template of the store: claims stay, and no other Pods restart.
func TestAResetChangesOnlyThePodsOfItsStore(t *testing.T) {
	t.Parallel()
	before := exampleObjects(t, nil)
	after := exampleObjects(t, map[string]time.Time{"redis": time.Unix(1, 0)})
	if !slices.Equal(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))) {
		t.Error("a reset adds or removes objects")
	}
	for identity, o := range after {
		old := before[identity]
		path := firstDifference("", old.Fields, o.Fields)
		isStore := o.Kind == "StatefulSet" && o.Name == "redis"
		if path != "" && (!isStore || !strings.HasPrefix(path, "spec.template")) {
			t.Errorf("%s differs at %s", o, path)
		}
		if isStore && path == "" {
			t.Errorf("%s doesn't change", o)
		}
	}
	redis := after["apps/StatefulSet/preview-"+sampleName+"/redis"]
	containers := redis.Items("spec", "template", "spec", "initContainers")
	if len(containers) == 0 || containers[0].Text("name") != "reset" {
		t.Errorf("the first init container of redis isn't reset: %v", containers)
	}
	if got := redis.Text("spec", "template", "metadata", "annotations", "previewset.dev/reset"); got != "1970-01-01T00:00:01Z" {
		t.Errorf("the Pods have the time %q", got)
	}
}

func TestCheckFindsAStoreThatCannotReset(t *testing.T) {
	t.Parallel()
	got := checkShop(t, map[string]string{
		"kustomize-base/data/db/reset/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: []\n",
	})
	if len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Error(), "no StatefulSet or Deployment is called db") {
		t.Errorf("problems: %v", got.Problems)
	}
}
