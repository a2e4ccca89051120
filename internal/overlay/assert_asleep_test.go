package overlay

import (
	"testing"

	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

// The files of an environment's folder that awakeObjects change.
const (
	moreResources     = "resources: [../preview, more.yaml]\n"
	infoManifest      = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: info}\n"
	replicasFromValue = "replacements: [{source: {kind: ConfigMap, name: info, fieldPath: data.value}, targets: [" +
		"{select: {kind: Deployment, name: web}, fieldPaths: [spec.replicas], options: {create: true}}]}]\n"
	valueFromRoute = "replacements: [{source: {kind: Ingress, name: web, fieldPath: metadata.name}, targets: [" +
		"{select: {kind: ConfigMap, name: info}, fieldPaths: [data.value]}]}]\n"
	setReplicas     = `[{"op": "add", "path": "/spec/replicas", "value": 2}]`
	unsuspend       = `[{"op": "add", "path": "/spec/suspend", "value": false}]`
	cronJobManifest = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\n" +
		"spec: {schedule: '@daily', jobTemplate: {spec: {" + overlaytest.Job + "}}}\n"
	daemonSetManifest = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec: {" + overlaytest.Workload + "}\n"
	podManifest       = "apiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec: " + overlaytest.Pod + "\n"
	databaseManifest  = "apiVersion: example.test/v1\nkind: Database\nmetadata: {name: big}\nspec: {replicas: 3}\n"
	exemptManifest    = "apiVersion: example.test/v1\nkind: Database\n" +
		"metadata: {name: big, labels: {previewset.dev/keep-awake: \"true\"}}\nspec: {replicas: 3}\n"
	statefulSetManifest = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {persistentVolumeClaimRetentionPolicy: " +
		"{whenScaled: Delete}, " + overlaytest.Workload + "}\n"
	ingressManifest = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: other}\n" +
		"spec: {rules: [{host: web-web-pr-7.preview.test}, {host: web-web-pr-7.preview.test}]}\n"
)

// withTransformer returns a kustomization with a transformer, which applies a patch after all others.
func withTransformer(target, patch string) string {
	return moreResources + "transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: a}\n" +
		"  target: " + target + "\n  patch: '" + patch + "'\n"
}

// awakeObjects are changes of an environment's folder, with the problems about its objects that don't sleep.
var awakeObjects = []struct {
	name, kustomization, more string
	want                      []string // nil means no problem
}{
	{"many kinds, two of them exempt", "resources: [../preview, many.yaml]\n", infoManifest, nil},
	{
		"a transformer that sets replicas", withTransformer("{kind: Deployment, name: web}", setReplicas), infoManifest,
		[]string{ownFile + ": overlays/web-pr-7: Deployment web would go on while the environment sleeps", "transformer"},
	},
	{
		"a replacement that sets replicas", moreResources + replicasFromValue, infoManifest + "data: {value: \"2\"}\n",
		[]string{"Deployment web would go on while the environment sleeps"},
	},
	{
		"a transformer that doesn't suspend CronJobs", withTransformer("{kind: CronJob}", unsuspend), cronJobManifest,
		[]string{"CronJob nightly would go on"},
	},
	{"a kind that can't sleep", moreResources, daemonSetManifest, []string{"DaemonSet agent would go on", "make it a Deployment"}},
	{"a Pod without a workload", moreResources, podManifest, []string{"Pod one would go on"}},
	{"an unknown kind with replicas", moreResources, databaseManifest, []string{"Database big would go on"}},
	{"an exempt unknown kind with replicas", moreResources, exemptManifest, nil},
	{
		"volumes that are deleted with the Pods", moreResources, statefulSetManifest,
		[]string{"StatefulSet db would delete its volumes", "whenScaled"},
	},
	{
		"an own route without the label", moreResources, ingressManifest,
		[]string{`Ingress other would keep host "web-web-pr-7.preview.test"`, "previewset.dev/public"},
	},
	{
		"a value that is copied from a public route", moreResources + valueFromRoute, infoManifest + "data: {value: \"\"}\n",
		[]string{ownFile, "overlays/web-pr-7: can't be built asleep", "public route"},
	},
}

func TestCheckFindsRunningObjectsOfSleepingEnvironments(t *testing.T) {
	t.Parallel()
	for _, tt := range awakeObjects {
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
