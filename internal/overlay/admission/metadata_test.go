package admission

import "testing"

func TestMetadata(t *testing.T) {
	t.Parallel()
	const (
		config = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {app: a, app.kubernetes.io/name: a, example.dev/any: b}, " +
			"annotations: {private: a, previewset.dev/a: b, example.dev/any: b, argocd.argoproj.io/sync-options: 'Prune=false,PruneLast=true'}}}"
		set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {volumeClaimTemplates: [{metadata: {annotations: {b: c}}}], " +
			"template: {metadata: {labels: {a: b}, annotations: {private: a}}, spec: {automountServiceAccountToken: false}}}}"
		job = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {metadata: {annotations: {b: c}}, " +
			"spec: {template: {metadata: {annotations: {private: a}}, spec: {automountServiceAccountToken: false}}}}}}"
		claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a, " +
			"annotations: {argocd.argoproj.io/compare-options: IgnoreExtraneous}}}"
		namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: " +
			"{previewset.dev/preview: 'true', pod-security.kubernetes.io/enforce: restricted}}}"
		quota = "{apiVersion: v1, kind: ResourceQuota, metadata: {name: guardrails, annotations: " +
			"{argocd.argoproj.io/sync-options: 'Prune=false,Delete=false'}}, spec: {hard: {pods: 30, requests.memory: 3Gi}}}"
		refused = ", or a value of it, that isn't allowed; remove it, or ask the platform team to allow it in appsets/admission"
	)
	annotation := func(object, key string) string { return object + " has annotation " + key + refused }
	wantRefused(t, []refusedChange{
		{
			"another prefix", config, "example.dev/any: b, argocd", "prometheus.io/scrape: b, argocd",
			annotation("ConfigMap a", "prometheus.io/scrape"),
		},
		{
			"a hook", config, "argocd.argoproj.io/sync-options: 'Prune=false,PruneLast=true'",
			"argocd.argoproj.io/hook: Sync", annotation("ConfigMap a", "argocd.argoproj.io/hook"),
		},
		{"a hook of Helm", config, "previewset.dev/a", "helm.sh/hook", annotation("ConfigMap a", "helm.sh/hook")},
		{
			"another sync option", config, "PruneLast=true", "Force=true",
			annotation("ConfigMap a", "argocd.argoproj.io/sync-options"),
		},
		{
			"an object that stays", config, "PruneLast=true", "Delete=false",
			annotation("ConfigMap a", "argocd.argoproj.io/sync-options"),
		},
		{
			"a tracking ID", config, "previewset.dev/a", "argocd.argoproj.io/tracking-id",
			annotation("ConfigMap a", "argocd.argoproj.io/tracking-id"),
		},
		{
			"another label", config, "example.dev/any: b}", "istio.io/rev: b}",
			"ConfigMap a has label istio.io/rev, which isn't allowed; remove it",
		},
		{
			"a finalizer", config, "{name: a, labels", "{name: a, finalizers: [a.test/b], labels",
			"ConfigMap a has finalizer a.test/b; remove it: the preview",
		},
		{
			"an annotation of Pods", set, "private: a", "linkerd.io/inject: a",
			annotation("StatefulSet a", "linkerd.io/inject"),
		},
		{
			"a label of Pods", set, "a: b", "sidecar.istio.io/inject: b",
			"StatefulSet a has label sidecar.istio.io/inject, which isn't allowed",
		},
		{"an annotation of claims", set, "b: c", "a.test/b: c", annotation("StatefulSet a", "a.test/b")},
		{
			"an annotation of Jobs", job, "b: c", "argocd.argoproj.io/tracking-id: c",
			annotation("CronJob a", "argocd.argoproj.io/tracking-id"),
		},
		{
			"an annotation of a Job's Pods", job, "private: a", "linkerd.io/inject: a",
			annotation("CronJob a", "linkerd.io/inject"),
		},
		{
			"another comparison", claim, "IgnoreExtraneous", "Any",
			annotation("PersistentVolumeClaim a", "argocd.argoproj.io/compare-options"),
		},
		{
			"a label of the Namespace", namespace, "{previewset.dev", "{istio-injection: enabled, previewset.dev",
			"Namespace a has label istio-injection",
		},
		{
			"a finalizer of the Namespace", namespace, "{name: a,", "{name: a, finalizers: [kubernetes.io/pvc-protection],",
			"Namespace a has finalizer kubernetes.io/pvc-protection",
		},
		{
			"another option of the quota", quota, "Delete=false", "Replace=true",
			annotation("ResourceQuota guardrails", "argocd.argoproj.io/sync-options"),
		},
	})
}
