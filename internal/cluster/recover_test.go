package cluster

import (
	"encoding/json"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/previewset/previewset/internal/preview"
)

// newApplication returns an Application as Argo CD stores it, with fields that our templates don't have.
func newApplication(t *testing.T, edit func(map[string]any)) unstructured.Unstructured {
	t.Helper()
	const commit = "abcdefabcdefabcdefabcdefabcdefabcdefabcd"
	o := newObject(t, `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application",
		"metadata":{"name":"preview-shop-pr-7","namespace":"argocd",
			"labels":{"previewset.dev/environment":"shop-pr-7","previewset.dev/source":"pull-request",
				"previewset.dev/owner":"alice","previewset.dev/repository":"acme-shop",
				"previewset.dev/profile":"changed","previewset.dev/state":"awake"},
			"annotations":{"previewset.dev/owner":"alice","previewset.dev/repository":"acme/shop",
				"previewset.dev/pull-request":"7","previewset.dev/head-sha":"`+commit+`",
				"previewset.dev/url":"","previewset.dev/expires-at":""},
			"ownerReferences":[{"apiVersion":"argoproj.io/v1alpha1","kind":"ApplicationSet",
				"name":"previews","uid":"previews","controller":true,"blockOwnerDeletion":true}],
			"finalizers":["resources-finalizer.argocd.argoproj.io"],"managedFields":[{"manager":"argocd"}]},
		"spec":{"project":"previews",
			"source":{"repoURL":"https://github.com/acme/previews.git","path":"overlays/preview","targetRevision":"`+commit+`",
				"kustomize":{"namespace":"preview-shop-pr-7","version":"v5",
					"components":["../../kustomize-base/services/orders/run"]}},
			"destination":{"server":"https://kubernetes.default.svc","namespace":"preview-shop-pr-7"},
			"info":[{"name":"Repository ID","value":"11"}]},
		"status":{"sync":{"status":"Synced"},"resources":[{"kind":"Namespace"}]},"operation":{"sync":{}}}`)
	if edit != nil {
		edit(o.Object)
	}
	return o
}

func TestRecover(t *testing.T) {
	t.Parallel()
	setMetadata := func(key string, value any) func(map[string]any) {
		return func(o map[string]any) { o["metadata"].(map[string]any)[key] = value }
	}
	foreign := []any{map[string]any{"uid": "others", "controller": true}}
	for name, tt := range map[string]struct {
		edit      func(map[string]any)
		recovered int
		unclear   int
	}{
		"ours":                        {nil, 1, 0},
		"being deleted":               {setMetadata("deletionTimestamp", "2026-11-20T12:00:00Z"), 0, 0},
		"without an owner":            {setMetadata("ownerReferences", nil), 0, 0},
		"of another ApplicationSet":   {setMetadata("ownerReferences", foreign), 0, 0},
		"ours, without labels":        {setMetadata("labels", nil), 0, 1},
		"ours, without a spec":        {func(o map[string]any) { delete(o, "spec") }, 0, 1},
		"ours, with null as its spec": {func(o map[string]any) { o["spec"] = nil }, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := newApplication(t, tt.edit)
			var got preview.Recovered
			if err := addRecovered(&got, &app, map[types.UID]bool{"previews": true}); err != nil {
				t.Fatal(err)
			}
			if len(got.Environments) != tt.recovered || len(got.Unclear) != tt.unclear {
				t.Errorf("%+v", got)
			}
			if tt.recovered == 0 {
				return
			}
			e := got.Environments["shop-pr-7"]
			want := []preview.Member{{Repository: "acme/shop", RepositoryID: 11, Number: 7}}
			if !slices.Equal(e.Members, want) || len(e.Run) != 1 {
				text, _ := json.Marshal(e)
				t.Errorf("recovered %s", text)
			}
		})
	}
}
