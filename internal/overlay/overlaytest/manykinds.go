package overlaytest

import (
	"io/fs"
	"maps"
)

// podFields are those of a Pod that the cluster admits.
const podFields = `automountServiceAccountToken: false,
    securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}},
    containers: [{name: a, image: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]`

// Pod, Workload and Job are the fields of a Pod, of a workload that runs, and of a Job, which the cluster admits.
const (
	Pod      = "{" + podFields + "}"
	Workload = "selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: " + Pod + "}"
	Job      = "template: {spec: {restartPolicy: Never, " + podFields + "}}"
)

// manyKinds has kinds and marks that the shop and the example don't have.
const manyKinds = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec: {replicas: 2, ` + Workload + `,
  volumeClaimTemplates: [{metadata: {name: data}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: labelled, labels: {previewset.dev/keep-awake: "true"}}
spec: {` + Workload + `}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: annotated, annotations: {previewset.dev/keep-awake: "true"}}
spec: {` + Workload + `}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: not, labels: {previewset.dev/keep-awake: "false"}, annotations: {previewset.dev/keep-awake: "no"}}
spec: {` + Workload + `}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {schedule: "@daily", jobTemplate: {spec: {` + Job + `}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: kept, annotations: {previewset.dev/keep-awake: "true"}}
spec: {schedule: "@daily", jobTemplate: {spec: {` + Job + `}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec: {` + Job + `}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {minReplicas: 1, maxReplicas: 1, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: admin, labels: {previewset.dev/public: web}}
spec: {hostnames: [filled-in], parentRefs: [{name: public, namespace: ingress-nginx}]}
`

// anyKindProject is an AppProject that allows every namespaced kind.
const anyKindProject = `
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
data:
  {domain: preview.test, publicServices: web, baseline: staging, dns: kube-system, ingress: ingress-nginx,
  private: 10.0.0.0/8, quota: pods=10, limits: Container.memory=2Gi, guardrails: ResourceQuota/guardrails
  LimitRange/guardrails NetworkPolicy/default-deny NetworkPolicy/allow-ingress-controller}
`

// ManyKinds returns the shop with many kinds of workloads in the folder of pull request 7. Its AppProject allows every
// kind. kustomization is the content of the folder's kustomization file; files are further changes.
func ManyKinds(kustomization string, files map[string]string) fs.FS {
	changes := map[string]string{
		"overlays/web-pr-7/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" +
			kustomization,
		"overlays/web-pr-7/many.yaml": manyKinds,
		"appsets/argocd.yaml":         anyKindProject,
	}
	maps.Copy(changes, files)
	return Shop(changes)
}
