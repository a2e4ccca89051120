package stories

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/e2e/gitserver"
	"github.com/previewset/previewset/e2e/stand"
	"github.com/previewset/previewset/e2e/standtest"
	"github.com/previewset/previewset/internal/githubtest"
)

// A user plans a push. After the push, Argo CD gets exactly the planned row, creates exactly the planned Application
// and applies exactly the planned manifests, when an environment is created, changed and deleted.
func TestPlanEqualsTheChangesThatArgoCDMakes(t *testing.T) {
	t.Parallel()
	w := shared
	pr := w.open(t, w.gateway, labelled("main.go"))
	w.waitDecision(t, pr, standtest.Decision{Outcome: "held", Rule: "unlabelled"})
	pinned := githubtest.SHA(fmt.Sprintf("%d initial commit", w.shop.ID)) // of its default branch
	p, folder := named("planned"), "overlays/planned"
	file := func(more string) func(*os.Root) error {
		// Without a date, the expiry depends on the time of the push, which no plan can know.
		const header = "apiVersion: previewset.dev/v1alpha1\nkind: Environment\nowner: jakub\nprofile: checkout\n" +
			"lifetime: {expires: 2099-12-24T18:00:00Z}\nservices: {gateway: {pullRequest: %d}, orders: {sha: %s}}\n"
		return gitserver.Write(folder+"/environment.yaml", fmt.Sprintf(header, pr.number, pinned)+more)
	}
	manifests := t.TempDir() // the plans so far are applied to it
	for _, step := range []struct {
		change  string
		changes []func(*os.Root) error
	}{
		{"added", []func(*os.Root) error{
			file(""), gitserver.Write(folder+"/kustomization.yaml", greetingOverlay),
			gitserver.Write(folder+"/greeting.yaml", greeting("hello")),
		}},
		{"changed", []func(*os.Root) error{
			file("components: [verbose]\nshared: true\n"), gitserver.Write(folder+"/greeting.yaml", greeting("welcome")),
		}},
		{"removed", []func(*os.Root) error{gitserver.Remove(folder)}},
	} {
		plan := w.plan(t, p, gitserver.All(step.changes...))
		if plan.Change != step.change || plan.Unknown {
			t.Fatalf("planned: %s (unknown: %t), want %s", plan.Change, plan.Unknown, step.change)
		}
		apply(t, manifests, plan.Patch)
		w.commit(t, "Environment planned: "+step.change, step.changes...)
		if step.change == "removed" {
			break
		}
		w.Eventually(t, standtest.Patience, "Argo CD gets the planned row and has the planned Application", w.isTold(p, plan.After))
		w.waitSynced(t, p)
		if diff := cmp.Diff(planned(t, manifests), w.applied(t, p)); diff != "" {
			t.Errorf("%s: manifests (-planned +applied):\n%s", step.change, diff)
		}
	}
	if left := planned(t, manifests); len(left) > 0 {
		t.Errorf("the plan leaves %v", slices.Collect(maps.Keys(left)))
	}
	w.waitGone(t, p)
}

// plannedChange is the part of a plan about one environment.
type plannedChange struct {
	Environment, Change, Patch string
	Unknown                    bool
	After                      map[string]any
}

// plan returns the planned change of an environment for a change of the GitOps repository.
func (w *world) plan(t *testing.T, p preview, change func(*os.Root) error) plannedChange {
	t.Helper()
	clone := t.TempDir()
	url := strings.Replace(w.Git.URL, "://", "://git:"+w.Git.Password+"@", 1)
	git(t, clone, "", "clone", "--quiet", url, ".")
	root, err := os.OpenRoot(clone)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	if err := change(root); err != nil {
		t.Fatal(err)
	}
	var plan struct {
		Changes []plannedChange
		Held    []any
	}
	if err := json.Unmarshal([]byte(w.Run(t, "plan", "--dir="+clone, "--output=json")), &plan); err != nil {
		t.Fatal(err)
	}
	for _, c := range plan.Changes { // other stories' changes are in the plan too
		if c.Environment == p.name {
			return c
		}
	}
	t.Fatalf("the plan has no change of %s; held: %v", p.name, plan.Held)
	return plannedChange{}
}

// isTold returns an error unless Argo CD gets this row for the environment and has the Application that the row
// describes. The commit isn't compared, because no plan can know it.
func (w *world) isTold(p preview, row map[string]any) func(context.Context) error {
	return func(ctx context.Context) error {
		_, body, err := w.ask(ctx)
		if err != nil {
			return err
		}
		var answer struct {
			Output struct{ Parameters []map[string]any }
		}
		if err = json.Unmarshal([]byte(body), &answer); err != nil {
			return err
		}
		told := map[string]any{}
		for _, r := range answer.Output.Parameters {
			if r["name"] == p.name {
				told = r
			}
		}
		if diff := cmp.Diff(withoutRevision(row), withoutRevision(told)); diff != "" {
			return fmt.Errorf("row (-planned +answered):\n%s", diff)
		}
		app, err := w.Application(ctx, p.application)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(wantOf(row), specOf(app)); diff != "" {
			return fmt.Errorf("(-planned +Application):\n%s", diff)
		}
		return nil
	}
}

func withoutRevision(row map[string]any) map[string]any {
	row = maps.Clone(row)
	delete(row, "revision")
	return row
}

// wantOf returns the parts of a row that an Application's spec has.
func wantOf(row map[string]any) map[string]any {
	return map[string]any{
		"path": row["path"], "namespace": row["namespace"], "kustomize": full(row["kustomize"]), "info": full(row["info"]),
		"ignoreDifferences": full(row["ignoreDifferences"]), "syncOptions": full(row["syncOptions"]),
	}
}

func specOf(app stand.Application) map[string]any {
	field := func(path ...string) any {
		value, _, _ := unstructured.NestedFieldNoCopy(app.Object.Object, append([]string{"spec"}, path...)...)
		return full(value)
	}
	return map[string]any{
		"path": field("source", "path"), "namespace": field("destination", "namespace"), "kustomize": field("source", "kustomize"),
		"info": field("info"), "ignoreDifferences": field("ignoreDifferences"), "syncOptions": field("syncPolicy", "syncOptions"),
	}
}

// full returns a value without its empty parts, because Argo CD's types omit them. It returns nil if nothing is left.
func full(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := map[string]any{}
		for key, e := range v {
			if e = full(e); e != nil {
				m[key] = e
			}
		}
		if len(m) > 0 {
			return m
		}
	case []any:
		var list []any
		for _, e := range v {
			list = append(list, full(e))
		}
		if len(list) > 0 {
			return list
		}
	case string:
		if v != "" {
			return v
		}
	default:
		return v
	}
	return nil
}

// apply applies a plan's patch to the manifests in a folder.
func apply(t *testing.T, folder, patch string) {
	t.Helper()
	git(t, folder, patch, "apply", "--whitespace=nowarn", "-")
}

// planned returns the manifests in a folder, by kind and name.
func planned(t *testing.T, folder string) map[string]any {
	t.Helper()
	objects := map[string]any{}
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(content, &object.Object); err != nil {
			return err
		}
		objects[object.GetKind()+" "+object.GetName()] = object.Object
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// applied returns the manifests of an Application that Argo CD applied last, by kind and name, without the marks that
// Argo CD adds itself.
func (r objectReader) applied(t *testing.T, p preview) map[string]any {
	t.Helper()
	app, err := r.stand.Application(t.Context(), p.application)
	if err != nil {
		t.Fatal(err)
	}
	resources, _, err := unstructured.NestedSlice(app.Object.Object, "status", "resources")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"get", "--output=json", "--namespace=" + p.application}
	for _, r := range resources {
		r, _ := r.(map[string]any)
		group, _ := r["group"].(string)
		args = append(args, strings.TrimSuffix(fmt.Sprintf("%s.%s", r["kind"], group), ".")+fmt.Sprintf("/%s", r["name"]))
	}
	out, err := r.stand.Cluster.Kubectl(t.Context(), nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	var list unstructured.UnstructuredList
	if err := list.UnmarshalJSON([]byte(out)); err != nil {
		t.Fatal(err)
	}
	objects := map[string]any{}
	for i := range list.Items {
		object := &unstructured.Unstructured{}
		if err := json.Unmarshal([]byte(list.Items[i].GetAnnotations()[corev1.LastAppliedConfigAnnotation]), &object.Object); err != nil {
			t.Fatal(err)
		}
		objects[object.GetKind()+" "+object.GetName()] = withoutTracking(object)
	}
	return objects
}

func withoutTracking(object *unstructured.Unstructured) map[string]any {
	unstructured.RemoveNestedField(object.Object, "metadata", "labels", "app.kubernetes.io/instance")
	unstructured.RemoveNestedField(object.Object, "metadata", "annotations", "argocd.argoproj.io/tracking-id")
	for _, field := range []string{"labels", "annotations"} {
		if values, _, _ := unstructured.NestedMap(object.Object, "metadata", field); len(values) == 0 {
			unstructured.RemoveNestedField(object.Object, "metadata", field)
		}
	}
	return object.Object
}

// git runs git in a folder.
func git(t *testing.T, folder, stdin string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir, cmd.Stdin = folder, strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", args, err, out)
	}
}
