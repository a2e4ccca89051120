package clusterrules

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// findBlockedUpdates returns the Deployments that can't be updated within a ResourceQuota. An update starts a Pod before
// the old one ends. If the quota has no room for it, the API server refuses it, and the old commit runs forever.
func findBlockedUpdates(b *Build) []Problem {
	var found []Problem
	limits, lasting := b.limits(), b.withoutJobs()
	for _, o := range b.Objects {
		q, ok := o.typed.(*corev1.ResourceQuota)
		if !ok || len(q.Spec.Scopes) > 0 || q.Spec.ScopeSelector != nil {
			continue
		}
		used := lasting.usage(limits)
		for _, d := range b.Objects {
			found = append(found, joined(d, "spec.strategy", blockedBy(q, used, d, limits),
				"raise the quota, lower the requests or limits, or write type Recreate")...)
		}
	}
	return found
}

// withoutJobs returns the objects without those of which the Pods end. The quota counts no Pods that have ended, so an
// update waits for them at most.
func (b *Build) withoutJobs() *Build {
	return &Build{Objects: slices.DeleteFunc(slices.Clone(b.Objects), func(o Object) bool {
		return o.Kind == "Job" || o.Kind == "CronJob"
	})}
}

// blockedBy returns a message for each value of a quota without room for one more Pod of a Deployment. A value that is
// exceeded already is refuseOverQuota's.
func blockedBy(q *corev1.ResourceQuota, used corev1.ResourceList, o Object, limits limitRanges) []string {
	d, ok := o.typed.(*appsv1.Deployment)
	if !ok || !startsPodsFirst(d) {
		return nil
	}
	pod := corev1.ResourceList{}
	addPods(pod, limits.withDefaults(&d.Spec.Template.Spec), 1)
	var messages []string
	for _, name := range sortedNames(q.Spec.Hard) {
		hard, sum, more := q.Spec.Hard[name], used[name].DeepCopy(), pod[name]
		if sum.Cmp(hard) > 0 || more.IsZero() {
			continue
		}
		if sum.Add(more); sum.Cmp(hard) > 0 {
			messages = append(messages, fmt.Sprintf("%s: an update needs %s for a moment, and ResourceQuota %s allows %s",
				name, sum.String(), q.Name, hard.String()))
		}
	}
	return messages
}

// startsPodsFirst reports whether an update of a Deployment ends no Pod before a new one is ready. Kubernetes rounds
// maxSurge up and maxUnavailable down. If both are zero, maxUnavailable is 1.
func startsPodsFirst(d *appsv1.Deployment) bool {
	replicas := int(orOne(d.Spec.Replicas))
	if replicas == 0 || d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return false
	}
	quarter := intstr.FromString("25%")
	surge, unavailable := &quarter, &quarter
	if u := d.Spec.Strategy.RollingUpdate; u != nil {
		surge, unavailable = intstr.ValueOrDefault(u.MaxSurge, quarter), intstr.ValueOrDefault(u.MaxUnavailable, quarter)
	}
	more, err := intstr.GetScaledValueFromIntOrPercent(surge, replicas, true)
	fewer, err2 := intstr.GetScaledValueFromIntOrPercent(unavailable, replicas, false)
	return err == nil && err2 == nil && more > 0 && fewer == 0
}
