package overlay

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/preview"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestBuild(t *testing.T) {
	t.Parallel()
	pin := preview.Pin{SHA: sampleSHA, Branch: "fix", Number: 7}
	tests := []struct {
		name string
		plan preview.Plan
	}{
		{"one-service", preview.Plan{Name: "web-pr-1", Owner: "alice", Run: map[string]preview.Pin{"web": pin}}},
		{"everything-linked", preview.Plan{Name: "idle"}},
		{"at-the-base-images", preview.Plan{Name: "plain", Run: map[string]preview.Pin{"web": {}, "api": {}}}},
		{"waking", preview.Plan{Name: "web-pr-1", State: preview.Waking, Run: map[string]preview.Pin{"web": pin}}},
		{"asleep", preview.Plan{Name: "web-pr-1", State: preview.Asleep, Run: map[string]preview.Pin{"web": pin, "api": pin}}},
		// the folder's own kustomization has images, patches in two spellings, and a file beside it
		{"folder-of-its-own", preview.Plan{
			Name: "web-pr-7", Owner: "bob", Dataset: "truncated", Components: []string{"spot"}, Run: map[string]preview.Pin{"web": pin, "api": pin},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := shop(t, nil)
			row, err := config(t, r).Compose(tt.plan)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Build(row)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/build/"+tt.name+".yaml", got)
			again, err := r.Build(row)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), string(again)); diff != "" {
				t.Errorf("built twice (-first +second):\n%s", diff)
			}
		})
	}
}

// Kustomize keeps a schema that one build names in a global variable: a list is merged by its key where the schema says so.
func TestBuildsAtOnceDontShareTheirSchemas(t *testing.T) {
	t.Parallel()
	const header = "resources: [../preview, thing.yaml]\npatches:\n" +
		"- patch: '{apiVersion: acme.test/v1, kind: Thing, metadata: {name: x}, spec: {parts: [{name: b, size: 2}]}}'\n"
	files := map[string]string{
		"overlays/keyed/kustomization.yaml": header + "openapi: {path: schema.json}\n",
		"overlays/keyed/schema.json": `{"definitions": {"test.acme.v1.Thing": {"type": "object", "x-kubernetes-group-version-kind": [{"group": "acme.test", "kind": "Thing", "version": "v1"}],
			"properties": {"spec": {"type": "object", "properties": {"parts": {"type": "array", "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge", "items": {"type": "object"}}}}}}}}`,
		"overlays/plain/kustomization.yaml": header,
	}
	for _, name := range []string{"keyed", "plain"} {
		files["overlays/"+name+"/thing.yaml"] = "apiVersion: acme.test/v1\nkind: Thing\nmetadata: {name: x}\nspec: {parts: [{name: a, size: 1}]}\n"
		files["overlays/"+name+"/environment.yaml"] = "apiVersion: previewset.dev/v1alpha1\nkind: Environment\n"
	}
	for i := range 16 {
		name, parts := []string{"keyed", "plain"}[i%2], 2-i%2
		t.Run(fmt.Sprint(name, i), func(t *testing.T) {
			t.Parallel()
			r := shop(t, files)
			row, err := config(t, r).Compose(preview.Plan{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			m, err := r.build(row)
			if err != nil {
				t.Fatal(err)
			}
			objects, err := objectsOf(m)
			if err != nil {
				t.Fatal(err)
			}
			objects = slices.DeleteFunc(objects, func(o object) bool { return o.kind != "Thing" })
			if got := len(objects[0].items("spec", "parts")); got != parts {
				t.Errorf("the Thing has %d parts, want %d", got, parts)
			}
		})
	}
}

func TestCheckEndsWhenItIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if report, err := shop(t, nil).Check(ctx); !errors.Is(err, context.Canceled) || report.Builds > 0 {
		t.Errorf("error is %v after %d builds", err, report.Builds)
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// A row can come from a service that somebody else runs.
func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		row  preview.Row
		want []string
	}{
		{"an overlay out of the repository", preview.Row{Path: "../../etc"}, []string{"../../etc", "has no kustomization.yaml"}},
		{"an overlay that isn't there", preview.Row{Path: "overlays/gone"}, []string{"overlays/gone", "has no kustomization.yaml"}},
		{"a remote component", preview.Row{Path: "overlays/preview", Kustomize: preview.Kustomize{Components: []string{"https://evil.test/x"}}}, []string{"fetched from elsewhere"}},
		{"a component that isn't there", preview.Row{Path: "overlays/preview", Kustomize: preview.Kustomize{Components: []string{"../../kustomize-base/services/gone/run"}}}, []string{"doesn't exist"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := shop(t, nil).Build(tt.row)
			problems, ok := err.(preview.Problems) //nolint:errorlint // it isn't wrapped
			if !ok {
				t.Fatalf("the error is %v, not Problems", err)
			}
			wantProblem(t, problems, tt.want...)
		})
	}
}

func TestSetImages(t *testing.T) {
	t.Parallel()
	tests := []struct{ image, name, tag string }{
		{"ghcr.io/acme/web:v1", "ghcr.io/acme/web", "v1"},
		{"localhost:5000/web:v1", "localhost:5000/web", "v1"},
		{"localhost:5000/web", "localhost:5000/web", ""},
		{"web", "web", ""},
	}
	for _, tt := range tests {
		got := setImages(nil, []string{tt.image})
		if len(got) != 1 || got[0].Name != tt.name || got[0].NewTag != tt.tag {
			t.Errorf("setImages(%q) = %+v", tt.image, got)
		}
	}
}
