package cluster

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/previewset/previewset/internal/preview"
)

// object is an object as the API server sends it.
func object(t *testing.T, text string) unstructured.Unstructured {
	t.Helper()
	var o unstructured.Unstructured
	if err := o.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return o
}

// set is an ApplicationSet with a name, which is its UID too, and generators.
func set(t *testing.T, name, generators string) unstructured.Unstructured {
	t.Helper()
	return object(t, `{"apiVersion":"argoproj.io/v1alpha1","kind":"ApplicationSet","metadata":{"name":"`+name+`","uid":"`+name+`"},"spec":{"generators":`+generators+`}}`)
}

func TestPluginsAreFoundInWhateverDepth(t *testing.T) {
	t.Parallel()
	const plugin = `{"plugin":{"configMapRef":{"name":"preview-generator"},"input":{"parameters":{"repository":["acme/shop"]}},"requeueAfterSeconds":60}}`
	one := []preview.Plugin{{ApplicationSet: "s", ConfigMap: "preview-generator", Parameters: map[string]any{"repository": []any{"acme/shop"}}}}
	for name, tt := range map[string]struct {
		generators string
		want       []preview.Plugin
	}{
		"alone":            {`[` + plugin + `]`, one},
		"in a matrix":      {`[{"matrix":{"generators":[{"list":{"elements":[]}},` + plugin + `]}}]`, one},
		"in a merge":       {`[{"merge":{"mergeKeys":["name"],"generators":[` + plugin + `,{"list":{"elements":[]}}]}}]`, one},
		"in both":          {`[{"merge":{"generators":[{"matrix":{"generators":[` + plugin + `]}}]}}]`, one},
		"twice":            {`[` + plugin + `,` + plugin + `]`, append(one, one...)},
		"without anything": {`[{"plugin":{}}]`, []preview.Plugin{{ApplicationSet: "s"}}},
		"null":             {`[{"plugin":null}]`, nil},
		"others only":      {`[{"list":{"elements":[{"plugin":{}}]}},{"git":{"repoURL":"x"}}]`, nil},
		"none":             {`[]`, nil},
		"of another shape": {`{"a":1}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := set(t, "s", tt.generators)
			if diff := cmp.Diff(tt.want, pluginsOf(&s)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// owned is an Application's metadata.
func owned(name, kind, owner string) metav1.PartialObjectMetadata {
	m := metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if owner != "" {
		yes := true
		m.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: owner, UID: types.UID(owner), Controller: &yes}}
	}
	return m
}

func TestApplicationsOfOthersAreTaken(t *testing.T) {
	t.Parallel()
	no := false
	guest := owned("guest", "", "")
	guest.OwnerReferences = []metav1.OwnerReference{{Kind: "ApplicationSet", Name: "previews", UID: "previews", Controller: &no}}
	got := clusterOf(
		[]unstructured.Unstructured{set(t, "previews", `[{"plugin":{"configMapRef":{"name":"c"}}}]`), set(t, "others", `[{"list":{}}]`), set(t, "broken", `7`)},
		[]metav1.PartialObjectMetadata{
			owned("ours", "ApplicationSet", "previews"), owned("theirs", "ApplicationSet", "others"), owned("gone", "ApplicationSet", "deleted"),
			owned("nobodys", "", ""), owned("apps", "Application", "root"), guest,
		},
	)
	want := preview.Cluster{
		Taken: map[string]string{
			"theirs": "which ApplicationSet others owns", "gone": "which ApplicationSet deleted owns", "nobodys": "which no ApplicationSet owns",
			"apps": "which Application root owns", "guest": "which no ApplicationSet owns",
		},
		Plugins: []preview.Plugin{{ApplicationSet: "previews", ConfigMap: "c"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const commit = "abcdefabcdefabcdefabcdefabcdefabcdefabcd"

// applicationObject is one as Argo CD keeps it, with what is in none of our templates.
func applicationObject(t *testing.T, edit func(map[string]any)) unstructured.Unstructured {
	t.Helper()
	o := object(t, `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"preview-shop-pr-7","namespace":"argocd",
		"labels":{"previewset.dev/environment":"shop-pr-7","previewset.dev/source":"pull-request","previewset.dev/owner":"alice","previewset.dev/repository":"acme-shop","previewset.dev/profile":"changed","previewset.dev/state":"awake"},
		"annotations":{"previewset.dev/owner":"alice","previewset.dev/repository":"acme/shop","previewset.dev/pull-request":"7","previewset.dev/head-sha":"`+commit+`","previewset.dev/url":"","previewset.dev/expires-at":""},
		"ownerReferences":[{"apiVersion":"argoproj.io/v1alpha1","kind":"ApplicationSet","name":"previews","uid":"previews","controller":true,"blockOwnerDeletion":true}],
		"finalizers":["resources-finalizer.argocd.argoproj.io"],"managedFields":[{"manager":"argocd"}]},
		"spec":{"project":"previews","source":{"repoURL":"https://github.com/acme/previews.git","path":"overlays/preview","targetRevision":"`+commit+`",
			"kustomize":{"namespace":"preview-shop-pr-7","components":["../../kustomize-base/services/orders/run"],"version":"v5"}},
			"destination":{"server":"https://kubernetes.default.svc","namespace":"preview-shop-pr-7"},"info":[{"name":"Repository ID","value":"11"}]},
		"status":{"sync":{"status":"Synced"},"resources":[{"kind":"Namespace"}]},"operation":{"sync":{}}}`)
	if edit != nil {
		edit(o.Object)
	}
	return o
}

func TestOwnApplicationsAreRecovered(t *testing.T) {
	t.Parallel()
	metadata := func(key string, value any) func(map[string]any) {
		return func(o map[string]any) { o["metadata"].(map[string]any)[key] = value }
	}
	for name, tt := range map[string]struct {
		edit    func(map[string]any)
		live    int
		unclear int
	}{
		"ours":                         {nil, 1, 0},
		"one that is being deleted":    {metadata("deletionTimestamp", "2026-11-20T12:00:00Z"), 0, 0},
		"nobody's":                     {metadata("ownerReferences", nil), 0, 0},
		"of another ApplicationSet":    {metadata("ownerReferences", []any{map[string]any{"uid": "others", "controller": true}}), 0, 0},
		"ours, without its labels":     {metadata("labels", nil), 0, 1},
		"ours, without a spec":         {func(o map[string]any) { delete(o, "spec") }, 0, 1},
		"ours, with null where it was": {func(o map[string]any) { o["spec"] = nil }, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := applicationObject(t, tt.edit)
			var got preview.Recovered
			if err := recoverFrom(&app, map[types.UID]bool{"previews": true}, &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Environments) != tt.live || len(got.Unclear) != tt.unclear {
				t.Errorf("%+v", got)
			}
			if e := got.Environments["shop-pr-7"]; tt.live > 0 && (!slices.Equal(e.Members, []preview.Member{{Repository: "acme/shop", RepositoryID: 11, Number: 7}}) || len(e.Run) != 1) {
				text, _ := json.Marshal(e)
				t.Errorf("recovered: %s", text)
			}
		})
	}
}
