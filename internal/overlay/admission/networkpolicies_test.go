package admission

import "testing"

func TestNetworkPolicies(t *testing.T) {
	t.Parallel()
	const (
		egress = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {}, egress: [" +
			"{to: [{podSelector: {}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: staging}}, " +
			"podSelector: {matchLabels: {a: b}}}], ports: [{port: 53}]}, " +
			"{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ambassador}}, " +
			"podSelector: {matchLabels: {app: traffic-manager}}}], ports: [{port: 8081}]}, " +
			"{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}, {ipBlock: {cidr: '::/0', except: [fc00::/7]}}, " +
			"{ipBlock: {cidr: 169.254.20.10/32}}]}]}}"
		ingress = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {}, ingress: [" +
			"{from: [{podSelector: {}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}}, " +
			"{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}, " +
			"{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ambassador}}}], " +
			"ports: [{port: http}]}]}}"
		deny = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: default-deny, " +
			"annotations: {argocd.argoproj.io/sync-options: Prune=false}}, spec: {policyTypes: [Ingress, Egress]}}"
		opensEgress  = "NetworkPolicy a opens more to the preview's Pods than guardrails and links do; remove that rule of egress"
		opensIngress = "NetworkPolicy a opens the preview's Pods to more than guardrails do; remove that rule of ingress"
		differs      = "NetworkPolicy default-deny differs from the one of guardrails; leave it as it is there"
	)
	wantRefused(t, []refusedChange{
		{"egress to every address", egress, "egress: [", "egress: [{}, ", opensEgress},
		{"egress to another namespace", egress, "name: staging", "name: prod", opensEgress},
		{
			"egress to another port of the DNS namespace", egress,
			"name: staging}}, podSelector: {matchLabels: {a: b}}}], ports: [{port: 53}",
			"name: kube-system}}, podSelector: {matchLabels: {a: b}}}], ports: [{port: 54}",
			opensEgress,
		},
		{"egress to namespaces with a label", egress, "kubernetes.io/metadata.name: staging", "team: a", opensEgress},
		{
			"egress by an expression", egress,
			"staging}}", "staging}, matchExpressions: [{key: a, operator: Exists}]}",
			opensEgress,
		},
		{"egress to a namespace like that of a tool", egress, "name: ambassador", "name: ambassador-b", opensEgress},
		{"egress to all Pods of a tool's namespace", egress, ", podSelector: {matchLabels: {app: traffic-manager}}", "", opensEgress},
		{"ingress from a namespace like that of a tool", ingress, "name: ambassador", "name: ambassador-b", opensIngress},
		{"egress to all Pods", egress, ", podSelector: {matchLabels: {a: b}}", "", opensEgress},
		{"egress to all ports", egress, ", ports: [{port: 53}]", "", opensEgress},
		{"egress to a range of ports", egress, "{port: 53}", "{port: 53, endPort: 54}", opensEgress},
		{"egress to private addresses", egress, "169.254.20.10/32", "169.254.0.0/16", opensEgress},
		{"egress to all of IPv4", egress, ", except: [10.0.0.0/8]", "", opensEgress},
		{"egress to all of IPv6", egress, "fc00::/7", "fe80::/10", opensEgress},
		{"ingress from every address", ingress, "ingress: [", "ingress: [{}, ", opensIngress},
		{"ingress from another namespace", ingress, "ingress-nginx", "prod", opensIngress},
		{"ingress from a namespace like that of Prometheus", ingress, "name: monitoring", "name: monitoring-b", opensIngress},
		{
			"ingress from addresses", ingress,
			"from: [{podSelector: {}}", "from: [{ipBlock: {cidr: 0.0.0.0/0}}",
			opensIngress,
		},
		{"ingress to all ports", ingress, ", ports: [{port: http}]", "", opensIngress},
		{"a default-deny for one direction", deny, "[Ingress, Egress]", "[Ingress]", differs},
		{
			"a default-deny that is pruned", deny, "{argocd.argoproj.io/sync-options: Prune=false}", "{}",
			"NetworkPolicy default-deny could be pruned; leave its annotation argocd.argoproj.io/sync-options as it is",
		},
	})
}
