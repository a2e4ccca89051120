package stories

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/previewset/previewset/e2e/gitserver"
)

// Somebody applies appsets/ again, while previews run and the service has written its memory: nothing changes.
func TestApplyingTheInstallationAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.openLive(t, w.gateway, "main.go")
	untouched := w.untouched(t, p.application)
	d, derr := w.Cluster.Kubectl(t.Context(), nil, "diff", "--kustomize", w.Appsets())
	t.Log(d, derr)
	out, err := w.Cluster.Kubectl(t.Context(), nil, "apply", "-v=9", "--kustomize", w.Appsets())
	if err != nil {
		t.Fatal(err)
	}
	if len(strings.Fields(out)) == 0 {
		t.Fatal("kubectl said nothing")
	}
	for line := range strings.Lines(out) {
		if !strings.HasSuffix(line, " unchanged\n") {
			t.Errorf("kubectl says: %s", line)
		}
	}
	w.Always(t, while, "the preview isn't touched", all(untouched, w.showsNoError))
}

// Somebody applies appsets/ without having put a secret there: kubectl names the file.
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

// What previewctl render shows of a preview is what Argo CD applied: the same objects, and applying them again would change
// nothing.
func TestRenderShowsWhatArgoCDApplied(t *testing.T) {
	t.Parallel()
	w := shared
	p := w.open(t, w.shop, labelled("orders/main.go", "preview"))
	folder := "overlays/" + p.name
	addition := gitserver.All(
		gitserver.Write(folder+"/kustomization.yaml", greetingOverlay), gitserver.Write(folder+"/greeting.yaml", greeting("hello")),
		gitserver.Write(folder+"/environment.yaml", adjusts(p)+"components: [debug]\n"))
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
			t.Errorf("render %s would change what is there (-is +would be):\n%s", what, diff)
		}
	}
}

// objects gives manifests to a kubectl command and returns the objects that it answers with, as they are declared.
func (w *world) objects(t *testing.T, manifests string, args ...string) map[string]any {
	t.Helper()
	out, err := w.Cluster.Kubectl(t.Context(), strings.NewReader(manifests), append(args, "--filename=-", "--output=json")...)
	if err != nil {
		t.Fatal(err)
	}
	var list unstructured.UnstructuredList
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	found := map[string]any{}
	for i := range list.Items {
		object := &list.Items[i]
		object.SetGeneration(0)
		found[fmt.Sprintf("%s %s/%s", object.GetKind(), object.GetNamespace(), object.GetName())] = declared(object)
	}
	return found
}

func names(objects map[string]any) map[string]bool {
	set := map[string]bool{}
	for name := range objects {
		set[name] = true
	}
	return set
}

// inCluster are the objects that Argo CD says the Application has.
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
