package clusterrules

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	podresources "k8s.io/component-helpers/resource"
)

// replicas returns how many Pods of an object run at the same time: of a CronJob those of one Job.
func (o Object) replicas() int64 {
	switch w := o.typed.(type) {
	case *appsv1.Deployment:
		return orOne(w.Spec.Replicas)
	case *appsv1.StatefulSet:
		return orOne(w.Spec.Replicas)
	case *appsv1.ReplicaSet:
		return orOne(w.Spec.Replicas)
	case *batchv1.Job:
		return jobReplicas(w.Spec)
	case *batchv1.CronJob:
		if w.Spec.Suspend != nil && *w.Spec.Suspend {
			return 0
		}
		return jobReplicas(w.Spec.JobTemplate.Spec)
	}
	return 1
}

func jobReplicas(s batchv1.JobSpec) int64 {
	n := orOne(s.Parallelism)
	if s.Completions != nil {
		n = min(n, int64(*s.Completions))
	}
	return n
}

func orOne(n *int32) int64 {
	if n == nil {
		return 1
	}
	return int64(*n)
}

// claimTemplates returns the claims that each Pod of a workload adds.
func (o Object) claimTemplates() []corev1.PersistentVolumeClaim {
	if w, ok := o.typed.(*appsv1.StatefulSet); ok {
		return w.Spec.VolumeClaimTemplates
	}
	return nil
}

// addPods adds a number of Pods to the sum.
func addPods(used corev1.ResourceList, spec *corev1.PodSpec, n int64) {
	pod := &corev1.Pod{Spec: *spec}
	requests := podresources.PodRequests(pod, podresources.PodResourcesOptions{})
	limits := podresources.PodLimits(pod, podresources.PodResourcesOptions{})
	for range n {
		addCount(used, corev1.ResourcePods, 1)
		for name, q := range requests {
			addQuantity(used, "requests."+name, q)
			addQuantity(used, name, q) // a quota can name requests without their prefix
		}
		for name, q := range limits {
			addQuantity(used, "limits."+name, q)
		}
	}
}
