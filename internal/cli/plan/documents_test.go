package plan

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/preview"
)

func TestDocumentsNamesEachObject(t *testing.T) {
	t.Parallel()
	manifest := func(version, kind string) string {
		return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: web}\n"
	}
	all := []string{manifest("v1", "Service"), manifest("networking.k8s.io/v1", "Ingress"), manifest("extensions/v1", "Ingress")}
	files, err := documents("alice", strings.Join(all, "---\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"alice/Ingress-web.yaml", "alice/Ingress-web_.yaml", "alice/Service-web.yaml"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(files))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCopyIgnoredKeepsOnlyIgnoredFields(t *testing.T) {
	t.Parallel()
	labelled := []string{`select(.metadata.labels["previewset.dev/image-of"] == "web") | .spec`}
	ignored := []preview.IgnoreDifference{
		{Group: "apps", Kind: "Deployment", Name: "web", JSONPointers: []string{"/spec"}},
		{Group: "apps", Kind: "Deployment", JQPathExpressions: labelled},
	}
	for metadata, wantSpec := range map[string]string{
		"{name: web}":    "old",
		"{name: worker}": "new",
		`{name: worker, labels: {previewset.dev/image-of: web}}`:    "old",
		`{name: worker, labels: {previewset.dev/image-of: orders}}`: "new",
	} {
		object := func(spec, other string) map[string][]byte {
			return map[string][]byte{"alice/a.yaml": []byte(
				"apiVersion: apps/v1\nkind: Deployment\nmetadata: " + metadata + "\nspec: " + spec + "\nother: " + other + "\n")}
		}
		before, after := object("old", "1"), object("new", "2")
		if err := copyIgnored(ignored, before, after); err != nil {
			t.Fatal(err)
		}
		got := string(after["alice/a.yaml"])
		if !strings.Contains(got, "spec: "+wantSpec+"\n") || !strings.Contains(got, "other: 2\n") {
			t.Errorf("%s: the later object is\n%s", metadata, got)
		}
	}
}
