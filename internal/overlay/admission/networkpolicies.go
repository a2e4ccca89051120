package admission

import (
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

func (r *Rules) refuseNetworkPolicy(o manifest.Object) []Refusal {
	var found []Refusal
	if !all(o.Items("spec", "egress"), r.allowsEgress) {
		found = append(found, Refusal{
			"opens more to the preview's Pods than guardrails and links do", "remove that rule of egress, or link the service",
		})
	}
	if !all(o.Items("spec", "ingress"), r.allowsIngress) {
		found = append(found, Refusal{
			"opens the preview's Pods to more than guardrails do", "remove that rule of ingress, or make the service public",
		})
	}
	if o.Name == "default-deny" && !deniesAll(o) {
		found = append(found, Refusal{"differs from the one of guardrails", "leave it as it is there"})
	}
	return found
}

func all(items []manifest.Object, isTrue func(manifest.Object) bool) bool {
	return !slices.ContainsFunc(items, func(o manifest.Object) bool { return !isTrue(o) })
}

// allowsEgress reports whether a rule leads only to: the same namespace, the internet, the cluster's DNS, or named Pods
// and ports of the baseline, of another preview or of a developers' tool.
func (r *Rules) allowsEgress(rule manifest.Object) bool {
	to := rule.Items("to")
	return len(to) > 0 && all(to, func(peer manifest.Object) bool { return r.allowsPeer(peer, rule.Items("ports")) })
}

func (r *Rules) allowsPeer(peer manifest.Object, ports []manifest.Object) bool {
	if peer.At("ipBlock") != nil {
		return r.settings.isInternet(peer.Under("ipBlock"))
	}
	if peer.At("namespaceSelector") == nil {
		return true
	}
	labels, _ := peer.At("podSelector", "matchLabels").(map[string]any)
	namespace := selectedNamespace(peer)
	if namespace == "" || len(labels) == 0 || !namesPorts(ports) {
		return false
	}
	onlyDNS := all(ports, func(p manifest.Object) bool { return fmt.Sprint(p.At("port")) == "53" })
	return namespace == r.settings.value("baseline") || strings.HasPrefix(namespace, r.prefix) ||
		slices.Contains(r.settings.values("tools"), namespace) || (slices.Contains(r.settings.values("dns"), namespace) && onlyDNS)
}

// isInternet reports whether a block excludes all private addresses, or is one of the addresses that the settings
// allow.
func (s *Settings) isInternet(block manifest.Object) bool {
	cidr := block.Text("cidr")
	if slices.Contains(s.values("addresses"), cidr) {
		return true
	}
	if cidr != "0.0.0.0/0" && cidr != "::/0" {
		return false
	}
	except := manifest.Texts(block.At("except"))
	return !slices.ContainsFunc(s.values("private"), func(private string) bool {
		return strings.Contains(private, ":") == strings.Contains(cidr, ":") && !slices.Contains(except, private)
	})
}

// allowsIngress reports whether a rule admits only the same namespace, ingress controllers, Prometheus, developers' tools and
// other previews.
func (r *Rules) allowsIngress(rule manifest.Object) bool {
	from := rule.Items("from")
	return len(from) > 0 && all(from, func(peer manifest.Object) bool {
		if peer.At("ipBlock") != nil {
			return false
		}
		namespace := selectedNamespace(peer)
		isAllowed := namespace != "" && (slices.Contains(r.settings.values("ingress"), namespace) ||
			slices.Contains(r.settings.values("monitoring"), namespace) ||
			slices.Contains(r.settings.values("tools"), namespace) || strings.HasPrefix(namespace, r.prefix))
		return peer.At("namespaceSelector") == nil || (isAllowed && namesPorts(rule.Items("ports")))
	})
}

// selectedNamespace returns the one namespace that a peer selects by name, or "".
func selectedNamespace(peer manifest.Object) string {
	if len(peer.Items("namespaceSelector", "matchExpressions")) > 0 {
		return ""
	}
	return peer.Text("namespaceSelector", "matchLabels", "kubernetes.io/metadata.name")
}

// namesPorts reports whether a list consists of single ports. An empty list means all ports.
func namesPorts(ports []manifest.Object) bool {
	return len(ports) > 0 && all(
		ports, func(p manifest.Object) bool { return p.At("port") != nil && p.At("endPort") == nil },
	)
}

// deniesAll reports whether a policy isolates every Pod in both directions.
func deniesAll(o manifest.Object) bool {
	selector, _ := o.At("spec", "podSelector").(map[string]any)
	types := manifest.Texts(o.At("spec", "policyTypes"))
	return len(selector) == 0 && slices.Contains(types, "Ingress") && slices.Contains(types, "Egress") &&
		len(o.Items("spec", "ingress")) == 0 && len(o.Items("spec", "egress")) == 0
}
