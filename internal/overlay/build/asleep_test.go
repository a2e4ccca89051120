package build_test

import (
	"io/fs"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/build"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/kustomization"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
	"github.com/previewset/previewset/internal/preview"
)

// repository is a repository with its configuration and a builder.
type repository struct {
	cfg     *config.Config
	builder *build.Builder
}

func openRepository(t *testing.T, fsys fs.FS, environments ...string) repository {
	t.Helper()
	cfg, err := overlay.New(fsys).Config(environments...)
	if err != nil {
		t.Fatal(err)
	}
	tree := filetree.New(fsys)
	return repository{cfg: cfg, builder: build.New(tree, kustomization.NewGraph(tree))}
}

// objects builds a plan's environment in a state.
func (r repository) objects(t *testing.T, p preview.Plan, state preview.State) []manifest.Object {
	t.Helper()
	p.State = state
	b, err := r.builder.Environment(r.row(t, p))
	if err != nil {
		t.Fatal(err)
	}
	m, err := b.Run()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := build.Objects(m)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func (r repository) row(t *testing.T, p preview.Plan) preview.Row {
	t.Helper()
	row, err := preview.Compose(r.cfg, p)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// everything is the plan that runs all services.
func (r repository) everything() preview.Plan {
	p := preview.Plan{Name: "check", Owner: "octocat", Run: map[string]config.ServiceRef{}}
	for _, s := range r.cfg.Policy.Services {
		p.Run[s.Name] = config.ServiceRef{SHA: "0123456789abcdef0123456789abcdef01234567", Branch: "check", Number: 1}
	}
	return p
}

func fieldsOf(objects []manifest.Object) []map[string]any {
	fields := make([]map[string]any, 0, len(objects))
	for _, o := range objects {
		fields = append(fields, o.Fields)
	}
	return fields
}

func TestSleepRemovesOnlyPodsAndRoutes(t *testing.T) {
	t.Parallel()
	r := openRepository(t, previewset.Example)
	p := r.everything()
	p.Dataset, p.Components = "truncated", []string{"spot", "verbose"}
	awake := r.objects(t, p, preview.Awake)
	kinds := map[string]int{}
	want := slices.DeleteFunc(awake, func(o manifest.Object) bool {
		kinds[o.Kind]++
		if o.Kind == "Deployment" || o.Kind == "StatefulSet" {
			o.Fields["spec"].(map[string]any)["replicas"] = 0
		}
		return o.Kind == "HTTPRoute"
	})
	if diff := cmp.Diff(fieldsOf(want), fieldsOf(r.objects(t, p, preview.Asleep))); diff != "" {
		t.Errorf("asleep (-awake without +got):\n%s", diff)
	}
	for _, kind := range []string{
		"Deployment", "StatefulSet", "HTTPRoute", "Namespace", "PersistentVolumeClaim", "ConfigMap", "Service", "NetworkPolicy",
	} {
		if kinds[kind] == 0 {
			t.Errorf("the environment has no %s to compare", kind)
		}
	}
}

// wakingPatches are patches of an overlay that set the same fields as sleep.
const wakingPatches = `
resources: [../preview, many.yaml]
patches:
  - target: {kind: Deployment}
    patch: '[{"op": "add", "path": "/spec/replicas", "value": 3}]'
  - target: {kind: CronJob}
    patch: '[{"op": "add", "path": "/spec/suspend", "value": false}]'
`

func TestWorkloadsSleepDespitePatchesOfTheOverlay(t *testing.T) {
	t.Parallel()
	r := openRepository(t, overlaytest.ManyKinds(wakingPatches, nil), "web-pr-7")
	p := overlay.Plan(r.cfg, "web-pr-7")
	awake := map[string]any{
		"Deployment web": 3, "Deployment api": 3, "Deployment labelled": 3, "Deployment annotated": 3, "Deployment not": 3,
		"StatefulSet db": 2, "CronJob nightly": false, "CronJob kept": false, "Job migrate": nil, "HorizontalPodAutoscaler web": 1,
	}
	withRoutes := maps.Clone(awake)
	withRoutes["Ingress web"], withRoutes["HTTPRoute admin"] = "web-pr-7.preview.test", "web-pr-7.preview.test"
	tests := []struct {
		state preview.State
		want  map[string]any // replicas, suspend or the host; nil where the object has no such field
	}{
		{preview.Awake, withRoutes},
		{preview.Waking, awake},
		{preview.Asleep, map[string]any{
			"Deployment web": 0, "Deployment api": 0, "Deployment labelled": 3, "Deployment annotated": 3, "Deployment not": 0,
			"StatefulSet db": 0, "CronJob nightly": true, "CronJob kept": false, "Job migrate": nil, "HorizontalPodAutoscaler web": 1,
		}},
	}
	for _, tt := range tests {
		got := map[string]any{}
		for _, o := range r.objects(t, p, tt.state) {
			switch o.Kind {
			case "Deployment", "StatefulSet", "Job":
				got[o.String()] = o.At("spec", "replicas")
			case "HorizontalPodAutoscaler":
				got[o.String()] = o.At("spec", "minReplicas")
			case "CronJob":
				got[o.String()] = o.At("spec", "suspend")
			case "Ingress", "HTTPRoute":
				got[o.String()] = o.Hosts()[0]
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.state, diff)
		}
	}
}

// TestSleepEqualsABuild checks that patches on the build awake give the same objects as a build asleep.
func TestSleepEqualsABuild(t *testing.T) {
	t.Parallel()
	example := openRepository(t, previewset.Example)
	many := openRepository(t, overlaytest.ManyKinds(wakingPatches, nil), "web-pr-7")
	const label = "labels: [{pairs: {previewset.dev/keep-awake: \"true\"}}]\n"
	labels := openRepository(t, overlaytest.ManyKinds(wakingPatches+label, nil), "web-pr-7")
	tests := []struct {
		name string
		repo repository
		plan preview.Plan
	}{
		{"the example, everything run", example, example.everything()},
		{"the example, everything linked", example, preview.Plan{Name: "check"}},
		{"many kinds and patches in an own folder", many, overlay.Plan(many.cfg, "web-pr-7")},
		{"a label that is set after the patches", labels, overlay.Plan(labels.cfg, "web-pr-7")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			row := tt.repo.row(t, tt.plan)
			b, err := tt.repo.builder.Environment(row)
			if err != nil {
				t.Fatal(err)
			}
			m, err := b.Run()
			if err != nil {
				t.Fatal(err)
			}
			got, err := tt.repo.builder.Sleep(tt.repo.cfg, tt.plan, row).Objects(m)
			if err != nil {
				t.Fatal(err)
			}
			want := tt.repo.objects(t, tt.plan, preview.Asleep)
			if diff := cmp.Diff(fieldsOf(want), fieldsOf(got)); diff != "" || len(want) < 5 {
				t.Errorf("%d objects (-build +patched):\n%s", len(want), diff)
			}
		})
	}
}
