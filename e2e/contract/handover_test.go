package contract

import (
	"encoding/json"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v2/util/argo/normalizers"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/previewset/previewset/internal/preview"
)

// Argo CD's own code ignores the specification of each workload of a service that is handed over, and nothing else.
func TestHandoverIgnoresAllWorkloadsOfAService(t *testing.T) {
	t.Parallel()
	// preview.TestHandover expects the same text.
	labelled := []string{`select(.metadata.labels["previewset.dev/image-of"] == "web") | .spec`}
	var rows []preview.IgnoreDifference
	for _, kind := range []string{"Deployment", "StatefulSet"} {
		rows = append(rows,
			preview.IgnoreDifference{Group: "apps", Kind: kind, Name: "web", JSONPointers: []string{"/spec"}},
			preview.IgnoreDifference{Group: "apps", Kind: kind, JSONPointers: []string{}, JQPathExpressions: labelled})
	}
	var ignored []v1alpha1.ResourceIgnoreDifferences
	same(t, rows, &ignored)
	n, err := normalizers.NewIgnoreNormalizer(ignored, nil, normalizers.IgnoreNormalizerOpts{})
	if err != nil {
		t.Fatal(err)
	}
	for object, want := range map[string]bool{
		`"apps/v1", "kind": "Deployment", "metadata": {"name": "web"}`:                                                     true,
		`"apps/v1", "kind": "StatefulSet", "metadata": {"name": "beat", "labels": {"previewset.dev/image-of": "web"}}`:     true,
		`"apps/v1", "kind": "Deployment", "metadata": {"name": "worker", "labels": {"previewset.dev/image-of": "web"}}`:    true,
		`"apps/v1", "kind": "Deployment", "metadata": {"name": "orders", "labels": {"previewset.dev/image-of": "orders"}}`: false,
		`"apps/v1", "kind": "Deployment", "metadata": {"name": "other"}`:                                                   false,
		`"batch/v1", "kind": "Job", "metadata": {"name": "migrate", "labels": {"previewset.dev/image-of": "web"}}`:         false,
	} {
		u := &unstructured.Unstructured{}
		if err := json.Unmarshal([]byte(`{"apiVersion": `+object+`, "spec": {"a": 1}}`), &u.Object); err != nil {
			t.Fatal(err)
		}
		if err := n.Normalize(u); err != nil {
			t.Fatal(err)
		}
		if _, has := u.Object["spec"]; has == want {
			t.Errorf("%s: ignored is %v, want %v", object, !has, want)
		}
		if u.GetName() == "" {
			t.Errorf("%s: its metadata is ignored", object)
		}
	}
}
