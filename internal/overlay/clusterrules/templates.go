package clusterrules

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// template is the Pod template of a workload, or a Pod itself.
type template struct {
	// field is the path of the Pod's specification.
	field    string
	metadata *metav1.ObjectMeta
	spec     *corev1.PodSpec
}

// template returns the Pods of a workload. ok is false where the object has none.
func (o Object) template() (t template, ok bool) {
	switch w := o.typed.(type) {
	case *corev1.Pod:
		return template{"spec", &w.ObjectMeta, &w.Spec}, true
	case *appsv1.Deployment:
		return templateOf(&w.Spec.Template), true
	case *appsv1.StatefulSet:
		return templateOf(&w.Spec.Template), true
	case *appsv1.DaemonSet:
		return templateOf(&w.Spec.Template), true
	case *appsv1.ReplicaSet:
		return templateOf(&w.Spec.Template), true
	case *batchv1.Job:
		return templateOf(&w.Spec.Template), true
	case *batchv1.CronJob:
		t := templateOf(&w.Spec.JobTemplate.Spec.Template)
		t.field = "spec.jobTemplate." + t.field
		return t, true
	case *corev1.ReplicationController:
		if w.Spec.Template == nil {
			return template{}, false
		}
		return templateOf(w.Spec.Template), true
	}
	return template{}, false
}

func templateOf(t *corev1.PodTemplateSpec) template {
	return template{"spec.template.spec", &t.ObjectMeta, &t.Spec}
}
