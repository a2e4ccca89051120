package overlay

import (
	"fmt"
	"slices"
	"strings"
)

func refusedPods(o object) []refusal {
	pod := o.under("spec", "template", "spec")
	if o.kind == "CronJob" {
		pod = o.under("spec", "jobTemplate", "spec", "template", "spec")
	}
	var found []refusal
	if pod.at("automountServiceAccountToken") != false {
		found = append(found, refusal{
			"gives its Pods a service account's token", "write automountServiceAccountToken: false into its Pod template",
		})
	}
	for _, volume := range pod.items("volumes") {
		for _, source := range volume.items("projected", "sources") {
			if source.at("serviceAccountToken") != nil {
				found = append(found, refusal{"mounts a service account's token", "remove that volume"})
			}
		}
	}
	return found
}

func (a *admission) refusedNetworkPolicy(o object) []refusal {
	var found []refusal
	if slices.ContainsFunc(o.items("spec", "egress"), func(rule object) bool { return !a.mayLeave(rule) }) {
		found = append(found, refusal{
			"opens more to the preview's Pods than guardrails and links do", "remove that rule of egress, or link the service",
		})
	}
	if slices.ContainsFunc(o.items("spec", "ingress"), func(rule object) bool { return !a.mayEnter(rule) }) {
		found = append(found, refusal{
			"opens the preview's Pods to more than guardrails do", "remove that rule of ingress, or make the service public",
		})
	}
	if o.name == "default-deny" && !deniesAll(o) {
		found = append(found, refusal{"isn't the one of guardrails any more", "leave it as it is there"})
	}
	return found
}

// mayLeave is true of a rule of egress to the own namespace, the internet, the cluster's DNS, and to named Pods and ports of
// the baseline or of another preview.
func (a *admission) mayLeave(rule object) bool {
	to := rule.items("to")
	return len(to) > 0 && !slices.ContainsFunc(to, func(peer object) bool { return !a.mayReach(peer, rule.items("ports")) })
}

func (a *admission) mayReach(peer object, ports []object) bool {
	if peer.at("ipBlock") != nil {
		return a.isInternet(peer.under("ipBlock"))
	}
	if peer.at("namespaceSelector") == nil {
		return true
	}
	labels, _ := peer.at("podSelector", "matchLabels").(map[string]any)
	namespace := selectedNamespace(peer)
	if namespace == "" || len(labels) == 0 || !namesPorts(ports) {
		return false
	}
	onlyDNS := !slices.ContainsFunc(ports, func(p object) bool { return fmt.Sprint(p.at("port")) != "53" })
	return namespace == a.text("baseline") || strings.HasPrefix(namespace, a.prefix) || (slices.Contains(a.list("dns"), namespace) && onlyDNS)
}

// isInternet is true of all addresses but private ones, and of those that previews may reach all the same.
func (a *admission) isInternet(block object) bool {
	cidr := block.text("cidr")
	if slices.Contains(a.list("addresses"), cidr) {
		return true
	}
	if cidr != "0.0.0.0/0" && cidr != "::/0" {
		return false
	}
	except := texts(block.at("except"))
	return !slices.ContainsFunc(a.list("private"), func(private string) bool {
		return strings.Contains(private, ":") == strings.Contains(cidr, ":") && !slices.Contains(except, private)
	})
}

// mayEnter is true of a rule of ingress from the own namespace, ingress controllers and other previews.
func (a *admission) mayEnter(rule object) bool {
	from := rule.items("from")
	return len(from) > 0 && !slices.ContainsFunc(from, func(peer object) bool {
		if peer.at("ipBlock") != nil {
			return true
		}
		namespace := selectedNamespace(peer)
		known := slices.Contains(a.list("ingress"), namespace) || (namespace != "" && strings.HasPrefix(namespace, a.prefix))
		return peer.at("namespaceSelector") != nil && (!known || !namesPorts(rule.items("ports")))
	})
}

// selectedNamespace is the one namespace that a peer selects by its name, or "".
func selectedNamespace(peer object) string {
	if len(peer.items("namespaceSelector", "matchExpressions")) > 0 {
		return ""
	}
	return peer.text("namespaceSelector", "matchLabels", "kubernetes.io/metadata.name")
}

// namesPorts is false of no ports, which are all of them, and of ranges.
func namesPorts(ports []object) bool {
	return len(ports) > 0 && !slices.ContainsFunc(ports, func(p object) bool { return p.at("port") == nil || p.at("endPort") != nil })
}

// deniesAll is true of a policy that isolates every Pod in both directions, and that Argo CD doesn't prune.
func deniesAll(o object) bool {
	selector, _ := o.at("spec", "podSelector").(map[string]any)
	types := texts(o.at("spec", "policyTypes"))
	options := strings.Split(o.annotations()["argocd.argoproj.io/sync-options"], ",")
	return len(selector) == 0 && slices.Contains(types, "Ingress") && slices.Contains(types, "Egress") &&
		len(o.items("spec", "ingress")) == 0 && len(o.items("spec", "egress")) == 0 && slices.Contains(options, "Prune=false")
}
