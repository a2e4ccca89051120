package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/previewset/previewset/internal/preview"
)

// newObject decodes an object of the API server.
func newObject(t *testing.T, text string) unstructured.Unstructured {
	t.Helper()
	var o unstructured.Unstructured
	if err := o.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return o
}

// newSet returns an ApplicationSet. Its UID equals its name.
func newSet(t *testing.T, name, generators string) unstructured.Unstructured {
	t.Helper()
	return newObject(t, `{"apiVersion":"argoproj.io/v1alpha1","kind":"ApplicationSet",
		"metadata":{"name":"`+name+`","uid":"`+name+`"},"spec":{"generators":`+generators+`}}`)
}

// newMetadata returns an Application's metadata with a controller; none if owner is empty.
func newMetadata(name, kind, owner string) metav1.PartialObjectMetadata {
	m := metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if owner != "" {
		yes := true
		m.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: owner, UID: types.UID(owner), Controller: &yes}}
	}
	return m
}

func TestForeignApplicationsAreTaken(t *testing.T) {
	t.Parallel()
	notController := newMetadata("not-controller", "ApplicationSet", "previews")
	notController.OwnerReferences[0].Controller = new(bool)
	got := clusterOf(
		[]unstructured.Unstructured{
			newSet(t, "previews", `[{"plugin":{"configMapRef":{"name":"c"}}}]`),
			newSet(t, "others", `[{"list":{}}]`),
			newSet(t, "broken", `7`),
		},
		[]metav1.PartialObjectMetadata{
			newMetadata("ours", "ApplicationSet", "previews"),
			newMetadata("foreign", "ApplicationSet", "others"),
			newMetadata("deleted-owner", "ApplicationSet", "deleted"),
			newMetadata("no-owner", "", ""),
			newMetadata("apps", "Application", "root"),
			notController,
		},
	)
	want := preview.Cluster{
		Taken: map[string]string{
			"foreign":        "which ApplicationSet others owns",
			"deleted-owner":  "which ApplicationSet deleted owns",
			"no-owner":       "which no ApplicationSet owns",
			"apps":           "which Application root owns",
			"not-controller": "which no ApplicationSet owns",
		},
		Plugins: []preview.Plugin{{ApplicationSet: "previews", ConfigMap: "c"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
