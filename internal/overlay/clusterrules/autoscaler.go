package clusterrules

import (
	"strings"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
)

// mostReplicas returns the largest number of Pods of an object that run at the same time: maxReplicas of the
// HorizontalPodAutoscaler that scales it, if there is one. Kubernetes doesn't scale an object with zero replicas.
func (b *Build) mostReplicas(o Object) int64 {
	most := o.replicas()
	if most == 0 {
		return 0
	}
	for _, other := range b.Objects {
		if isScaledBy(o, other) {
			most = max(most, maxReplicas(other))
		}
	}
	return most
}

func isScaledBy(o, autoscaler Object) bool {
	apiVersion, kind, name := "", "", ""
	switch a := autoscaler.typed.(type) {
	case *autoscalingv2.HorizontalPodAutoscaler:
		apiVersion, kind, name = a.Spec.ScaleTargetRef.APIVersion, a.Spec.ScaleTargetRef.Kind, a.Spec.ScaleTargetRef.Name
	case *autoscalingv1.HorizontalPodAutoscaler:
		apiVersion, kind, name = a.Spec.ScaleTargetRef.APIVersion, a.Spec.ScaleTargetRef.Kind, a.Spec.ScaleTargetRef.Name
	}
	group, _, hasGroup := strings.Cut(apiVersion, "/")
	if !hasGroup {
		group = ""
	}
	return kind == o.Kind && name == o.Name && group == o.Group && kind != ""
}

func maxReplicas(autoscaler Object) int64 {
	switch a := autoscaler.typed.(type) {
	case *autoscalingv2.HorizontalPodAutoscaler:
		return int64(a.Spec.MaxReplicas)
	case *autoscalingv1.HorizontalPodAutoscaler:
		return int64(a.Spec.MaxReplicas)
	}
	return 0
}
