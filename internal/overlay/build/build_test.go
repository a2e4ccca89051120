package build_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/build"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/kustomization"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
	"github.com/previewset/previewset/internal/preview"
)

// Kustomize keeps a named schema in a global variable. With the schema, a patch merges the list by its key.
func TestBuildsAtTheSameTimeHaveTheirOwnSchemas(t *testing.T) {
	t.Parallel()
	const header = "resources: [../preview, thing.yaml]\npatches:\n" +
		"- patch: '{apiVersion: acme.test/v1, kind: Thing, metadata: {name: x}, spec: {parts: [{name: b, size: 2}]}}'\n"
	files := map[string]string{
		"overlays/keyed/kustomization.yaml": header + "openapi: {path: schema.json}\n",
		"overlays/keyed/schema.json": `{"definitions": {"test.acme.v1.Thing": {"type": "object",
			"x-kubernetes-group-version-kind": [{"group": "acme.test", "kind": "Thing", "version": "v1"}],
			"properties": {"spec": {"type": "object", "properties": {"parts": {"type": "array",
			"x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge", "items": {"type": "object"}}}}}}}}`,
		"overlays/plain/kustomization.yaml": header,
	}
	for _, name := range []string{"keyed", "plain"} {
		files["overlays/"+name+"/thing.yaml"] = "apiVersion: acme.test/v1\nkind: Thing\nmetadata: {name: x}\n" +
			"spec: {parts: [{name: a, size: 1}]}\n"
		files["overlays/"+name+"/environment.yaml"] = "apiVersion: previewset.dev/v1alpha1\nkind: Environment\n"
	}
	for i := range 16 {
		name, parts := []string{"keyed", "plain"}[i%2], 2-i%2
		t.Run(fmt.Sprint(name, i), func(t *testing.T) {
			t.Parallel()
			r := openRepository(t, overlaytest.Shop(files), name)
			objects := r.objects(t, preview.Plan{Name: name}, preview.Awake)
			objects = slices.DeleteFunc(objects, func(o manifest.Object) bool { return o.Kind != "Thing" })
			if got := len(objects[0].Items("spec", "parts")); got != parts {
				t.Errorf("the Thing has %d parts, want %d", got, parts)
			}
		})
	}
}

func TestBuildEndsAfterATime(t *testing.T) {
	t.Parallel()
	tree := filetree.New(overlaytest.Shop(nil))
	b, err := build.New(tree, kustomization.NewGraph(tree)).Overlay("overlays/preview")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.RunWithin(0); err == nil || !strings.Contains(err.Error(), "the build of overlays/preview takes longer than 0s") {
		t.Errorf("without time, the build ends with %v", err)
	}
	if objects, err := b.RunWithin(build.MaxTime); err != nil || objects.Size() == 0 {
		t.Errorf("with time, the build ends with %v", err)
	}
}
