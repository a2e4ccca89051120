package networkpolicy

import (
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
)

// expectation says how connections between two groups of endpoints end.
type expectation struct {
	name     string
	from, to string // patterns of <namespace>/<workload>, and addresses
	at       string // ports: any, "8080/TCP 53/UDP", or "but 8080/TCP" for all others
	want     string
}

const (
	stores    = "{postgres,redis,rabbitmq,mongodb}"
	generator = "argocd/preview-generator"

	internet = "93.184.216.34 8.8.8.8 172.32.0.1 2606:2800:21f:cb07:6820:80da:af6b:8b2c 64:ff9b::5db8:d822"
	api      = "10.96.0.1 10.0.0.2" // its Service, and a node
	// Metadata services of most clouds, AWS, Alibaba, Azure and Oracle.
	cloud   = "169.254.169.254 fd00:ec2::254 100.100.100.200 168.63.129.16 192.0.0.192"
	private = "10.0.0.5 172.16.0.1 192.168.1.1 100.64.0.1 198.18.0.1 240.0.0.1 fd12:3456::1"
	special = "0.0.0.1 127.0.0.1 224.0.0.1 ::1 fe80::1 fec0::1 ff02::1"
	// nat64 is the same addresses where an IPv6 cluster translates them: the last four bytes are the IPv4 address.
	nat64 = "64:ff9b::a00:5 64:ff9b::ac10:1 64:ff9b::c0a8:101 64:ff9b::6440:1 64:ff9b::c612:1 64:ff9b::f000:1 64:ff9b::1 " +
		"64:ff9b::7f00:1 64:ff9b::e000:1 64:ff9b::a9fe:a9fe 64:ff9b::a83f:8110 64:ff9b::c000:c0 64:ff9b:1::1"
	notInternet = api + " " + cloud + " " + private + " " + special + " " + nat64
)

func TestConnectionsBetweenEnvironments(t *testing.T) {
	t.Parallel()
	wantConnections(t, []expectation{
		{"a preview reaches itself", "preview-alice/*", "preview-alice/*", "any", allowed},
		{"a preview with links reaches itself", "preview-bob/*", "preview-bob/*", "any", allowed},
		{"the baseline reaches itself", "staging/*", "staging/*", "any", allowed},
		{"a preview doesn't reach other previews", "preview-alice/*", "preview-{bob,carol}/*", "any", bothDenied},
		{"a preview with links doesn't reach other previews", "preview-bob/*", "preview-{alice,carol}/*", "any", bothDenied},
		{"the baseline reaches no preview", "staging/*", "preview-*/*", "any", bothDenied},

		{"a link to orders opens its port", "preview-bob/*", "staging/orders", "9898/TCP", allowed},
		{"a link to products opens its port", "preview-bob/*", "staging/products", "8080/TCP", allowed},
		{"a link to orders opens no other port", "preview-bob/*", "staging/orders", "but 9898/TCP", bothDenied},
		{"a link to products opens no other port", "preview-bob/*", "staging/products", "but 8080/TCP", bothDenied},
		{"web that runs in the preview isn't reached in the baseline", "preview-bob/*", "staging/web", "8080/TCP", egressDenied},
		{"gateway that runs in the preview isn't reached in the baseline", "preview-bob/*", "staging/gateway", "9898/TCP", egressDenied},
		{"both are closed on other ports", "preview-bob/*", "staging/{web,gateway}", "but 8080/TCP 9898/TCP", bothDenied},
		{"a preview without links reaches no 8080", "preview-alice/*", "staging/{web,products}", "8080/TCP", egressDenied},
		{"a preview without links reaches no 9898", "preview-alice/*", "staging/{gateway,orders}", "9898/TCP", egressDenied},
		{"the baseline's stores are closed to previews", "preview-*/*", "staging/" + stores, "any", bothDenied},

		{"a link to another preview opens its port", "preview-carol/*", "preview-alice/products", "8080/TCP", allowed},
		{"a link to another preview opens no other port", "preview-carol/*", "preview-alice/products", "but 8080/TCP", bothDenied},
		{"it opens no other service", "preview-carol/*", "preview-alice/{web,gateway,orders}", "any", bothDenied},
		{"it opens no store", "preview-carol/*", "preview-alice/" + stores, "any", bothDenied},
		{"it opens no third preview", "preview-carol/*", "preview-bob/*", "any", bothDenied},
		{"it closes the same service of the baseline", "preview-carol/*", "staging/products", "8080/TCP", egressDenied},
	})
}

func TestConnectionsOfEnvironmentsWithOthers(t *testing.T) {
	t.Parallel()
	const (
		environments = "preview-*/* staging/*"
		controller   = "envoy-gateway-system/controller"
		infra        = "argocd/argocd-* monitoring/* envoy-gateway-system/*"
	)
	wantConnections(t, []expectation{
		{"DNS is reached", environments, "kube-system/kube-dns", "53/UDP 53/TCP", allowed},
		{"DNS is reached on no other port", environments, "kube-system/kube-dns", "but 53/UDP 53/TCP", egressDenied},
		{"the rest of kube-system isn't reached", environments, "kube-system/metrics-server", "any", egressDenied},
		{"Pods with the labels of DNS aren't reached", environments, "{elsewhere,default}/*", "any", egressDenied},
		{"the internet is reached", environments, internet, "any", allowed},
		{"the Kubernetes API isn't reached", environments, api, "any", egressDenied},
		{"the cloud's metadata isn't reached", environments, cloud, "any", egressDenied},
		{"private networks aren't reached", environments, private, "any", egressDenied},
		{"special addresses aren't reached", environments, special, "any", egressDenied},
		{"translated private addresses aren't reached", environments, nat64, "any", egressDenied},
		{"Argo CD, monitoring and the Gateway aren't reached", environments, infra, "any", egressDenied},
		{"the service isn't reached", environments, generator, "any", bothDenied},

		{"the Gateway reaches web", controller, "{preview-*,staging}/web", "8080/TCP", allowed},
		{"the Gateway reaches gateway", controller, "{preview-*,staging}/gateway", "9898/TCP", allowed},
		{"it reaches web on no other port", controller, "{preview-*,staging}/web", "but 8080/TCP", ingressDenied},
		{"it reaches gateway on no other port", controller, "{preview-*,staging}/gateway", "but 9898/TCP", ingressDenied},
		{"it reaches no private service", controller, "{preview-*,staging}/{orders,products}", "any", ingressDenied},
		{"it reaches no store", controller, "{preview-*,staging}/" + stores, "any", ingressDenied},
		{
			"other namespaces don't reach an environment",
			"{elsewhere,default,kube-system,monitoring}/* argocd/argocd-*", environments, "any", ingressDenied,
		},
		{"the internet doesn't reach an environment", internet, environments, "any", ingressDenied},
		{"the networks around the cluster don't reach an environment", notInternet, environments, "any", ingressDenied},
	})
}

func TestConnectionsToTheService(t *testing.T) {
	t.Parallel()
	const (
		clients    = "argocd/argocd-{applicationset-controller,server} monitoring/prometheus"
		controller = "envoy-gateway-system/controller"
		neighbours = "argocd/argocd-repo-server monitoring/grafana kube-system/*"
	)
	wantConnections(t, []expectation{
		{"Argo CD and Prometheus reach the API", clients, generator, "4355/TCP", allowed},
		{"they reach no other port", clients, generator, "but 4355/TCP", ingressDenied},
		{"the Gateway reaches the public port", controller, generator, "4356/TCP", allowed},
		{"the Gateway reaches no other port", controller, generator, "but 4356/TCP", ingressDenied},
		{"other Pods of those namespaces don't reach it", neighbours, generator, "any", ingressDenied},
		{"Pods with only the labels don't reach it", "{elsewhere,default}/*", generator, "any", ingressDenied},
		{"addresses outside of the cluster don't reach it", internet + " " + notInternet, generator, "any", ingressDenied},
	})
}

func TestConnectionsOfTheService(t *testing.T) {
	t.Parallel()
	const (
		environments = "preview-*/* staging/*"
		apiPorts     = "443/TCP 6443/TCP"
		networks     = api + " 172.16.0.1 192.168.1.1 100.64.0.1 fd12:3456::1"
		workloads    = "argocd/argocd-* {envoy-gateway-system,elsewhere,default}/* monitoring/grafana"
	)
	wantConnections(t, []expectation{
		{"it reaches DNS", generator, "kube-system/kube-dns", "53/UDP 53/TCP", allowed},
		{"it reaches GitHub, and Git over SSH", generator, internet, "443/TCP 22/TCP", allowed},
		{"it reaches the Kubernetes API", generator, api, apiPorts, allowed},
		{"it reaches Prometheus", generator, "monitoring/prometheus", "9090/TCP", allowed},
		{"it reaches no other port of the internet", generator, internet, "but 22/TCP " + apiPorts, egressDenied},
		{"it reaches no other port of private networks", generator, networks, "but " + apiPorts, egressDenied},
		{"it reaches no cloud metadata", generator, "169.254.169.254", "any", egressDenied},
		{"it reaches no other workload", generator, workloads, "but " + apiPorts, egressDenied},
		{"it reaches no environment", generator, environments, "but " + apiPorts, bothDenied},
		{"environments deny the ports that the API's rule opens", generator, environments, apiPorts, ingressDenied},
	})
}

func wantConnections(t *testing.T, expectations []expectation) {
	t.Helper()
	c, _ := exampleCluster(t)
	for _, s := range expectations {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			tries := c.tries(t, s)
			var wrong []string
			for _, try := range tries {
				if got := c.connect(try.from, try.to, try.at); got != s.want {
					wrong = append(wrong, try.from.name+" → "+try.to.name+" at "+try.at.String()+": "+got)
				}
			}
			if len(tries) == 0 || len(wrong) > 0 {
				t.Errorf("%d of %d aren't %q, among them\n%s", len(wrong), len(tries), s.want, strings.Join(wrong[:min(5, len(wrong))], "\n"))
			}
		})
	}
}

type connection struct {
	from, to endpoint
	at       port
}

// tries returns all connections of an expectation. A connection of a Pod to itself passes no policy, so it is left out.
func (c *cluster) tries(t *testing.T, s expectation) []connection {
	t.Helper()
	var found []connection
	ports := c.ports(t, s.at)
	for _, from := range c.named(t, s.from) {
		for _, to := range c.named(t, s.to) {
			for _, p := range ports {
				if from.name != to.name {
					found = append(found, connection{from, to, p})
				}
			}
		}
	}
	return found
}

// named returns the Pods that match some patterns, and the addresses among the patterns. Each pattern must match.
func (c *cluster) named(t *testing.T, patterns string) []endpoint {
	t.Helper()
	var found []endpoint
	for pattern := range strings.FieldsSeq(patterns) {
		if !strings.Contains(pattern, "/") {
			found = append(found, outside(pattern))
			continue
		}
		before := len(found)
		for _, e := range c.endpoints {
			if doublestar.MatchUnvalidated(pattern, e.name) {
				found = append(found, e)
			}
		}
		if len(found) == before {
			t.Fatalf("no Pod is called %s", pattern)
		}
	}
	return found
}
