package source

import (
	"slices"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// LeftOut is an object of the service that previews must not have, and what to do about it.
type LeftOut struct {
	Object manifest.Object
	Remedy string
}

const noAccess = "previews have no access to the Kubernetes API; if the service needs it, it can't run in previews"

// remedies are the kinds that previews must not have, and what to do about each.
var remedies = map[string]string{
	"Namespace":                "each environment has its own Namespace",
	"Role":                     noAccess,
	"RoleBinding":              noAccess,
	"ClusterRole":              noAccess,
	"ClusterRoleBinding":       noAccess,
	"NetworkPolicy":            "guardrails and links allow the connections of previews",
	"ResourceQuota":            "guardrails have the one of previews",
	"LimitRange":               "guardrails have the one of previews",
	"HorizontalPodAutoscaler":  "a preview runs one replica",
	"VerticalPodAutoscaler":    "a preview runs with fixed requests",
	"PodDisruptionBudget":      "a preview runs one replica, and must not keep a node from being drained",
	"CustomResourceDefinition": "install it in the cluster once; then allow its kind in appsets/appproject.yaml",
	"DaemonSet":                "previews get no Pod on each node; link to one that runs in the cluster",
	"Pod":                      "write a Deployment, which starts it again",
	"ReplicaSet":               "write a Deployment",
	"ReplicationController":    "write a Deployment",
	"ServiceMonitor":           "monitoring watches the baseline; the activity of previews is measured at the ingress",
	"PodMonitor":               "monitoring watches the baseline; the activity of previews is measured at the ingress",
	"PrometheusRule":           "alerts are for the baseline and production",
	"PriorityClass":            "the platform team chooses the priority of previews",
	"StorageClass":             "previews use the cluster's default one",
	"PersistentVolume":         "claims of previews get new volumes",
	"Endpoints":                "it leads out of the preview; write a Service with a selector",
	"EndpointSlice":            "it leads out of the preview; write a Service with a selector",
}

const (
	askForKind = "allow its kind in appsets/appproject.yaml, or replace it; then add the service again"
	askPublic  = "add --public to give the service an address"
	ownRoute   = "another route has the environment's host"
)

// allowedKinds are the kinds that the AppProject of a new repository allows, without those of guardrails.
var allowedKinds = []string{
	"ConfigMap", "PersistentVolumeClaim", "Secret", "Service", "ServiceAccount", "Deployment", "StatefulSet", "CronJob",
	"Job", "Ingress",
}

// whyLeftOut returns what to do about an object that previews must not have, or "".
func (a *adaption) whyLeftOut(o Object) string {
	if remedy := a.whyHookLeftOut(o); remedy != "" {
		return remedy
	}
	switch o.Kind {
	case "Service":
		if !isService(o) {
			return "it leads out of the preview: link the service, or write a Service with a selector"
		}
	case "ServiceAccount":
		if o.Name == "default" {
			return "guardrails have the one of previews"
		}
	case "Secret":
		if o.Text("type") == "kubernetes.io/service-account-token" {
			return noAccess
		}
	case "Ingress", "HTTPRoute":
		if remedy := whyRouteLeftOut(a, o); remedy != "" {
			return remedy
		}
		a.hasIngress = true
	}
	if remedy := remedies[o.Kind]; remedy != "" {
		return remedy
	}
	isKnown := slices.Contains(allowedKinds, o.Kind)
	if a.options.Permits != nil {
		isKnown = a.options.Permits(o.Object)
	}
	if !isKnown {
		return askForKind
	}
	return ""
}
