package clusterrules

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// refuseValues refuses missing and invalid values, with the words of the API server. It knows the frequent mistakes:
// the validation of the API server itself is no library.
func refuseValues(b *Build) []Problem {
	var found []Problem
	for _, o := range b.Objects {
		var messages []string
		for _, err := range o.invalidValues() {
			messages = append(messages, err.Error())
		}
		slices.Sort(messages)
		found = append(found, joined(o, "", messages, "correct the fields; compare kubectl explain")...)
	}
	return found
}

// invalidValues returns the errors in the values of an object.
func (o Object) invalidValues() field.ErrorList {
	if o.refusal != nil {
		return nil // the values of such an object aren't all known
	}
	errs := o.invalidMetadata()
	spec := field.NewPath("spec")
	switch w := o.typed.(type) {
	case *appsv1.Deployment:
		errs = append(errs, invalidSelector(w.Spec.Selector, &w.Spec.Template, spec)...)
		errs = append(errs, invalidRestartPolicy(w.Spec.Template.Spec, spec, corev1.RestartPolicyAlways)...)
	case *appsv1.StatefulSet:
		errs = append(errs, invalidSelector(w.Spec.Selector, &w.Spec.Template, spec)...)
	case *appsv1.DaemonSet:
		errs = append(errs, invalidSelector(w.Spec.Selector, &w.Spec.Template, spec)...)
	case *batchv1.Job:
		errs = append(errs, invalidJobPolicy(w.Spec.Template.Spec, spec)...)
	case *batchv1.CronJob:
		if w.Spec.Schedule == "" {
			errs = append(errs, field.Required(spec.Child("schedule"), ""))
		}
		errs = append(errs, invalidJobPolicy(w.Spec.JobTemplate.Spec.Template.Spec, spec.Child("jobTemplate", "spec"))...)
	case *corev1.Service:
		errs = append(errs, invalidService(w, spec)...)
	case *corev1.PersistentVolumeClaim:
		errs = append(errs, invalidClaim(w.Spec, spec)...)
	case *networkingv1.Ingress:
		errs = append(errs, invalidIngress(w.Spec, spec)...)
	case *autoscalingv2.HorizontalPodAutoscaler:
		errs = append(errs, invalidAutoscaler(w.Spec, spec)...)
	case *corev1.ConfigMap:
		errs = append(errs, invalidKeys(slices.Collect(maps.Keys(w.Data)))...)
	case *corev1.Secret:
		errs = append(errs, invalidKeys(slices.Collect(maps.Keys(w.Data)))...)
	}
	if t, ok := o.template(); ok {
		errs = append(errs, invalidPod(t, o.claimNames())...)
	}
	return errs
}

func (o Object) invalidMetadata() field.ErrorList {
	metadata := field.NewPath("metadata")
	isValid := apivalidation.NameIsDNSSubdomain
	switch {
	case o.Group == "" && o.Kind == "Service":
		isValid = apivalidation.NameIsDNS1035Label
	case o.Group == "" && o.Kind == "Namespace":
		isValid = apivalidation.NameIsDNSLabel
	case o.typed == nil || o.Group == "rbac.authorization.k8s.io":
		isValid = func(string, bool) []string { return nil }
	}
	var errs field.ErrorList
	for _, message := range isValid(o.Name, false) {
		errs = append(errs, field.Invalid(metadata.Child("name"), o.Name, message))
	}
	errs = append(errs, metavalidation.ValidateLabels(o.Labels, metadata.Child("labels"))...)
	return append(errs, apivalidation.ValidateAnnotations(o.Annotations(), metadata.Child("annotations"))...)
}

func invalidSelector(s *metav1.LabelSelector, t *corev1.PodTemplateSpec, spec *field.Path) field.ErrorList {
	if s == nil {
		return field.ErrorList{field.Required(spec.Child("selector"), "")}
	}
	if len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return field.ErrorList{field.Invalid(spec.Child("selector"), s, "empty selector is invalid for a workload")}
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return field.ErrorList{field.Invalid(spec.Child("selector"), s, err.Error())}
	}
	if !selector.Matches(labels.Set(t.Labels)) {
		return field.ErrorList{field.Invalid(
			spec.Child("template", "metadata", "labels"), t.Labels, "`selector` does not match template `labels`",
		)}
	}
	return nil
}

func invalidRestartPolicy(pod corev1.PodSpec, spec *field.Path, allowed ...corev1.RestartPolicy) field.ErrorList {
	if pod.RestartPolicy == "" || slices.Contains(allowed, pod.RestartPolicy) {
		return nil
	}
	path := spec.Child("template", "spec", "restartPolicy")
	return field.ErrorList{field.NotSupported(path, pod.RestartPolicy, allowed)}
}

func invalidJobPolicy(pod corev1.PodSpec, spec *field.Path) field.ErrorList {
	if pod.RestartPolicy == "" || pod.RestartPolicy == corev1.RestartPolicyAlways {
		path := spec.Child("template", "spec", "restartPolicy")
		return field.ErrorList{field.Required(path, `valid values: "OnFailure", "Never"`)}
	}
	return invalidRestartPolicy(pod, spec, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever)
}

func invalidClaim(s corev1.PersistentVolumeClaimSpec, spec *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(s.AccessModes) == 0 {
		errs = append(errs, field.Required(spec.Child("accessModes"), "at least 1 access mode is required"))
	}
	if _, ok := s.Resources.Requests[corev1.ResourceStorage]; !ok {
		errs = append(errs, field.Required(spec.Child("resources").Key("storage"), ""))
	}
	return errs
}

func invalidAutoscaler(s autoscalingv2.HorizontalPodAutoscalerSpec, spec *field.Path) field.ErrorList {
	if s.MaxReplicas < 1 {
		return field.ErrorList{field.Invalid(spec.Child("maxReplicas"), s.MaxReplicas, "must be greater than 0")}
	}
	if s.MinReplicas != nil && *s.MinReplicas > s.MaxReplicas {
		return field.ErrorList{field.Invalid(
			spec.Child("maxReplicas"), s.MaxReplicas, "must be greater than or equal to `minReplicas`",
		)}
	}
	return nil
}

func invalidKeys(keys []string) field.ErrorList {
	var errs field.ErrorList
	for _, key := range slices.Sorted(slices.Values(keys)) {
		for _, message := range validation.IsConfigMapKey(key) {
			errs = append(errs, field.Invalid(field.NewPath("data").Key(key), key, message))
		}
	}
	return errs
}
