package stories

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/previewset/previewset/e2e/argocd"
	"github.com/previewset/previewset/e2e/cluster"
	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/stand"
)

// A user applies appsets/ again, while previews run and the generator has saved state. Nothing changes.
func TestApplyingTheInstallationAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.openLive(t, w.gateway, "main.go")
	untouched, before := w.untouched(t, p.application), w.installed(t)
	out, err := w.Cluster.Kubectl(t.Context(), nil, "apply", "--kustomize", w.Appsets())
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out, "\n"); lines != len(before) {
		t.Errorf("%d objects were applied, want %d:\n%s", lines, len(before), out)
	}
	if diff := cmp.Diff(before, w.installed(t)); diff != "" {
		t.Errorf("installed objects (-before +after):\n%s", diff)
	}
	w.Always(t, while, "the preview doesn't change", untouched)
}

// Hosts without an environment lead to the generator's public listener, and to no other port of it.
func TestTheWildcardRouteLeadsToThePublicListener(t *testing.T) {
	t.Parallel()
	w := shared
	routes := w.Cluster.Dynamic.Resource(cluster.HTTPRoutes).Namespace(argocd.Namespace)
	route, err := routes.Get(t.Context(), "preview-generator-wildcard", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	spec, _, err := unstructured.NestedMap(route.Object, "spec")
	if err != nil {
		t.Fatal(err)
	}
	delete(spec, "parentRefs")
	want := map[string]any{
		"hostnames": []any{"*." + stand.Domain},
		"rules": []any{map[string]any{
			"matches": []any{map[string]any{"path": map[string]any{"type": "PathPrefix", "value": "/"}}},
			"backendRefs": []any{map[string]any{
				"group": "", "kind": "Service", "name": "preview-generator-public", "port": int64(80), "weight": int64(1),
			}},
		}},
	}
	if diff := cmp.Diff(want, spec); diff != "" {
		t.Errorf("the wildcard route (-want +got):\n%s", diff)
	}
	service, err := w.Cluster.Client.CoreV1().Services(argocd.Namespace).Get(t.Context(), "preview-generator-public", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if ports := service.Spec.Ports; len(ports) != 1 || ports[0].Port != 80 || ports[0].TargetPort.StrVal != "public" {
		t.Errorf("its Service has ports %v", ports)
	}
}

// installed returns the declared parts of the installed objects. kubectl's own output can't be compared: it reports
// Secrets as configured because Kustomize ends their values with a newline, and the ApplicationSet because Argo CD adds
// empty fields.
func (r objectReader) installed(t *testing.T) map[string]any {
	t.Helper()
	objects := r.list(t, nil, "get", "--kustomize", r.stand.Appsets())
	found := map[string]any{}
	for i := range objects {
		object := &objects[i]
		object.SetGeneration(0)
		d := declared(object)
		switch {
		case object.GetKind() == "ApplicationSet":
			d["spec"] = asArgoCDReads(t, object)
			unstructured.RemoveNestedField(d, "metadata", "annotations", "argocd.argoproj.io/application-set-refresh")
		case object.GetKind() == "Application": // a sync is running, such as the baseline's long one
			unstructured.RemoveNestedField(d, "operation")
		case object.GetName() == savedState: // the generator writes it at any time
			d["binaryData"] = d["binaryData"] != nil
		}
		found[object.GetKind()+" "+object.GetName()] = d
	}
	return found
}

// asArgoCDReads returns the specification of an ApplicationSet as Argo CD reads and writes it.
func asArgoCDReads(t *testing.T, object *unstructured.Unstructured) string {
	t.Helper()
	content, err := object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var set v1alpha1.ApplicationSet
	if err = json.Unmarshal(content, &set); err != nil {
		t.Fatal(err)
	}
	if content, err = json.MarshalIndent(set.Spec, "", " "); err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// A user applies appsets/ without one of the secrets. kubectl's error names the file.
func TestApplyingWithoutASecretNamesTheFile(t *testing.T) {
	t.Parallel()
	w := shared
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(w.Repository())); err != nil {
		t.Fatal(err)
	}
	secrets, err := filepath.Glob(copied + "/appsets/secrets/*.[ts]*")
	if err != nil || len(secrets) != 5 {
		t.Fatalf("the secrets are %q, %v", secrets, err)
	}
	for _, secret := range secrets {
		away := secret + ".away"
		if err := os.Rename(secret, away); err != nil {
			t.Fatal(err)
		}
		_, err := w.Cluster.Kubectl(t.Context(), nil, "apply", "--dry-run=client", "--kustomize", copied+"/appsets")
		if err == nil || !strings.Contains(err.Error(), filepath.Base(secret)) {
			t.Errorf("without %s kubectl says: %v", filepath.Base(secret), err)
		}
		if err := os.Rename(away, secret); err != nil {
			t.Fatal(err)
		}
	}
}

// previewctl render prints exactly the objects that Argo CD applied. Applying them again would change nothing.
func TestRenderPrintsTheObjectsThatArgoCDApplied(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.shop, labelled("orders/main.go", "preview"))
	folder := "overlays/" + p.name
	addition := gitserver.All(
		gitserver.Write(folder+"/kustomization.yaml", greetingOverlay), gitserver.Write(folder+"/greeting.yaml", greeting("hello")),
		gitserver.Write(folder+"/environment.yaml", adjusts(p)+"components: [verbose]\n"))
	w.commit(t, "Greet", addition)
	w.waitConfigMap(t, p, "greeting", "text", "hello")
	app := w.waitSynced(t, p)

	checkout := t.TempDir()
	if err := os.CopyFS(checkout, os.DirFS(w.Repository())); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(checkout)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	if err := addition(root); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{p.name, p.String()} {
		rendered, err := w.Previewctl(t.Context(), append([]string{"render", what, "--dir=" + checkout}, w.APIFlags()...)...)
		if err != nil {
			t.Fatal(err)
		}
		applied := w.objects(t, rendered, "apply", "--server-side", "--force-conflicts", "--dry-run=server", "--field-manager=story")
		if diff := cmp.Diff(inCluster(t, app.Object), names(applied)); diff != "" {
			t.Errorf("render %s has other objects than the Application (-Application +render):\n%s", what, diff)
		}
		if diff := cmp.Diff(w.objects(t, rendered, "get"), applied); diff != "" {
			t.Errorf("applying render %s would change objects (-present +applied):\n%s", what, diff)
		}
	}
}

// objects runs a kubectl command with manifests and returns the declared parts of the objects in its output.
func (r objectReader) objects(t *testing.T, manifests string, args ...string) map[string]any {
	t.Helper()
	objects := r.list(t, strings.NewReader(manifests), append(args, "--filename=-")...)
	found := map[string]any{}
	for i := range objects {
		object := &objects[i]
		object.SetGeneration(0)
		found[fmt.Sprintf("%s %s/%s", object.GetKind(), object.GetNamespace(), object.GetName())] = declared(object)
	}
	return found
}

// list runs a kubectl command that prints several objects.
func (r objectReader) list(t *testing.T, in io.Reader, args ...string) []unstructured.Unstructured {
	t.Helper()
	out, err := r.stand.Cluster.Kubectl(t.Context(), in, append(args, "--output=json")...)
	if err != nil {
		t.Fatal(err)
	}
	var list unstructured.UnstructuredList
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func names(objects map[string]any) map[string]bool {
	set := map[string]bool{}
	for name := range objects {
		set[name] = true
	}
	return set
}

// inCluster returns the objects in the Application's status.
func inCluster(t *testing.T, app *unstructured.Unstructured) map[string]bool {
	t.Helper()
	resources, _, err := unstructured.NestedSlice(app.Object, "status", "resources")
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]bool{}
	for _, r := range resources {
		r, _ := r.(map[string]any)
		namespace, _ := r["namespace"].(string)
		set[fmt.Sprintf("%s %s/%s", r["kind"], namespace, r["name"])] = true
	}
	return set
}
