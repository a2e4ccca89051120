package clusterrules

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// findDeadServices reports each Service that selects no Pod, or with a port that
// its Pods don't have. The API server accepts such a Service, but nothing answers, or only sometimes.
func findDeadServices(b *Build) []Problem {
	var found []Problem
	for _, o := range b.Objects {
		s, ok := o.typed.(*corev1.Service)
		if !ok || len(s.Spec.Selector) == 0 || s.Spec.Type == corev1.ServiceTypeExternalName {
			continue
		}
		selected := b.selected(s)
		if len(selected) == 0 {
			found = append(found, Problem{
				Object: o.String(), Field: "spec.selector",
				Message: fmt.Sprintf("selects no Pod (%s)", labels.Set(s.Spec.Selector)),
				Remedy:  "write labels of the Pod template of its workload",
			})
			continue
		}
		found = append(found, missingPort(o, s, selected)...)
	}
	return found
}

// missingPort reports a port with a name that no selected Pod has.
func missingPort(o Object, s *corev1.Service, selected []Object) []Problem {
	for i, p := range s.Spec.Ports {
		if p.TargetPort.Type != intstr.String {
			continue
		}
		var without []string
		for _, w := range selected {
			t, _ := w.template()
			if _, ok := t.targetPort(p); !ok {
				without = append(without, w.String())
			}
		}
		if len(without) == len(selected) {
			return []Problem{{
				Object: o.String(), Field: fmt.Sprintf("spec.ports[%d].targetPort", i),
				Message: fmt.Sprintf("no container of %s has a port named %q", strings.Join(without, ", "), p.TargetPort.StrVal),
				Remedy:  "name the container's port so, or write its number here",
			}}
		}
	}
	return nil
}

// selected returns the workloads with Pods that a Service selects.
func (b *Build) selected(s *corev1.Service) []Object {
	if len(s.Spec.Selector) == 0 {
		return nil
	}
	var found []Object
	selector := labels.SelectorFromSet(s.Spec.Selector)
	for _, o := range b.Objects {
		if t, ok := o.template(); ok && selector.Matches(labels.Set(t.metadata.Labels)) {
			found = append(found, o)
		}
	}
	return found
}

// targetPort returns the container's port behind a Service's port. ok is false where no container has its name. A
// number needs no declaration.
func (t template) targetPort(p corev1.ServicePort) (port corev1.ContainerPort, ok bool) {
	number := p.TargetPort.IntVal
	if p.TargetPort.Type == intstr.Int && number == 0 {
		number = p.Port
	}
	for _, c := range t.spec.Containers {
		for _, candidate := range c.Ports {
			isNamed := p.TargetPort.Type == intstr.String && candidate.Name == p.TargetPort.StrVal
			if isNamed || (p.TargetPort.Type == intstr.Int && candidate.ContainerPort == number) {
				return candidate, true
			}
		}
	}
	return corev1.ContainerPort{ContainerPort: number, Protocol: p.Protocol}, p.TargetPort.Type == intstr.Int
}
