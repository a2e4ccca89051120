package overlay

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/preview"
)

// inState is an environment's build in a state.
func inState(t *testing.T, r *Repo, p preview.Plan, state string) []object {
	t.Helper()
	p.State = state
	row, err := config(t, r).Compose(p)
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
	return objects
}

func fieldsOf(objects []object) []map[string]any {
	fields := make([]map[string]any, 0, len(objects))
	for _, o := range objects {
		fields = append(fields, o.fields)
	}
	return fields
}

func TestSleepTakesPodsAndRoutesAndNothingElse(t *testing.T) {
	t.Parallel()
	r := New(previewset.Example)
	p := plan(services(config(t, r).Policy))
	p.Dataset, p.Components = "truncated", []string{"spot", "debug"}
	awake := inState(t, r, p, preview.Awake)
	kinds := map[string]int{}
	want := slices.DeleteFunc(awake, func(o object) bool {
		kinds[o.kind]++
		if o.kind == "Deployment" || o.kind == "StatefulSet" {
			o.fields["spec"].(map[string]any)["replicas"] = 0
		}
		return o.kind == "Ingress"
	})
	if diff := cmp.Diff(fieldsOf(want), fieldsOf(inState(t, r, p, preview.Asleep))); diff != "" {
		t.Errorf("asleep (-awake without +got):\n%s", diff)
	}
	for _, kind := range []string{"Deployment", "StatefulSet", "Ingress", "Namespace", "PersistentVolumeClaim", "ConfigMap", "Service", "NetworkPolicy"} {
		if kinds[kind] == 0 {
			t.Errorf("no %s was there to be kept or taken", kind)
		}
	}
}

// Everything that an environment may have beside the demo's: kinds, marks, and an overlay that patches what sleep does.
const manyKinds = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {replicas: 2, template: {spec: {automountServiceAccountToken: false, containers: []}}, volumeClaimTemplates: [{metadata: {name: data}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: labelled, labels: {previewset.dev/keep-awake: "true"}}
spec: {template: {spec: {automountServiceAccountToken: false, containers: []}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: annotated, annotations: {previewset.dev/keep-awake: "true"}}
spec: {replicas: 2, template: {spec: {automountServiceAccountToken: false, containers: []}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: not, labels: {previewset.dev/keep-awake: "false"}, annotations: {previewset.dev/keep-awake: "no"}}
spec: {template: {spec: {automountServiceAccountToken: false, containers: []}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {schedule: "@daily", jobTemplate: {spec: {template: {spec: {automountServiceAccountToken: false, containers: []}}}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: kept, annotations: {previewset.dev/keep-awake: "true"}}
spec: {schedule: "@daily", jobTemplate: {spec: {template: {spec: {automountServiceAccountToken: false, containers: []}}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec: {template: {spec: {automountServiceAccountToken: false, containers: []}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {minReplicas: 2, maxReplicas: 4, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads}
spec: {}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: admin, labels: {previewset.dev/public: web}}
spec: {hostnames: [filled-in]}
`

const (
	mineHeader    = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	mine          = "overlays/web-pr-7/kustomization.yaml"
	projectOfKind = `
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: previews}
spec:
  generators: [{plugin: {configMapRef: {name: preview-generator}}}]
  template: {spec: {project: previews}}
---
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: previews}
spec: {clusterResourceWhitelist: [{group: "", kind: Namespace}]}
---
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: staging}
spec: {clusterResourceWhitelist: [{group: "", kind: Namespace}]}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: staging}
spec: {project: staging, source: {path: overlays/staging}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: previewset-admission}
data: {domain: preview.test, publicServices: web, baseline: staging, dns: kube-system, ingress: ingress-nginx, private: 10.0.0.0/8}
`
)

// manyKindsShop has them in the folder of pull request 7; its AppProject allows every kind.
func manyKindsShop(t *testing.T, kustomization string, files map[string]string) *Repo {
	t.Helper()
	changes := map[string]string{
		mine: mineHeader + kustomization, "overlays/web-pr-7/many.yaml": manyKinds, "appsets/argocd.yaml": projectOfKind,
	}
	maps.Copy(changes, files)
	return shop(t, changes)
}

const loudPatches = `
resources: [../preview, many.yaml]
patches:
  - target: {kind: Deployment}
    patch: '[{"op": "add", "path": "/spec/replicas", "value": 3}]'
  - target: {kind: CronJob}
    patch: '[{"op": "add", "path": "/spec/suspend", "value": false}]'
`

func TestWorkloadsSleepWhateverTheOverlayPatches(t *testing.T) {
	t.Parallel()
	r := manyKindsShop(t, loudPatches, nil)
	p := Plan(config(t, r), "web-pr-7")
	tests := []struct {
		state string
		want  map[string]any // replicas or suspend; nil is that there is none, or no object
	}{
		{preview.Awake, map[string]any{
			"Deployment web": 3, "Deployment api": 3, "Deployment labelled": 3, "Deployment annotated": 3, "Deployment not": 3, "StatefulSet db": 2,
			"CronJob nightly": false, "CronJob kept": false, "Job migrate": nil, "HorizontalPodAutoscaler web": 2, "Ingress web": "web-pr-7.preview.test", "HTTPRoute admin": "web-pr-7.preview.test",
		}},
		{preview.Waking, map[string]any{
			"Deployment web": 3, "Deployment api": 3, "Deployment labelled": 3, "Deployment annotated": 3, "Deployment not": 3, "StatefulSet db": 2,
			"CronJob nightly": false, "CronJob kept": false, "Job migrate": nil, "HorizontalPodAutoscaler web": 2,
		}},
		{preview.Asleep, map[string]any{
			"Deployment web": 0, "Deployment api": 0, "Deployment labelled": 3, "Deployment annotated": 3, "Deployment not": 0, "StatefulSet db": 0,
			"CronJob nightly": true, "CronJob kept": false, "Job migrate": nil, "HorizontalPodAutoscaler web": 2,
		}},
	}
	for _, tt := range tests {
		got := map[string]any{}
		for _, o := range inState(t, r, p, tt.state) {
			switch o.kind {
			case "Deployment", "StatefulSet", "Job":
				got[o.String()] = o.at("spec", "replicas")
			case "HorizontalPodAutoscaler":
				got[o.String()] = o.at("spec", "minReplicas")
			case "CronJob":
				got[o.String()] = o.at("spec", "suspend")
			case "Ingress", "HTTPRoute":
				got[o.String()] = o.hosts()[0]
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.state, diff)
		}
	}
}

// A check doesn't build twice, where it needn't.
func TestPatchesOnABuildAreABuildWithPatches(t *testing.T) {
	t.Parallel()
	example := New(previewset.Example)
	many := manyKindsShop(t, loudPatches, nil)
	labels := manyKindsShop(t, loudPatches+"labels: [{pairs: {previewset.dev/keep-awake: \"true\"}}]\n", nil)
	tests := []struct {
		name string
		repo *Repo
		plan preview.Plan
	}{
		{"the example, everything run", example, plan(services(config(t, example).Policy))},
		{"the example, everything linked", example, plan(nil)},
		{"many kinds and patches in a folder of its own", many, Plan(config(t, many), "web-pr-7")},
		{"a label that is set after the patches", labels, Plan(config(t, labels), "web-pr-7")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := config(t, tt.repo)
			row, err := c.Compose(tt.plan)
			if err != nil {
				t.Fatal(err)
			}
			m, err := tt.repo.build(row)
			if err != nil {
				t.Fatal(err)
			}
			got, err := tt.repo.sleepOf(c, tt.plan, row).objects(m)
			if err != nil {
				t.Fatal(err)
			}
			want := inState(t, tt.repo, tt.plan, preview.Asleep)
			if diff := cmp.Diff(fieldsOf(want), fieldsOf(got)); diff != "" || len(want) < 5 {
				t.Errorf("%d objects (-build +patched):\n%s", len(want), diff)
			}
		})
	}
}

func TestCheckFindsWhatDoesNotSleep(t *testing.T) {
	t.Parallel()
	const resources = "resources: [../preview, more.yaml]\n"
	transformer := func(target, patch string) string {
		return resources + "transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: a}\n  target: " + target + "\n  patch: '" + patch + "'\n"
	}
	tests := []struct {
		name, kustomization, more string
		want                      []string // nothing: all is well
	}{
		{"many kinds that do, two that keep awake", "resources: [../preview, many.yaml]\n", "", nil},
		{"a transformer that sets replicas", transformer("{kind: Deployment, name: web}", `[{"op": "add", "path": "/spec/replicas", "value": 2}]`), "", []string{
			mine + ": overlays/web-pr-7: Deployment web would go on while the environment sleeps", "transformers",
		}},
		{
			"a replacement that sets replicas",
			resources + "replacements: [{source: {kind: ConfigMap, name: told, fieldPath: data.value}, targets: [{select: {kind: Deployment, name: web}, fieldPaths: [spec.replicas], options: {create: true}}]}]\n",
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: told}\ndata: {value: \"2\"}\n",
			[]string{"Deployment web would go on while the environment sleeps"},
		},
		{
			"a transformer that lets CronJobs run", transformer("{kind: CronJob}", `[{"op": "add", "path": "/spec/suspend", "value": false}]`),
			"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {jobTemplate: {spec: {template: {spec: {automountServiceAccountToken: false}}}}}\n",
			[]string{"CronJob nightly would go on"},
		},
		{"a kind that can't sleep", resources, "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec: {template: {spec: {containers: []}}}\n", []string{
			"DaemonSet agent would go on", "make it a Deployment",
		}},
		{"a bare Pod", resources, "apiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec: {containers: []}\n", []string{"Pod one would go on"}},
		{"a kind with replicas that nobody knows", resources, "apiVersion: example.test/v1\nkind: Database\nmetadata: {name: big}\nspec: {replicas: 3}\n", []string{"Database big would go on"}},
		{"the same, meant", resources, "apiVersion: example.test/v1\nkind: Database\nmetadata: {name: big, labels: {previewset.dev/keep-awake: \"true\"}}\nspec: {replicas: 3}\n", nil},
		{
			"volumes that go with the Pods", resources,
			"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}, template: {spec: {automountServiceAccountToken: false}}}\n",
			[]string{"StatefulSet db would delete its volumes", "whenScaled"},
		},
		{
			"a route of its own without the label", resources,
			"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: other}\nspec: {rules: [{host: web-web-pr-7.preview.test}, {host: web-web-pr-7.preview.test}]}\n",
			[]string{`Ingress other would keep host "web-web-pr-7.preview.test"`, "previewset.dev/public"},
		},
		{
			"something that is taken from a public route", resources +
				"replacements: [{source: {kind: Ingress, name: web, fieldPath: metadata.name}, targets: [{select: {kind: ConfigMap, name: told}, fieldPaths: [data.value]}]}]\n",
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: told}\ndata: {value: \"\"}\n",
			[]string{mine, "overlays/web-pr-7: can't be built asleep", "public route"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"overlays/web-pr-7/more.yaml": tt.more}
			if tt.more == "" {
				files["overlays/web-pr-7/more.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: told}\n"
			}
			got, err := manyKindsShop(t, tt.kustomization, files).Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if tt.want == nil {
				if len(got.Problems) > 0 {
					t.Errorf("problems:\n%v", got.Problems)
				}
				return
			}
			wantProblem(t, got.Problems, tt.want...)
		})
	}
}
