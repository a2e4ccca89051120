package attack

import (
	"fmt"
	"strings"
)

// guardrails returns the guardrails that limit a preview, with the largest allowed values.
func guardrails() []string { return []string{defaultDeny, quota, limits} }

const (
	quota = `{apiVersion: v1, kind: ResourceQuota,
  metadata: {name: guardrails, annotations: {argocd.argoproj.io/sync-options: "Prune=false,Delete=false"}},
  spec: {hard: {requests.cpu: "2", requests.memory: 3Gi, limits.cpu: "10", limits.memory: 6Gi, requests.ephemeral-storage: 8Gi,
    requests.storage: 10Gi, persistentvolumeclaims: "8", pods: "30", services: "30", services.loadbalancers: "0",
    services.nodeports: "0", secrets: "50", configmaps: "50"}}}`
	limits = `{apiVersion: v1, kind: LimitRange,
  metadata: {name: guardrails, annotations: {argocd.argoproj.io/sync-options: "Prune=false,Delete=false"}},
  spec: {limits: [{type: Container, max: {cpu: "2", memory: 2Gi}}, {type: PersistentVolumeClaim, max: {storage: 5Gi}}]}}`
)

func guardrailAttempts() []attempt {
	const (
		policy = "previewset-guardrails"
		marked = `name: guardrails, annotations: {argocd.argoproj.io/sync-options: "Prune=false,Delete=false"}`
	)
	list := family(policy, "ResourceQuota", quota,
		change{
			"a quota of a hundred times the memory", "requests.memory: 3Gi", "requests.memory: 300Gi", "requests.memory=3Gi",
		},
		change{"a quota of slightly more memory", "limits.memory: 6Gi", "limits.memory: 6145Mi", "limits.memory=6Gi"},
		change{"a quota without a limit of Pods", `pods: "30", `, "", "pods=30"},
		change{"a quota beside that of guardrails", marked, "name: other", "ResourceQuota other isn't one of the guardrails"},
		change{"a quota that can be pruned", "Prune=false,Delete=false", "PruneLast=true", "could be pruned"})
	list = append(list, family(policy, "LimitRange", limits,
		change{"larger containers", "memory: 2Gi", "memory: 64Gi", "Container.memory=2Gi"},
		change{"containers of any size", `cpu: "2", `, "", "Container.cpu=2"},
		change{"larger volumes", "storage: 5Gi", "storage: 5000Gi", "PersistentVolumeClaim.storage=5Gi"},
		change{
			"volumes of any size", ", {type: PersistentVolumeClaim, max: {storage: 5Gi}}", "",
			"PersistentVolumeClaim.storage=5Gi",
		},
		change{"limits beside those of guardrails", marked, "name: guardrails-2", "isn't one of the guardrails"},
		change{"limits that can be pruned", "Prune=false,Delete=false", "PruneLast=true", "could be pruned"})...)
	return append(list, family(policy, "NetworkPolicy default-deny", defaultDeny,
		change{
			"default-deny that can be pruned", "Prune=false", "PruneLast=true",
			"could be pruned",
		})...)
}

func networkPolicyAttempts() []attempt {
	const open = `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: allow-own-namespace},
  spec: {podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {}}]}], egress: [{to: [{podSelector: {}}]}]}}`
	return family("previewset-guardrails", "NetworkPolicy", open,
		change{
			"a NetworkPolicy beside those of guardrails", "allow-own-namespace", "allow-database",
			"NetworkPolicy allow-database",
		},
		change{"a NetworkPolicy with a similar name", "allow-own-namespace", "allow-link-a", "NetworkPolicy allow-link-a"})
}

// annotationAttempts have keys by which other controllers act, on each kind that they look at.
func annotationAttempts() (list []attempt) {
	const policy, mark = "previewset-metadata", "previewset.dev/marked"
	allowed := map[string]string{"Service": `{apiVersion: v1, kind: Service, metadata: {name: a, annotations: {previewset.dev/marked: b}},
  spec: {ports: [{port: 80}]}}`}
	for _, kind := range []string{"ConfigMap", "Secret", "ServiceAccount"} {
		allowed[kind] = fmt.Sprintf("{apiVersion: v1, kind: %s, metadata: {name: a, annotations: {previewset.dev/marked: b}}}", kind)
	}
	for kind, text := range workloads() {
		allowed[kind] = strings.Replace(text, "metadata: {labels: {a: b}}",
			"metadata: {labels: {a: b}, annotations: {previewset.dev/marked: b}}", 1)
	}
	allowed["Deployment"] = strings.Replace(allowed["Deployment"], "previewset.dev/marked: b",
		`previewset.dev/marked: b, cluster-autoscaler.kubernetes.io/safe-to-evict: "true"`, 1)
	for _, attack := range []struct{ kind, key string }{
		{"Deployment", "k8s.v1.cni.cncf.io/networks"},
		{"Deployment", "iam.amazonaws.com/role"},
		{"StatefulSet", "prometheus.io/scrape"},
		{"StatefulSet", "ad.datadoghq.com/a.logs"},
		{"Job", "sidecar.istio.io/inject"},
		{"Job", "vault.hashicorp.com/agent-inject"},
		{"CronJob", "linkerd.io/inject"},
		{"CronJob", "cluster-autoscaler.kubernetes.io/safe-to-evict"}, // only the value true is allowed
		{"ServiceAccount", "eks.amazonaws.com/role-arn"},
		{"ServiceAccount", "iam.gke.io/gcp-service-account"},
		{"ServiceAccount", "azure.workload.identity/client-id"},
		{"Service", "getambassador.io/config"},
		{"Service", "konghq.com/plugins"},
		{"Service", "prometheus.io/scrape"},
		{"Service", "external-dns.alpha.kubernetes.io/hostname"},
		{"Service", "service.beta.kubernetes.io/aws-load-balancer-type"},
		{"Service", "tailscale.com/expose"},
		{"Secret", "reflector.v1.k8s.emberstack.com/reflection-allowed"},
		{"ConfigMap", "replicator.v1.mittwald.de/replicate-from"},
		{"ConfigMap", "reloader.stakater.com/auto"},
		{"ConfigMap", "grafana_folder"},
		{"Secret", "k8s-sidecar-target-directory"},
		{"Service", "volume.beta.kubernetes.io/storage-class"},
	} {
		list = append(list, family(policy, attack.kind+" a", allowed[attack.kind],
			change{attack.kind + " with annotation " + attack.key, mark, attack.key, "annotation " + attack.key})...)
	}
	for _, attack := range []struct{ kind, key string }{
		{"Deployment", "sidecar.istio.io/inject"},
		{"StatefulSet", "azure.workload.identity/use"},
		{"Job", "admission.datadoghq.com/enabled"},
		{"CronJob", "kueue.x-k8s.io/queue-name"},
		{"Deployment", "aadpodidbinding"},
		{"Job", "argocd.argoproj.io/instance"},
	} {
		list = append(list, family(policy, attack.kind+" a", allowed[attack.kind],
			change{
				attack.kind + " with label " + attack.key, "metadata: {labels: {a: b}", "metadata: {labels: {a: b, " + attack.key + ": c}",
				"label " + attack.key,
			})...)
	}
	return list
}

// argoCDAttempts change how Argo CD treats an object.
func argoCDAttempts() []attempt {
	const (
		policy = "previewset-metadata"
		job    = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {schedule: '@daily', " +
			"jobTemplate: {metadata: {labels: {a: b}}, spec: {template: {spec: {automountServiceAccountToken: false, " +
			"restartPolicy: Never, containers: [{name: a, image: a}]}}}}}}"
	)
	list := family(policy, "ConfigMap a", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", argoCDMetadata()...)
	list = append(list, family(policy, "NetworkPolicy default-deny", defaultDeny,
		change{
			"default-deny as a hook", "{argocd.argoproj.io/sync-options: Prune=false}",
			"{argocd.argoproj.io/sync-options: Prune=false, argocd.argoproj.io/hook: PostSync, " +
				"argocd.argoproj.io/hook-delete-policy: HookSucceeded}",
			"argocd.argoproj.io/hook",
		})...)
	return append(list, family(policy, "CronJob a", job,
		change{
			"Jobs of another Application", "metadata: {labels: {a: b}}",
			"metadata: {annotations: {argocd.argoproj.io/tracking-id: 'preview-b:batch/Job:preview-direct/a'}}",
			"argocd.argoproj.io/tracking-id",
		})...)
}

// argoCDMetadata are annotations, labels and finalizers that Argo CD or another controller acts on.
func argoCDMetadata() []change {
	const (
		none     = "metadata: {name: a}"
		deletion = "PostDelete"
	)
	with := func(annotations string) string { return "metadata: {name: a, annotations: {" + annotations + "}}" }
	return []change{
		{"a hook", none, with("argocd.argoproj.io/hook: PreSync"), "argocd.argoproj.io/hook"},
		{"a hook after the deletion", none, with("argocd.argoproj.io/hook: " + deletion), "argocd.argoproj.io/hook"},
		{"a hook of Helm", none, with("helm.sh/hook: post-delete"), "helm.sh/hook"},
		{
			"a deletion of hooks", none, with("argocd.argoproj.io/hook-delete-policy: HookSucceeded"), "hook-delete-policy",
		},
		{"a sync wave", none, with("argocd.argoproj.io/sync-wave: '1000'"), "argocd.argoproj.io/sync-wave"},
		{"replacement", none, with("argocd.argoproj.io/sync-options: Replace=true"), "argocd.argoproj.io/sync-options"},
		{
			"force", none, with("argocd.argoproj.io/sync-options: 'Prune=false,Force=true'"),
			"argocd.argoproj.io/sync-options",
		},
		{
			"an object that stays", none, with("argocd.argoproj.io/sync-options: Delete=false"),
			"argocd.argoproj.io/sync-options",
		},
		{
			"comparison off", none, with("argocd.argoproj.io/compare-options: IgnoreExtraneous"),
			"argocd.argoproj.io/compare-options",
		},
		{"a finalizer", none, "metadata: {name: a, finalizers: [a.example/b]}", "finalizer a.example/b"},
		{
			"Argo CD's finalizer", none, "metadata: {name: a, finalizers: [argocd.argoproj.io/hook-finalizer]}",
			"finalizer argocd.argoproj.io/hook-finalizer",
		},
		{
			"an Argo CD repository", none, "metadata: {name: a, labels: {argocd.argoproj.io/secret-type: repository}}",
			"label argocd.argoproj.io/secret-type",
		},
		{
			"an object of another Application", none, "metadata: {name: a, labels: {argocd.argoproj.io/instance: shop}}",
			"label argocd.argoproj.io/instance",
		},
		{
			"a dashboard of Grafana", none, "metadata: {name: a, labels: {grafana_dashboard: '1'}}", "label grafana_dashboard",
		},
		{
			"the finalizer of claims", none, "metadata: {name: a, finalizers: [kubernetes.io/pvc-protection]}",
			"finalizer kubernetes.io/pvc-protection",
		},
	}
}

// templateAttempts change the metadata of objects that Kubernetes makes from templates.
func templateAttempts() (list []attempt) {
	const policy, pods = "previewset-metadata", "template: {metadata: {labels: {a: b}"
	for kind, text := range workloads() {
		list = append(list, family(policy, kind+" a", text, change{
			kind + " with a finalizer of its Pods", pods, "template: {metadata: {finalizers: [a.example/b], labels: {a: b}",
			"finalizer a.example/b",
		})...)
	}
	list = append(list, family(policy, "StatefulSet a", setWithClaims(),
		change{"claims with a finalizer", "{name: d", "{finalizers: [a.example/b], name: d", "finalizer a.example/b"},
		change{"claims with a backup", "{name: d", "{labels: {velero.io/a: b}, name: d", "label velero.io/a"},
		change{"claims for a node", "{name: d", "{annotations: {volume.kubernetes.io/selected-node: a}, name: d", "selected-node"})...)
	return append(list, family(policy, "Deployment a", withEphemeralVolume(),
		change{"an ephemeral volume with a backup", "c: d", "velero.io/a: b", "label velero.io/a"},
		change{
			"an ephemeral volume on a node", "labels: {c: d}", "annotations: {volume.kubernetes.io/selected-node: a}",
			"selected-node",
		})...)
}

func namespaceMetadataAttempts() []attempt {
	const none = "metadata: {name: preview-unused, labels: {"
	with := func(annotations string) string {
		return "metadata: {name: preview-unused, annotations: {" + annotations + "}, labels: {"
	}
	return family("previewset-namespace-metadata", "Namespace preview-unused", previewNamespace,
		change{"a Namespace in a mesh", none, none + "istio-injection: enabled, ", "label istio-injection"},
		change{
			"a Namespace that an Argo CD manages", none, none + "argocd.argoproj.io/managed-by: argocd, ",
			"label argocd.argoproj.io/managed-by",
		},
		change{
			"a Namespace of another Application", none, none + "argocd.argoproj.io/instance: shop, ",
			"label argocd.argoproj.io/instance",
		},
		change{
			"a Namespace with a finalizer in its specification", none, "spec: {finalizers: [kubernetes, a.example/b]}, " + none,
			"finalizer a.example/b",
		},
		change{"a Namespace with a dashboard", none, with("grafana_folder: a"), "annotation grafana_folder"},
		change{
			"a Namespace that stays", none, with("argocd.argoproj.io/sync-options: Delete=false"),
			"argocd.argoproj.io/sync-options",
		},
		change{
			"a Namespace without comparison", none, with("argocd.argoproj.io/compare-options: IgnoreExtraneous"),
			"compare-options",
		},
		change{
			"a Namespace on other nodes", none, with("scheduler.alpha.kubernetes.io/node-selector: a=b"),
			"scheduler.alpha.kubernetes.io/node-selector",
		},
		change{
			"a Namespace with a finalizer", none, "metadata: {name: preview-unused, finalizers: [a.example/b], labels: {",
			"finalizer a.example/b",
		},
	)
}

// podAttempts ask for parts of the cluster.
func podAttempts() (list []attempt) {
	const begin = "spec: {automountServiceAccountToken: false, "
	for kind, text := range workloads() {
		pod := func(name, fields, value string) change {
			return change{kind + " with " + name, begin, begin + fields + ", ", value}
		}
		volume := func(name, source string) change {
			return change{
				kind + " with " + name, "volumes: [", "volumes: [{name: b, " + source + "}, ",
				"volume of kind " + strings.SplitN(source, ":", 2)[0],
			}
		}
		list = append(list, family("previewset-pods", kind+" a", text,
			pod("a critical priority", "priorityClassName: system-cluster-critical", "priorityClassName"),
			pod("a node's name", "nodeName: control-plane", "nodeName"),
			pod("another scheduler", "schedulerName: mine", "schedulerName"),
			pod("another runtime", "runtimeClassName: kata", "runtimeClassName"),
			pod("the host's network", "hostNetwork: true", "hostNetwork"),
			pod("the host's processes", "hostPID: true", "hostPID"),
			pod("an endless end", "terminationGracePeriodSeconds: 100000000", "terminationGracePeriodSeconds"),
			pod("an anti-affinity to all Pods", "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "+
				"[{topologyKey: kubernetes.io/hostname, labelSelector: {}, namespaceSelector: {}}]}}", "other namespaces"),
			pod("huge pages", "resources: {limits: {hugepages-2Mi: 4Mi, cpu: 1}}", "hugepages-2Mi"),
			pod("devices", "resourceClaims: [{name: gpu, resourceClaimName: gpu}]", "resourceClaims"),
			pod("tolerations for everything", "tolerations: [{operator: Exists}]", `taint ""`),
			pod(
				"a toleration for the control plane", "tolerations: [{key: node-role.kubernetes.io/control-plane}]",
				"control-plane",
			),
			volume("an inline CSI volume", "csi: {driver: secrets-store.csi.k8s.io}"),
			volume("a path of the host", "hostPath: {path: /}"),
			volume("a file share", "nfs: {server: nas, path: /}"))...)
	}
	return list
}

func managerAttempts() (list []attempt) {
	const manager = "managedBy: kueue.x-k8s.io/multikueue, template: {"
	for _, kind := range []string{"Job", "CronJob"} {
		list = append(list, family("previewset-pods", kind+" a", workloads()[kind],
			change{kind + " of another controller", "template: {", manager, "kueue.x-k8s.io/multikueue"})...)
	}
	return list
}

func containerAttempts() (list []attempt) {
	const container = "containers: [{name: a, image: a}]"
	for kind, text := range workloads() {
		with := func(name, fields, value string) change {
			return change{kind + " with " + name, container, "containers: [{name: a, image: a, " + fields + "}]", value}
		}
		list = append(list, family("previewset-pods", kind+" a", text,
			with("a GPU", "resources: {limits: {nvidia.com/gpu: 1}}", "nvidia.com/gpu"),
			with("a port of the node", "ports: [{containerPort: 80, hostPort: 80}]", "hostPort"),
			with("all privileges", "securityContext: {privileged: true}", "privileges"),
			with("more privileges", "securityContext: {allowPrivilegeEscalation: true}", "privileges"),
			with("a capability", "securityContext: {capabilities: {add: [SYS_ADMIN]}}", "privileges"),
			with("a probe of the metadata service", "readinessProbe: {httpGet: {host: 169.254.169.254, port: 80}}", "host"),
			change{
				kind + " with a privileged init container", container,
				"initContainers: [{name: b, image: b, securityContext: {privileged: true}}], " + container, "container b",
			})...)
	}
	return list
}

const claim = `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a, annotations: {previewset.dev/a: b}},
  spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`

// copyOfSnapshot is a claim of the snapshot that the platform team allows.
const copyOfSnapshot = `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {accessModes: [ReadWriteOnce],
  resources: {requests: {storage: 1Gi}}, dataSourceRef: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: shop-1}}}`

func claimAttempts() []attempt {
	const policy = "previewset-claims"
	with := func(fields string) string { return "spec: {" + fields + ", accessModes: " }
	const begin = "spec: {accessModes: "
	list := family(policy, "PersistentVolumeClaim a", claim,
		change{"a claim of a volume", begin, with("volumeName: pv-of-prod"), "existing volume"},
		change{"a claim of volumes with a label", begin, with("selector: {matchLabels: {a: b}}"), "existing volume"},
		change{"a copy of a claim", begin, with("dataSource: {kind: PersistentVolumeClaim, name: b}"), "existing volume"},
		change{
			"a copy of a snapshot", begin,
			with("dataSourceRef: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: b}"), "existing volume",
		},
		change{"a foreign storage class", begin, with("storageClassName: backups"), `storage class "backups"`},
		change{"a storage class that doesn't exist", begin, with("storageClassName: manual"), `storage class "manual"`},
		change{"a claim without a storage class", begin, with("storageClassName: ''"), `storage class ""`})
	list = append(list, family(policy, "PersistentVolumeClaim a", copyOfSnapshot,
		change{"a copy of another snapshot", "name: shop-1}", "name: prod-1}", "existing volume"},
		change{
			"a copy of a claim with an allowed name", "apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot",
			"kind: PersistentVolumeClaim", "existing volume",
		})...)
	const class = "volume.beta.kubernetes.io/storage-class"
	list = append(list, family(policy, "PersistentVolumeClaim a", claim,
		change{
			"a foreign storage class by annotation", "previewset.dev/a: b", class + ": backups", `storage class "backups"`,
		},
		change{"no storage class by annotation", "previewset.dev/a: b", class + ": ''", `storage class ""`})...)
	list = append(list, family(policy, "StatefulSet a", setWithClaims(),
		change{
			"a StatefulSet with a foreign storage class by annotation", "{name: d", "{annotations: {" + class + ": backups}, name: d",
			`storage class "backups"`,
		},
		change{
			"a StatefulSet with a foreign storage class", begin, with("storageClassName: backups"),
			`storage class "backups"`,
		},
		change{
			"a StatefulSet with a copy", begin, with("dataSource: {kind: PersistentVolumeClaim, name: b}"),
			"existing volume",
		})...,
	)
	return append(list, family(policy, "Deployment a", withEphemeralVolume(),
		change{
			"an ephemeral volume of a foreign storage class by annotation", "labels: {c: d}", "annotations: {" + class + ": backups}",
			`storage class "backups"`,
		},
		change{
			"an ephemeral volume of a foreign storage class", begin, with("storageClassName: backups"),
			`storage class "backups"`,
		},
		change{"an ephemeral volume with a name", begin, with("volumeName: pv-of-prod"), "existing volume"})...)
}

const claimSpec = "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}"

// setWithClaims returns a StatefulSet with a template of claims.
func setWithClaims() string {
	return strings.Replace(
		workloads()["StatefulSet"], "{serviceName: a, ",
		"{serviceName: a, volumeClaimTemplates: [{metadata: {name: d}, "+claimSpec+"}], ", 1,
	)
}

// withEphemeralVolume returns a Deployment with a volume that Kubernetes makes for each Pod.
func withEphemeralVolume() string {
	return strings.Replace(
		workloads()["Deployment"], "volumes: [",
		"volumes: [{name: e, ephemeral: {volumeClaimTemplate: {metadata: {labels: {c: d}}, "+claimSpec+"}}}, ", 1,
	)
}
