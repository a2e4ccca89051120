package overlay

import (
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
)

// sentence says how connections end from whom to whom, at which ports.
type sentence struct {
	name     string
	from, to string // patterns of <namespace>/<workload>, and addresses
	at       string // any, "8080/TCP 53/UDP", or "but 8080/TCP"
	want     string
}

const (
	stores    = "{postgres,redis,rabbitmq,mongodb}"
	generator = "argocd/preview-generator"

	internet = "93.184.216.34 8.8.8.8 172.32.0.1 2606:2800:21f:cb07:6820:80da:af6b:8b2c 64:ff9b::5db8:d822"
	api      = "10.96.0.1 10.0.0.2"                                                      // its Service, and a node
	cloud    = "169.254.169.254 fd00:ec2::254 100.100.100.200 168.63.129.16 192.0.0.192" // metadata: most, AWS, Alibaba, Azure, Oracle
	private  = "10.0.0.5 172.16.0.1 192.168.1.1 100.64.0.1 198.18.0.1 240.0.0.1 fd12:3456::1"
	special  = "0.0.0.1 127.0.0.1 224.0.0.1 ::1 fe80::1 fec0::1 ff02::1"
	// The same where a cluster of IPv6 translates addresses: the last four bytes are the one of IPv4.
	nat64 = "64:ff9b::a00:5 64:ff9b::ac10:1 64:ff9b::c0a8:101 64:ff9b::6440:1 64:ff9b::c612:1 64:ff9b::f000:1 64:ff9b::1 " +
		"64:ff9b::7f00:1 64:ff9b::e000:1 64:ff9b::a9fe:a9fe 64:ff9b::a83f:8110 64:ff9b::c000:c0 64:ff9b:1::1"
	notInternet = api + " " + cloud + " " + private + " " + special + " " + nat64
)

func TestWhoReachesWhomAmongEnvironments(t *testing.T) {
	t.Parallel()
	check(t, []sentence{
		{"a preview reaches itself", "preview-alice/*", "preview-alice/*", "any", reaches},
		{"so does one with links", "preview-bob/*", "preview-bob/*", "any", reaches},
		{"and the baseline", "staging/*", "staging/*", "any", reaches},
		{"no preview reaches another", "preview-alice/*", "preview-{bob,carol}/*", "any", apart},
		{"nor the other one it", "preview-bob/*", "preview-{alice,carol}/*", "any", apart},
		{"the baseline reaches no preview", "staging/*", "preview-*/*", "any", apart},

		{"a linked service is reached on its port", "preview-bob/*", "staging/orders", "9898/TCP", reaches},
		{"so is the second", "preview-bob/*", "staging/products", "8080/TCP", reaches},
		{"on no other port", "preview-bob/*", "staging/orders", "but 9898/TCP", apart},
		{"the second neither", "preview-bob/*", "staging/products", "but 8080/TCP", apart},
		{"what runs in a preview it doesn't reach in the baseline, which would let it in", "preview-bob/*", "staging/web", "8080/TCP", heldBack},
		{"the second neither, at its port", "preview-bob/*", "staging/gateway", "9898/TCP", heldBack},
		{"and both not at others", "preview-bob/*", "staging/{web,gateway}", "but 8080/TCP 9898/TCP", apart},
		{"a preview without links reaches nothing there", "preview-alice/*", "staging/{web,products}", "8080/TCP", heldBack},
		{"at no port", "preview-alice/*", "staging/{gateway,orders}", "9898/TCP", heldBack},
		{"the baseline's stores are its own", "preview-*/*", "staging/" + stores, "any", apart},

		{"a link to another preview leads there, where it is let in", "preview-carol/*", "preview-alice/products", "8080/TCP", reaches},
		{"to that port alone", "preview-carol/*", "preview-alice/products", "but 8080/TCP", apart},
		{"to that service alone", "preview-carol/*", "preview-alice/{web,gateway,orders}", "any", apart},
		{"to no store", "preview-carol/*", "preview-alice/" + stores, "any", apart},
		{"to no third preview", "preview-carol/*", "preview-bob/*", "any", apart},
		{"and not to the baseline any more", "preview-carol/*", "staging/products", "8080/TCP", heldBack},
	})
}

func TestWhoReachesWhomOutside(t *testing.T) {
	t.Parallel()
	const environments = "preview-*/* staging/*"
	check(t, []sentence{
		{"DNS is reached", environments, "kube-system/kube-dns", "53/UDP 53/TCP", reaches},
		{"at no other port", environments, "kube-system/kube-dns", "but 53/UDP 53/TCP", heldBack},
		{"nothing else of its namespace is", environments, "kube-system/metrics-server", "any", heldBack},
		{"nor who only has its labels", environments, "{elsewhere,default}/*", "any", heldBack},
		{"the internet is reached", environments, internet, "any", reaches},
		{"the Kubernetes API isn't", environments, api, "any", heldBack},
		{"nor a cloud's metadata", environments, cloud, "any", heldBack},
		{"nor private networks", environments, private, "any", heldBack},
		{"nor addresses of other uses", environments, special, "any", heldBack},
		{"nor any of them in translation", environments, nat64, "any", heldBack},
		{"nor Argo CD, monitoring and the ingress controller", environments, "argocd/argocd-* monitoring/* ingress-nginx/*", "any", heldBack},
		{"nor the service", environments, generator, "any", apart},

		{"the ingress controller reaches web", "ingress-nginx/controller", "{preview-*,staging}/web", "8080/TCP", reaches},
		{"and gateway", "ingress-nginx/controller", "{preview-*,staging}/gateway", "9898/TCP", reaches},
		{"web at no other port", "ingress-nginx/controller", "{preview-*,staging}/web", "but 8080/TCP", shutOut},
		{"gateway neither", "ingress-nginx/controller", "{preview-*,staging}/gateway", "but 9898/TCP", shutOut},
		{"it doesn't reach services that aren't public", "ingress-nginx/controller", "{preview-*,staging}/{orders,products}", "any", shutOut},
		{"nor stores", "ingress-nginx/controller", "{preview-*,staging}/" + stores, "any", shutOut},
		{"no other namespace comes in", "{elsewhere,default,kube-system,monitoring}/* argocd/argocd-*", environments, "any", shutOut},
		{"nor the internet", internet, environments, "any", shutOut},
		{"nor anybody around the cluster", notInternet, environments, "any", shutOut},
	})
}

func TestWhoReachesTheService(t *testing.T) {
	t.Parallel()
	const asks = "argocd/argocd-{applicationset-controller,server} monitoring/prometheus"
	check(t, []sentence{
		{"Argo CD and Prometheus do", asks, generator, "4355/TCP", reaches},
		{"not on the public port, nor any other", asks, generator, "but 4355/TCP", shutOut},
		{"the ingress controller does on the public port", "ingress-nginx/controller", generator, "4356/TCP", reaches},
		{"on no other", "ingress-nginx/controller", generator, "but 4356/TCP", shutOut},
		{"nobody else of their namespaces does", "argocd/argocd-repo-server monitoring/grafana kube-system/*", generator, "any", shutOut},
		{"nor who only has their labels", "{elsewhere,default}/*", generator, "any", shutOut},
		{"nor anybody outside", internet + " " + notInternet, generator, "any", shutOut},
	})
}

func TestWhomTheServiceReaches(t *testing.T) {
	t.Parallel()
	check(t, []sentence{
		{"DNS", generator, "kube-system/kube-dns", "53/UDP 53/TCP", reaches},
		{"GitHub, and Git over SSH", generator, internet, "443/TCP 22/TCP", reaches},
		{"the Kubernetes API", generator, api, "443/TCP 6443/TCP", reaches},
		{"Prometheus", generator, "monitoring/prometheus", "9090/TCP", reaches},
		{"nothing else on the internet", generator, internet, "but 443/TCP 22/TCP 6443/TCP", heldBack},
		{"nothing else around it", generator, api + " 172.16.0.1 192.168.1.1 100.64.0.1 fd12:3456::1", "but 443/TCP 6443/TCP", heldBack},
		{"no metadata", generator, "169.254.169.254", "any", heldBack},
		{"nothing else in the cluster", generator, "argocd/argocd-* {ingress-nginx,elsewhere,default}/* monitoring/grafana", "but 443/TCP 6443/TCP", heldBack},
		{"no environment", generator, "preview-*/* staging/*", "but 443/TCP 6443/TCP", apart},
		{"which doesn't let in what the rule for the API lets out", generator, "preview-*/* staging/*", "443/TCP 6443/TCP", shutOut},
	})
}

func check(t *testing.T, sentences []sentence) {
	t.Helper()
	c, _ := exampleCluster(t)
	for _, s := range sentences {
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

// tries are all connections that a sentence is about. Nothing is between a Pod and itself.
func (c *cluster) tries(t *testing.T, s sentence) []connection {
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

// named are the Pods that patterns match, and addresses. Each pattern has to match one.
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
