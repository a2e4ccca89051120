package overlay

import (
	"testing"

	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

func TestCheckFindsRunningObjectsOfSleepingEnvironments(t *testing.T) {
	t.Parallel()
	const (
		resources  = "resources: [../preview, more.yaml]\n"
		configMap  = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: info}\n"
		withValue  = configMap + "data: {value: \"2\"}\n"
		ofReplicas = "replacements: [{source: {kind: ConfigMap, name: info, fieldPath: data.value}, targets: [" +
			"{select: {kind: Deployment, name: web}, fieldPaths: [spec.replicas], options: {create: true}}]}]\n"
		ofRoute = "replacements: [{source: {kind: Ingress, name: web, fieldPath: metadata.name}, targets: [" +
			"{select: {kind: ConfigMap, name: info}, fieldPaths: [data.value]}]}]\n"
		setReplicas = `[{"op": "add", "path": "/spec/replicas", "value": 2}]`
		unsuspend   = `[{"op": "add", "path": "/spec/suspend", "value": false}]`
		cronJob     = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\n" +
			"spec: {schedule: '@daily', jobTemplate: {spec: {" + overlaytest.Job + "}}}\n"
		daemonSet = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec: {" + overlaytest.Workload + "}\n"
		pod       = "apiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec: " + overlaytest.Pod + "\n"
		database  = "apiVersion: example.test/v1\nkind: Database\nmetadata: {name: big}\nspec: {replicas: 3}\n"
		exempt    = "apiVersion: example.test/v1\nkind: Database\n" +
			"metadata: {name: big, labels: {previewset.dev/keep-awake: \"true\"}}\nspec: {replicas: 3}\n"
		statefulSet = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {persistentVolumeClaimRetentionPolicy: " +
			"{whenScaled: Delete}, " + overlaytest.Workload + "}\n"
		ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: other}\n" +
			"spec: {rules: [{host: web-web-pr-7.preview.test}, {host: web-web-pr-7.preview.test}]}\n"
	)
	transformer := func(target, patch string) string {
		return resources + "transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: a}\n" +
			"  target: " + target + "\n  patch: '" + patch + "'\n"
	}
	tests := []struct {
		name, kustomization, more string
		want                      []string // nil means no problem
	}{
		{"many kinds, two of them exempt", "resources: [../preview, many.yaml]\n", configMap, nil},
		{
			"a transformer that sets replicas", transformer("{kind: Deployment, name: web}", setReplicas), configMap,
			[]string{ownFile + ": overlays/web-pr-7: Deployment web would go on while the environment sleeps", "transformer"},
		},
		{
			"a replacement that sets replicas", resources + ofReplicas, withValue,
			[]string{"Deployment web would go on while the environment sleeps"},
		},
		{
			"a transformer that doesn't suspend CronJobs", transformer("{kind: CronJob}", unsuspend), cronJob,
			[]string{"CronJob nightly would go on"},
		},
		{"a kind that can't sleep", resources, daemonSet, []string{"DaemonSet agent would go on", "make it a Deployment"}},
		{"a Pod without a workload", resources, pod, []string{"Pod one would go on"}},
		{"an unknown kind with replicas", resources, database, []string{"Database big would go on"}},
		{"an exempt unknown kind with replicas", resources, exempt, nil},
		{
			"volumes that are deleted with the Pods", resources, statefulSet,
			[]string{"StatefulSet db would delete its volumes", "whenScaled"},
		},
		{
			"an own route without the label", resources, ingress,
			[]string{`Ingress other would keep host "web-web-pr-7.preview.test"`, "previewset.dev/public"},
		},
		{
			"a value that is copied from a public route", resources + ofRoute, configMap + "data: {value: \"\"}\n",
			[]string{ownFile, "overlays/web-pr-7: can't be built asleep", "public route"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"overlays/web-pr-7/more.yaml": tt.more}
			got := checkRepo(t, New(overlaytest.ManyKinds(tt.kustomization, files)))
			if tt.want == nil {
				if len(got.Problems) > 0 {
					t.Errorf("problems:\n%v", got.Problems)
				}
				return
			}
			overlaytest.WantProblem(t, got.Problems, tt.want...)
		})
	}
}
