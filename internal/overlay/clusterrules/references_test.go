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
				parse(t, withPart(tt.place, tt.text)),
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

func TestMissingKeys(t *testing.T) {
	t.Parallel()
	const (
		configMap = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}, binaryData: {b: ''}}"
		secret    = "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {d: ''}, stringData: {s: v}}"
		external  = "{apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: a}, spec: {data: [{secretKey: k}]REST}}"
		sealed    = "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: a}, spec: {encryptedData: {k: x}}}"
		wantsK    = "{name: A, valueFrom: {secretKeyRef: {name: a, key: k}}}"
		wantsX    = "{name: A, valueFrom: {secretKeyRef: {name: a, key: x}}}"
	)
	rest := func(text string) string { return strings.Replace(external, "REST", text, 1) }
	for name, tt := range map[string]struct{ place, text, other, want string }{
		"key of a ConfigMap": {"ENV", "{name: A, valueFrom: {configMapKeyRef: {name: a, key: k}}}", configMap, ""},
		"binary key":         {"ENV", "{name: A, valueFrom: {configMapKeyRef: {name: a, key: b}}}", configMap, ""},
		"no key of a ConfigMap": {
			"ENV", "{name: A, valueFrom: {configMapKeyRef: {name: a, key: x}}}", configMap,
			`initContainers[0].env[0].valueFrom.configMapKeyRef.key: needs key "x" of ConfigMap a`,
		},
		"optional key": {"ENV", "{name: A, valueFrom: {configMapKeyRef: {name: a, key: x, optional: true}}}", configMap, ""},
		"no key of a Secret": {
			"ENV", wantsX + ", " + wantsX, secret,
			`initContainers[0].env[0].valueFrom.secretKeyRef.key: needs key "x" of Secret a`,
		},
		"text key": {"ENV", "{name: A, valueFrom: {secretKeyRef: {name: a, key: s}}}", secret, ""},
		"item": {
			"VOLUMES", "{name: v, configMap: {name: a, items: [{key: k, path: k}, {key: x, path: x}]}}", configMap,
			`volumes[0].configMap.items[1].key: needs key "x" of ConfigMap a`,
		},
		"item of a Secret": {
			"VOLUMES", "{name: v, secret: {secretName: a, items: [{key: x, path: x}]}}", secret,
			`volumes[0].secret.items[0].key: needs key "x" of Secret a`,
		},
		"projected items": {
			"VOLUMES", "{name: v, projected: {sources: [{secret: {name: a, items: [{key: x, path: x}]}}]}}", secret,
			`volumes[0].projected.sources[0].secret.items[0].key: needs key "x" of Secret a`,
		},
		"a whole object":         {"FROM", "{secretRef: {name: a}}", secret, ""},
		"an ExternalSecret":      {"ENV", wantsK, rest(""), ""},
		"not an ExternalSecret":  {"ENV", wantsX, rest(""), `needs key "x" of Secret a`},
		"with all keys":          {"ENV", wantsX, rest(", dataFrom: [{extract: {key: a}}]"), ""},
		"with a template":        {"ENV", wantsX, rest(", target: {template: {data: {x: y}}}"), ""},
		"a SealedSecret":         {"ENV", wantsK, sealed, ""},
		"not a SealedSecret":     {"ENV", wantsX, sealed, `needs key "x" of Secret a`},
		"another custom object":  {"ENV", wantsX, "{apiVersion: a.dev/v1, kind: Cluster, metadata: {name: a}}", ""},
		"from another component": {"ENV", "{name: A, valueFrom: {secretKeyRef: {name: elsewhere, key: x}}}", configMap, ""},
		"filled by a controller": {
			"ENV", "{name: A, valueFrom: {configMapKeyRef: {name: a, key: x}}}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {a.dev/inject-bundle: 'true'}}}", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := clusterrules.NewBuild([]manifest.Object{parse(t, withPart(tt.place, tt.text)), parse(t, tt.other)})
			b.Environment, b.OtherSecrets = "check", []string{"elsewhere"}
			wantProblem(t, b.MissingReferences(), tt.want)
		})
	}
}

// withPart returns the workload with one part of its Pods.
func withPart(place, text string) string {
	return strings.NewReplacer("VOLUMES", "", "ENV", "", "FROM", "").Replace(strings.Replace(referring, place, text, 1))
}

func TestMissingPullSecrets(t *testing.T) {
	t.Parallel()
	const (
		job     = "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {spec: {imagePullSecrets: [{name: r}]}}}}"
		account = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}, imagePullSecrets: [{name: q}, {name: r}]}"
		secret  = "{apiVersion: v1, kind: Secret, metadata: {name: r}}"
	)
	for _, tt := range []struct {
		objects []string
		want    string
	}{
		{[]string{job}, "Job a: spec.template.spec.imagePullSecrets: nothing in the environment makes Secret r"},
		{[]string{job, secret}, ""},
		{[]string{account, secret}, "ServiceAccount default: imagePullSecrets: nothing in the environment makes Secret q"},
	} {
		var objects []manifest.Object
		for _, o := range tt.objects {
			objects = append(objects, parse(t, o))
		}
		b := clusterrules.NewBuild(objects)
		if got := b.MissingPullSecrets(); len(got) > 0 {
			t.Errorf("an overlay that exists only once has problems: %v", got)
		}
		b.Environment = "check"
		wantProblem(t, b.MissingPullSecrets(), tt.want)
	}
}
