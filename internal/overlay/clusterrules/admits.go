package clusterrules

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// admits reports whether the NetworkPolicies of the build admit connections from the namespace of the ingress
// controller to a port of a Pod. A peer with an address counts as the controller: it may run in the host's network.
func (b *Build) admits(t template, port corev1.ContainerPort) bool {
	isIsolated := false
	for _, o := range b.Objects {
		p, ok := o.typed.(*networkingv1.NetworkPolicy)
		if !ok || !restrictsIngress(p) || !matches(&p.Spec.PodSelector, t.metadata.Labels) {
			continue
		}
		isIsolated = true
		for _, rule := range p.Spec.Ingress {
			if b.admitsController(rule.From) && admitsPort(rule.Ports, port) {
				return true
			}
		}
	}
	return !isIsolated
}

func restrictsIngress(p *networkingv1.NetworkPolicy) bool {
	return len(p.Spec.PolicyTypes) == 0 || slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeIngress)
}

func (b *Build) admitsController(peers []networkingv1.NetworkPolicyPeer) bool {
	namespace := map[string]string{corev1.LabelMetadataName: b.IngressNamespace}
	return len(peers) == 0 || slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		return p.IPBlock != nil || (p.NamespaceSelector != nil && matches(p.NamespaceSelector, namespace))
	})
}

func admitsPort(ports []networkingv1.NetworkPolicyPort, port corev1.ContainerPort) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		switch {
		case p.Protocol != nil && *p.Protocol != protocolOf(port):
			return false
		case p.Port == nil:
			return true
		case p.Port.Type == intstr.String:
			return port.Name != "" && p.Port.StrVal == port.Name
		case p.EndPort != nil:
			return port.ContainerPort >= p.Port.IntVal && port.ContainerPort <= *p.EndPort
		}
		return p.Port.IntVal == port.ContainerPort
	})
}

func protocolOf(port corev1.ContainerPort) corev1.Protocol {
	if port.Protocol == "" {
		return corev1.ProtocolTCP
	}
	return port.Protocol
}

func matches(s *metav1.LabelSelector, set map[string]string) bool {
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(labels.Set(set))
}
