package admission

import "testing"

func TestMetadata(t *testing.T) {
	t.Parallel()
	const (
		config = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {app: a, argocd.argoproj.io/instance: preview-web-pr-7, " +
			"app.kubernetes.io/name: a, example.dev/any: b}, " +
			"annotations: {private: a, previewset.dev/a: b, example.dev/any: b, argocd.argoproj.io/sync-options: 'Prune=false,PruneLast=true'}}}"
		set = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {volumeClaimTemplates: [{metadata: {annotations: {b: c}}}], " +
			"template: {metadata: {labels: {a: b}, annotations: {private: a}}, spec: {automountServiceAccountToken: false, " +
			"volumes: [{name: e, ephemeral: {volumeClaimTemplate: {metadata: {labels: {d: e}, annotations: {f: g}}}}}]}}}}"
		job = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {metadata: {annotations: {b: c}}, " +
			"spec: {template: {metadata: {annotations: {private: a}}, spec: {automountServiceAccountToken: false}}}}}}"
		claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a, " +
			"annotations: {argocd.argoproj.io/compare-options: IgnoreExtraneous}, finalizers: [kubernetes.io/pvc-protection]}}"
		namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: a, annotations: {private: a}, labels: " +
			"{argocd.argoproj.io/instance: a, previewset.dev/preview: 'true', pod-security.kubernetes.io/enforce: restricted}}}"
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
		{
			"a finalizer of Pods", set, "{labels: {a: b}", "{finalizers: [a.test/b], labels: {a: b}",
			"StatefulSet a has finalizer a.test/b; remove it: the preview",
		},
		{
			"a finalizer of claims", set, "{annotations: {b: c}", "{finalizers: [kubernetes.io/pvc-protection], annotations: {b: c}",
			"StatefulSet a has finalizer kubernetes.io/pvc-protection; remove it: the preview",
		},
		{
			"a label of ephemeral claims", set, "d: e", "velero.io/d: e",
			"StatefulSet a has label velero.io/d, which isn't allowed",
		},
		{"an annotation of ephemeral claims", set, "f: g", "a.test/f: g", annotation("StatefulSet a", "a.test/f")},
		{"a label of Pods without a prefix", set, "a: b", "aadpodidbinding: b", "StatefulSet a has label aadpodidbinding, which"},
		{
			"a label without a prefix", config, "app: a,", "grafana_dashboard: a,",
			"ConfigMap a has label grafana_dashboard, which isn't allowed; remove it",
		},
		{"an annotation without a prefix", config, "private: a", "grafana_folder: a", annotation("ConfigMap a", "grafana_folder")},
		{
			"another Application's label", config, "preview-web-pr-7", "preview-web-pr-8",
			"ConfigMap a has label argocd.argoproj.io/instance, which isn't allowed",
		},
		{
			"another Application's label on the Namespace", namespace, "instance: a", "instance: b",
			"Namespace a has label argocd.argoproj.io/instance, which isn't allowed",
		},
		{
			"an annotation of the Namespace without a prefix", namespace, "private: a", "grafana_folder: a",
			annotation("Namespace a", "grafana_folder"),
		},
		{
			"a claim's finalizer on another object", config, "{name: a, labels", "{name: a, finalizers: [kubernetes.io/pvc-protection], labels",
			"ConfigMap a has finalizer kubernetes.io/pvc-protection",
		},
		{
			"a storage class of no claim", config, "previewset.dev/a", "volume.beta.kubernetes.io/storage-class",
			annotation("ConfigMap a", "volume.beta.kubernetes.io/storage-class"),
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
			"a label of the Namespace", namespace, "labels: {", "labels: {istio-injection: enabled, ",
			"Namespace a has label istio-injection",
		},
		{
			"a finalizer of the Namespace", namespace, "{name: a,", "{name: a, finalizers: [kubernetes.io/pvc-protection],",
			"Namespace a has finalizer kubernetes.io/pvc-protection",
		},
		{
			"a finalizer in the specification of the Namespace", namespace, "{apiVersion: v1,",
			"{spec: {finalizers: [kubernetes, a.test/b]}, apiVersion: v1,",
			"Namespace a has finalizer a.test/b; remove it",
		},
		{
			"another option of the quota", quota, "Delete=false", "Replace=true",
			annotation("ResourceQuota guardrails", "argocd.argoproj.io/sync-options"),
		},
	})
}
