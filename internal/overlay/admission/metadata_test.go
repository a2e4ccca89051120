package admission

import (
	"strings"
	"testing"
)

// The objects that the changes are made in.
const (
	markedConfigMap = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {app: a, " +
		"argocd.argoproj.io/instance: preview-web-pr-7, app.kubernetes.io/name: a, example.dev/any: b}, " +
		"annotations: {private: a, previewset.dev/a: b, example.dev/any: b, argocd.argoproj.io/sync-options: 'Prune=false,PruneLast=true'}}}"
	markedStatefulSet = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {" +
		"volumeClaimTemplates: [{metadata: {annotations: {b: c}}}], " +
		"template: {metadata: {labels: {a: b}, annotations: {private: a}}, spec: {automountServiceAccountToken: false, " +
		"volumes: [{name: e, ephemeral: {volumeClaimTemplate: {metadata: {labels: {d: e}, annotations: {f: g}}}}}]}}}}"
	markedCronJob = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {metadata: {annotations: {b: c}}, " +
		"spec: {template: {metadata: {annotations: {private: a}}, spec: {automountServiceAccountToken: false}}}}}}"
	markedClaim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a, " +
		"annotations: {argocd.argoproj.io/compare-options: IgnoreExtraneous}, finalizers: [kubernetes.io/pvc-protection]}}"
	markedNamespace = "{apiVersion: v1, kind: Namespace, metadata: {name: a, annotations: {private: a}, labels: " +
		"{argocd.argoproj.io/instance: a, previewset.dev/preview: 'true', pod-security.kubernetes.io/enforce: restricted}}}"
	markedQuota = "{apiVersion: v1, kind: ResourceQuota, metadata: {name: guardrails, annotations: " +
		"{argocd.argoproj.io/sync-options: 'Prune=false,Delete=false'}}, spec: {hard: {pods: 30, requests.memory: 3Gi}}}"
	refusedValue = ", or a value of it, that isn't allowed; remove it, or ask the platform team to allow it in appsets/admission"
)

func refusedAnnotation(object, key string) string {
	return object + " has annotation " + key + refusedValue
}

// metadataChanges are the annotations, labels and finalizers that the policies refuse.
var metadataChanges = []refusedChange{
	{
		"another prefix", markedConfigMap, "example.dev/any: b, argocd", "prometheus.io/scrape: b, argocd",
		refusedAnnotation("ConfigMap a", "prometheus.io/scrape"),
	},
	{
		"a hook", markedConfigMap, "argocd.argoproj.io/sync-options: 'Prune=false,PruneLast=true'",
		"argocd.argoproj.io/hook: Sync", refusedAnnotation("ConfigMap a", "argocd.argoproj.io/hook"),
	},
	{"a hook of Helm", markedConfigMap, "previewset.dev/a", "helm.sh/hook", refusedAnnotation("ConfigMap a", "helm.sh/hook")},
	{
		"another sync option", markedConfigMap, "PruneLast=true", "Force=true",
		refusedAnnotation("ConfigMap a", "argocd.argoproj.io/sync-options"),
	},
	{
		"an object that stays", markedConfigMap, "PruneLast=true", "Delete=false",
		refusedAnnotation("ConfigMap a", "argocd.argoproj.io/sync-options"),
	},
	{
		"a tracking ID", markedConfigMap, "previewset.dev/a", "argocd.argoproj.io/tracking-id",
		refusedAnnotation("ConfigMap a", "argocd.argoproj.io/tracking-id"),
	},
	{
		"another label", markedConfigMap, "example.dev/any: b}", "istio.io/rev: b}",
		"ConfigMap a has label istio.io/rev, which isn't allowed; remove it",
	},
	{
		"a finalizer", markedConfigMap, "{name: a, labels", "{name: a, finalizers: [a.test/b], labels",
		"ConfigMap a has finalizer a.test/b; remove it: the preview",
	},
	{
		"an annotation of Pods", markedStatefulSet, "private: a", "linkerd.io/inject: a",
		refusedAnnotation("StatefulSet a", "linkerd.io/inject"),
	},
	{
		"Pods that keep their node", markedStatefulSet, "private: a", `cluster-autoscaler.kubernetes.io/safe-to-evict: "false"`,
		refusedAnnotation("StatefulSet a", "cluster-autoscaler.kubernetes.io/safe-to-evict"),
	},
	{
		"a label of Pods", markedStatefulSet, "a: b", "sidecar.istio.io/inject: b",
		"StatefulSet a has label sidecar.istio.io/inject, which isn't allowed",
	},
	{
		"a finalizer of Pods", markedStatefulSet, "{labels: {a: b}", "{finalizers: [a.test/b], labels: {a: b}",
		"StatefulSet a has finalizer a.test/b; remove it: the preview",
	},
	{
		"a finalizer of claims", markedStatefulSet, "{annotations: {b: c}", "{finalizers: [kubernetes.io/pvc-protection], annotations: {b: c}",
		"StatefulSet a has finalizer kubernetes.io/pvc-protection; remove it: the preview",
	},
	{
		"a label of ephemeral claims", markedStatefulSet, "d: e", "velero.io/d: e",
		"StatefulSet a has label velero.io/d, which isn't allowed",
	},
	{"an annotation of ephemeral claims", markedStatefulSet, "f: g", "a.test/f: g", refusedAnnotation("StatefulSet a", "a.test/f")},
	{"a label of Pods without a prefix", markedStatefulSet, "a: b", "aadpodidbinding: b", "StatefulSet a has label aadpodidbinding, which"},
	{
		"a label without a prefix", markedConfigMap, "app: a,", "grafana_dashboard: a,",
		"ConfigMap a has label grafana_dashboard, which isn't allowed; remove it",
	},
	{"an annotation without a prefix", markedConfigMap, "private: a", "grafana_folder: a", refusedAnnotation("ConfigMap a", "grafana_folder")},
	{
		"another Application's label", markedConfigMap, "preview-web-pr-7", "preview-web-pr-8",
		"ConfigMap a has label argocd.argoproj.io/instance, which isn't allowed",
	},
	{
		"another Application's label on the Namespace", markedNamespace, "instance: a", "instance: b",
		"Namespace a has label argocd.argoproj.io/instance, which isn't allowed",
	},
	{
		"an annotation of the Namespace without a prefix", markedNamespace, "private: a", "grafana_folder: a",
		refusedAnnotation("Namespace a", "grafana_folder"),
	},
	{
		"a claim's finalizer on another object", markedConfigMap,
		"{name: a, labels", "{name: a, finalizers: [kubernetes.io/pvc-protection], labels",
		"ConfigMap a has finalizer kubernetes.io/pvc-protection",
	},
	{
		"a storage class of no claim", markedConfigMap, "previewset.dev/a", "volume.beta.kubernetes.io/storage-class",
		refusedAnnotation("ConfigMap a", "volume.beta.kubernetes.io/storage-class"),
	},
	{"an annotation of claims", markedStatefulSet, "b: c", "a.test/b: c", refusedAnnotation("StatefulSet a", "a.test/b")},
	{
		"an annotation of Jobs", markedCronJob, "b: c", "argocd.argoproj.io/tracking-id: c",
		refusedAnnotation("CronJob a", "argocd.argoproj.io/tracking-id"),
	},
	{
		"an annotation of a Job's Pods", markedCronJob, "private: a", "linkerd.io/inject: a",
		refusedAnnotation("CronJob a", "linkerd.io/inject"),
	},
	{
		"another comparison", markedClaim, "IgnoreExtraneous", "Any",
		refusedAnnotation("PersistentVolumeClaim a", "argocd.argoproj.io/compare-options"),
	},
	{
		"a label of the Namespace", markedNamespace, "labels: {", "labels: {istio-injection: enabled, ",
		"Namespace a has label istio-injection",
	},
	{
		"a finalizer of the Namespace", markedNamespace, "{name: a,", "{name: a, finalizers: [kubernetes.io/pvc-protection],",
		"Namespace a has finalizer kubernetes.io/pvc-protection",
	},
	{
		"a finalizer in the specification of the Namespace", markedNamespace, "{apiVersion: v1,",
		"{spec: {finalizers: [kubernetes, a.test/b]}, apiVersion: v1,",
		"Namespace a has finalizer a.test/b; remove it",
	},
	{
		"another option of the quota", markedQuota, "Delete=false", "Replace=true",
		refusedAnnotation("ResourceQuota guardrails", "argocd.argoproj.io/sync-options"),
	},
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	wantRefused(t, metadataChanges)
}

func TestPodsMayBeEvicted(t *testing.T) {
	t.Parallel()
	const evict = `cluster-autoscaler.kubernetes.io/safe-to-evict: "true"`
	if found := refusalsOf(t, strings.Replace(markedStatefulSet, "private: a", evict, 1)); len(found) > 0 {
		t.Errorf("%v", found)
	}
}
