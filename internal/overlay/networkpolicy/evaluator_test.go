package networkpolicy

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

// This file evaluates NetworkPolicies as networking.k8s.io/v1 defines them. It decodes them strictly: an unknown field
// fails the test.

// networkPolicy is one object of kind NetworkPolicy.
type networkPolicy struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Metadata   metadata `json:"metadata"`
	Spec       struct {
		PodSelector selector `json:"podSelector"`
		PolicyTypes []string `json:"policyTypes"`
		Ingress     []struct {
			Peers []policyPeer `json:"from"`
			Ports []policyPort `json:"ports"`
		} `json:"ingress"`
		Egress []struct {
			Peers []policyPeer `json:"to"`
			Ports []policyPort `json:"ports"`
		} `json:"egress"`
	} `json:"spec"`
}

type metadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

type policyRule struct {
	Peers []policyPeer
	Ports []policyPort
}

type policyPeer struct {
	PodSelector       *selector `json:"podSelector"`
	NamespaceSelector *selector `json:"namespaceSelector"`
	IPBlock           *ipBlock  `json:"ipBlock"`
}

type ipBlock struct {
	CIDR   netip.Prefix   `json:"cidr"`
	Except []netip.Prefix `json:"except"`
}

type policyPort struct {
	Protocol string  `json:"protocol"`
	Port     any     `json:"port"` // a number, or the name of a port of the receiving container
	EndPort  float64 `json:"endPort"`
}

type selector struct {
	MatchLabels      map[string]string `json:"matchLabels"`
	MatchExpressions []struct {
		Key      string   `json:"key"`
		Operator string   `json:"operator"`
		Values   []string `json:"values"`
	} `json:"matchExpressions"`
}

// endpoint is one end of a connection: a Pod, or an address outside the cluster, which has no namespace.
type endpoint struct {
	name      string // <namespace>/<workload>, or the address
	namespace string
	labels    map[string]string
	addresses []netip.Addr
	pod       podSpec
}

// port is the target port of a connection.
type port struct {
	Number   int    `json:"containerPort"`
	Name     string `json:"name"`
	Protocol string `json:"protocol"`
	HostPort int    `json:"hostPort"`
}

func (p port) String() string { return fmt.Sprintf("%d/%s", p.Number, p.Protocol) }

// The ways a connection can end.
const (
	allowed       = "allowed"
	egressDenied  = "egress denied"
	ingressDenied = "ingress denied"
	bothDenied    = "egress and ingress denied"
)

// cluster is all ends of connections, and the policies between them.
type cluster struct {
	namespaces map[string]map[string]string // their labels, by name
	endpoints  []endpoint
	policies   []networkPolicy
	services   map[string]service // by <namespace>/<name>
	routes     []route
}

// connect returns how a connection ends. The policies of both sides must allow it.
func (c *cluster) connect(from, to endpoint, p port) string {
	for _, own := range to.pod.ports() {
		if own.Number == p.Number && own.Protocol == p.Protocol {
			p.Name = own.Name
		}
	}
	out, in := c.allows("Egress", from, to, p), c.allows("Ingress", to, from, p)
	switch {
	case out && in:
		return allowed
	case in:
		return egressDenied
	case out:
		return ingressDenied
	}
	return bothDenied
}

// allows reports whether the policies of one direction allow a connection. They allow all connections of a Pod that no
// policy selects; otherwise one rule must match.
func (c *cluster) allows(direction string, of, other endpoint, p port) bool {
	governing := c.governing(direction, of)
	for _, policy := range governing {
		for _, rule := range policy.rules(direction) {
			if rule.to(p) && c.between(rule, policy.Metadata.Namespace, other) {
				return true
			}
		}
	}
	return len(governing) == 0
}

func (c *cluster) governing(direction string, of endpoint) []networkPolicy {
	var found []networkPolicy
	for _, policy := range c.policies {
		if policy.Metadata.Namespace == of.namespace && policy.is(direction) && policy.Spec.PodSelector.matches(of.labels) {
			found = append(found, policy)
		}
	}
	return found
}

// is follows the API's defaults: a policy is for ingress; it is for egress if it has rules for egress or policyTypes
// says so.
func (p networkPolicy) is(direction string) bool {
	if len(p.Spec.PolicyTypes) == 0 {
		return direction == "Ingress" || len(p.Spec.Egress) > 0
	}
	return slices.Contains(p.Spec.PolicyTypes, direction)
}

func (p networkPolicy) rules(direction string) []policyRule {
	var rules []policyRule
	if direction == "Egress" {
		for _, r := range p.Spec.Egress {
			rules = append(rules, policyRule(r))
		}
		return rules
	}
	for _, r := range p.Spec.Ingress {
		rules = append(rules, policyRule(r))
	}
	return rules
}

func (c *cluster) between(r policyRule, namespace string, other endpoint) bool {
	return len(r.Peers) == 0 || slices.ContainsFunc(r.Peers, func(p policyPeer) bool { return c.isPeer(p, namespace, other) })
}

// isPeer combines the two selectors of a peer. Without a namespace selector, the peer is in the policy's namespace.
func (c *cluster) isPeer(p policyPeer, namespace string, other endpoint) bool {
	switch {
	case p.IPBlock != nil:
		return slices.ContainsFunc(other.addresses, p.IPBlock.contains)
	case other.namespace == "":
		return false
	case p.NamespaceSelector == nil && other.namespace != namespace:
		return false
	case p.NamespaceSelector != nil && !p.NamespaceSelector.matches(c.namespaces[other.namespace]):
		return false
	}
	return p.PodSelector == nil || p.PodSelector.matches(other.labels)
}

func (b ipBlock) contains(a netip.Addr) bool {
	return b.CIDR.Contains(a) && !slices.ContainsFunc(b.Except, func(e netip.Prefix) bool { return e.Contains(a) })
}

func (r policyRule) to(p port) bool {
	return len(r.Ports) == 0 || slices.ContainsFunc(r.Ports, func(pp policyPort) bool { return pp.is(p) })
}

func (pp policyPort) is(p port) bool {
	if p.Protocol != cmp.Or(pp.Protocol, "TCP") {
		return false
	}
	switch of := pp.Port.(type) {
	case string:
		return of == p.Name
	case float64:
		return float64(p.Number) >= of && float64(p.Number) <= max(of, pp.EndPort)
	}
	return true
}

func (s selector) matches(labels map[string]string) bool {
	for key, value := range s.MatchLabels {
		if has, ok := labels[key]; !ok || has != value {
			return false
		}
	}
	for _, e := range s.MatchExpressions {
		value, ok := labels[e.Key]
		matches, known := map[string]bool{
			"Exists": ok, "DoesNotExist": !ok, "In": ok && slices.Contains(e.Values, value), "NotIn": !ok || !slices.Contains(e.Values, value),
		}[e.Operator]
		if !known {
			panic("unknown operator " + e.Operator)
		}
		if !matches {
			return false
		}
	}
	return true
}

// The endpoints that connect to Pod web of namespace a.
var (
	dbOfA = endpoint{
		name: "a/db", namespace: "a", labels: map[string]string{"app": "db"},
		addresses: []netip.Addr{netip.MustParseAddr("10.0.0.1")},
	}
	dbOfB    = endpoint{name: "b/db", namespace: "b", labels: map[string]string{"app": "db"}}
	dbOfC    = endpoint{name: "c/db", namespace: "c", labels: map[string]string{"app": "db"}}
	webOfB   = endpoint{name: "b/web", namespace: "b", labels: map[string]string{"app": "web"}}
	outsider = endpoint{name: "outside", addresses: []netip.Addr{netip.MustParseAddr("192.0.2.7")}}
)

// networkPolicyRules are specifications of a NetworkPolicy in namespace a.
var networkPolicyRules = []struct {
	name, spec string
	want       []endpoint // the endpoints that may connect to 80/TCP, named http
}{
	{"no ingress rule allows no connection", `{podSelector: {}}`, nil},
	{
		"a policy for other Pods has no effect",
		`{podSelector: {matchLabels: {app: db}}}`,
		[]endpoint{dbOfA, dbOfB, dbOfC, webOfB, outsider},
	},
	{
		"a policy only for egress has no effect",
		`{podSelector: {}, policyTypes: [Egress]}`,
		[]endpoint{dbOfA, dbOfB, dbOfC, webOfB, outsider},
	},
	{
		"a rule without peers allows every peer",
		`{podSelector: {}, ingress: [{}]}`,
		[]endpoint{dbOfA, dbOfB, dbOfC, webOfB, outsider},
	},
	{
		"a Pod selector alone selects Pods of the same namespace",
		`{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}`,
		[]endpoint{dbOfA},
	},
	{
		"a namespace selector alone selects all of its Pods",
		`{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: x}}}]}]}`,
		[]endpoint{dbOfA, dbOfB, webOfB},
	},
	{
		"both selectors of a peer must match",
		`{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: x}}, podSelector: {matchLabels: {app: db}}}]}]}`,
		[]endpoint{dbOfA, dbOfB},
	},
	{
		"one of two peers must match",
		`{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: x}}}, {podSelector: {matchLabels: {app: db}}}]}]}`,
		[]endpoint{dbOfA, dbOfB, webOfB},
	},
	{
		"an expression",
		`{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]}]}`,
		[]endpoint{dbOfC},
	},
	{
		"addresses",
		`{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]}`,
		[]endpoint{outsider},
	},
	{
		"the port's name",
		`{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: http}]}]}`,
		[]endpoint{dbOfA},
	},
	{"another port's name", `{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: https}]}]}`, nil},
	{
		"another protocol",
		`{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80, protocol: UDP}]}]}`,
		nil,
	},
	{
		"a range of ports",
		`{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 79, endPort: 81}]}]}`,
		[]endpoint{dbOfA},
	},
	{
		"a range below",
		`{podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{port: 78, endPort: 79}]}]}`,
		nil,
	},
}

// TestNetworkPolicyRules tests the evaluator itself.
func TestNetworkPolicyRules(t *testing.T) {
	t.Parallel()
	namespaces := map[string]map[string]string{"a": {"team": "x"}, "b": {"team": "x"}, "c": {}}
	subject := endpoint{name: "a/web", namespace: "a", labels: map[string]string{"app": "web"}}
	for _, tt := range networkPolicyRules {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			policy := parsePolicy(t, []byte("{metadata: {namespace: a}, spec: "+tt.spec+"}"))
			c := &cluster{namespaces: namespaces, policies: []networkPolicy{policy}}
			for _, from := range []endpoint{dbOfA, dbOfB, dbOfC, webOfB, outsider} {
				want := slices.ContainsFunc(tt.want, func(e endpoint) bool { return e.name == from.name })
				if got := c.allows("Ingress", subject, from, port{80, "http", "TCP", 0}); got != want {
					t.Errorf("%s may connect: %v, want %v", from.name, got, want)
				}
			}
		})
	}
}

func parsePolicy(t *testing.T, manifest []byte) networkPolicy {
	t.Helper()
	var p networkPolicy
	if err := yaml.UnmarshalStrict(manifest, &p); err != nil {
		t.Fatalf("%v in:\n%s", err, manifest)
	}
	return p
}
