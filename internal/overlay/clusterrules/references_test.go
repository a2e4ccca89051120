package clusterrules_test

import (
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/overlay/clusterrules"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// referring has a place for a part of its Pods.
const referring = `{apiVersion: batch/v1, kind: CronJob, metadata: {name: web}, spec: {schedule: '@daily', jobTemplate: {spec: {
  template: {spec: {volumes: [VOLUMES], initContainers: [{name: a, image: a, env: [ENV]}],
  containers: [{name: a, image: a, envFrom: [FROM]}]}}}}}}`

func TestMissingReferences(t *testing.T) {
	t.Parallel()
	const pod = "CronJob web: spec.jobTemplate.spec.template.spec."
	external := func(spec string) string {
		return "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: a}, spec: {" + spec + "}}"
	}
	for _, tt := range []struct{ place, text, other, want string }{
		{"VOLUMES", "{name: v, configMap: {name: a}}", "", "volumes[0].configMap.name: needs ConfigMap a"},
		{"VOLUMES", "{name: v, secret: {secretName: a}}", "", "volumes[0].secret.secretName: needs Secret a"},
		{
			"VOLUMES", "{name: v, projected: {sources: [{configMap: {name: kube-root-ca.crt}}, {secret: {name: a}}]}}", "",
			"volumes[0].projected.sources[1].secret.name: needs Secret a",
		},
		{
			"VOLUMES", "{name: v, projected: {sources: [{configMap: {name: a}}]}}", "",
			"volumes[0].projected.sources[0].configMap.name: needs ConfigMap a",
		},
		{
			"ENV", "{name: A, valueFrom: {configMapKeyRef: {name: a, key: k}}}", "",
			"initContainers[0].env[0].valueFrom.configMapKeyRef.name: needs",
		},
		{"ENV", "{name: A, valueFrom: {secretKeyRef: {name: a, key: k}}}", "", "initContainers[0].env[0].valueFrom.secretKeyRef.name: needs"},
		{"FROM", "{configMapRef: {name: a}}", "", "containers[0].envFrom[0].configMapRef.name: needs ConfigMap a"},
		{"FROM", "{secretRef: {name: a}}, {secretRef: {name: a}}", "", "containers[0].envFrom[0].secretRef.name: needs Secret a"},

		{"VOLUMES", "{name: v, configMap: {name: a, optional: true}}, {name: w, secret: {secretName: a, optional: true}}", "", ""},
		{"VOLUMES", "{name: v, projected: {sources: [{secret: {name: a, optional: true}}, {configMap: {name: a, optional: true}}]}}", "", ""},
		{"ENV", "{name: A, valueFrom: {secretKeyRef: {name: a, key: k, optional: true}}}", "", ""},
		{"ENV", "{name: A, valueFrom: {configMapKeyRef: {name: a, key: k, optional: true}}}", "", ""},
		{"FROM", "{secretRef: {name: a, optional: true}}, {configMapRef: {name: a, optional: true}}", "", ""},
		{"FROM", "{secretRef: {name: elsewhere}}", "", ""},
		{"FROM", "{configMapRef: {name: a}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", ""},
		{"FROM", "{secretRef: {name: a}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "needs Secret a"},
		{"FROM", "{secretRef: {name: a}}", "{apiVersion: v1, kind: Secret, metadata: {name: a}}", ""},

		{"FROM", "{secretRef: {name: a}}", external(""), ""},
		{"FROM", "{configMapRef: {name: a}}", external(""), "needs ConfigMap a"},
		{"FROM", "{secretRef: {name: a}}", external("target: {name: b}"), "needs Secret a"},
		{"FROM", "{secretRef: {name: b}}", external("target: {name: b}"), ""},
		{"FROM", "{secretRef: {name: a}}", "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: a}}", ""},
		{"FROM", "{secretRef: {name: a}}", "{apiVersion: a.dev/v1, kind: Cert, metadata: {name: b}, spec: {secret: {name: a}}}", ""},
		{"FROM", "{secretRef: {name: a-app}}", "{apiVersion: a.dev/v1, kind: Cluster, metadata: {name: a}}", ""},
		{"FROM", "{secretRef: {name: a}}", "{apiVersion: a.dev/v1, kind: Cluster, metadata: {name: b}}", "needs Secret a"},
		{
			"FROM", "{secretRef: {name: a-b}}",
			"{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}}", "needs Secret a-b",
		},
	} {
		t.Run(tt.text+" "+tt.other, func(t *testing.T) {
			t.Parallel()
			objects := []manifest.Object{
				parse(t, strings.NewReplacer("VOLUMES", "", "ENV", "", "FROM", "").Replace(
					strings.Replace(referring, tt.place, tt.text, 1))),
			}
			if tt.other != "" {
				objects = append(objects, parse(t, tt.other))
			}
			b := clusterrules.NewBuild(objects)
			if got := b.MissingReferences(); len(got) > 0 {
				t.Errorf("an overlay that exists only once has problems: %v", got)
			}
			b.Environment, b.OtherSecrets = "check", []string{"elsewhere"}
			got := b.MissingReferences()
			wantProblem(t, got, tt.want)
			if tt.want != "" && len(got) == 1 && !strings.HasPrefix(got[0].String(), pod) {
				t.Errorf("problem %q has no field", got[0])
			}
		})
	}
}
