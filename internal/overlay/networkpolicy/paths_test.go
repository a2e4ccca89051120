package networkpolicy

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/preview"
)

// TestNothingElseCrossesNamespaces finds connections that the other tests forgot.
func TestNothingElseCrossesNamespaces(t *testing.T) {
	t.Parallel()
	want := []string{
		"argocd → kube-system/kube-dns:53/TCP",
		"argocd → kube-system/kube-dns:53/UDP",
		"argocd → monitoring/prometheus:9090/TCP",
		"envoy-gateway-system → argocd/preview-generator:4356/TCP",
		"envoy-gateway-system → preview-alice/gateway:9898/TCP",
		"envoy-gateway-system → preview-alice/web:8080/TCP",
		"envoy-gateway-system → preview-bob/gateway:9898/TCP",
		"envoy-gateway-system → preview-bob/web:8080/TCP",
		"envoy-gateway-system → preview-carol/gateway:9898/TCP",
		"envoy-gateway-system → preview-carol/web:8080/TCP",
		"envoy-gateway-system → staging/gateway:9898/TCP",
		"envoy-gateway-system → staging/web:8080/TCP",
		"monitoring → argocd/preview-generator:4355/TCP",
		"preview-alice → kube-system/kube-dns:53/TCP",
		"preview-alice → kube-system/kube-dns:53/UDP",
		"preview-bob → kube-system/kube-dns:53/TCP",
		"preview-bob → kube-system/kube-dns:53/UDP",
		"preview-bob → staging/orders:9898/TCP",
		"preview-bob → staging/products:8080/TCP",
		"preview-carol → kube-system/kube-dns:53/TCP",
		"preview-carol → kube-system/kube-dns:53/UDP",
		"preview-carol → preview-alice/products:8080/TCP",
		"staging → kube-system/kube-dns:53/TCP",
		"staging → kube-system/kube-dns:53/UDP",
	}
	c, _ := exampleCluster(t)
	if diff := cmp.Diff(want, c.crossings()); diff != "" {
		t.Errorf("connections from one namespace to another (-want +got):\n%s", diff)
	}
}

// crossings returns all connections between two namespaces in which one Pod is from the example. It leaves out the
// service's connections to the ports of a Kubernetes API.
func (c *cluster) crossings() []string {
	var found []string
	for _, from := range c.endpoints {
		for _, to := range c.endpoints {
			if from.namespace == to.namespace || !from.isOurs() && !to.isOurs() {
				continue
			}
			for _, p := range c.probes() {
				toAPI := from.name == generator && (p.Number == 443 || p.Number == 6443)
				if !toAPI && c.connect(from, to, p) == allowed {
					found = append(found, from.namespace+" → "+to.name+":"+p.String())
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// TestLinksLeadOutToNothingElse links every service, in an environment without own services.
func TestLinksLeadOutToNothingElse(t *testing.T) {
	t.Parallel()
	for _, namespace := range []string{"staging", "preview-alice"} {
		t.Run("to "+namespace, func(t *testing.T) {
			t.Parallel()
			c, policy := exampleCluster(t)
			links := map[string]string{}
			for _, s := range serviceNames(policy) {
				links[s] = namespace
			}
			c.deploy(t, overlay.New(previewset.Example), policy, preview.Plan{Name: "dave", Links: links})
			want := []string{
				namespace + "/gateway:9898/TCP", namespace + "/orders:9898/TCP", namespace + "/products:8080/TCP", namespace + "/web:8080/TCP",
			}
			if diff := cmp.Diff(want, c.egressAllowed(endpoint{namespace: "preview-dave"})); diff != "" {
				t.Errorf("connections with allowed egress (-want +got):\n%s", diff)
			}
		})
	}
}

// egressAllowed returns the connections to the example's Pods that the policies of the client's side allow.
func (c *cluster) egressAllowed(from endpoint) []string {
	var found []string
	for _, to := range c.ours() {
		for _, p := range c.probes() {
			if got := c.connect(from, to, p); got == allowed || got == ingressDenied {
				found = append(found, to.name+":"+p.String())
			}
		}
	}
	slices.Sort(found)
	return found
}

// TestServicesReachTheirCallees follows names through links and Services to the ports of Pods.
func TestServicesReachTheirCallees(t *testing.T) {
	t.Parallel()
	c, policy := exampleCluster(t)
	for _, from := range c.ours() {
		namespace, name, _ := strings.Cut(from.name, "/")
		s := policy.Policy.Services[max(0, slices.Index(serviceNames(policy), name))]
		if s.Name != name {
			continue // a store, or the service
		}
		for _, called := range s.Calls {
			c.wantBehind(t, from, namespace, called, 80, allowed)
		}
		for _, store := range s.Data {
			c.wantBehind(t, from, namespace, store, 0, allowed)
		}
	}
}

func TestRoutesLeadToOpenPods(t *testing.T) {
	t.Parallel()
	c, _ := exampleCluster(t)
	controller := c.named(t, "envoy-gateway-system/controller")[0]
	if len(c.routes) != 8 {
		t.Errorf("%d HTTPRoutes, want two of each environment", len(c.routes))
	}
	for _, r := range c.routes {
		backend := r.Spec.Rules[0].BackendRefs[0]
		c.wantBehind(t, controller, r.Metadata.Namespace, backend.Name, backend.Port, allowed)
	}
}

func (c *cluster) wantBehind(t *testing.T, from endpoint, namespace, name string, number int, want string) {
	t.Helper()
	behind := c.lookup(namespace, name, number)
	if len(behind) != 1 {
		t.Errorf("%s: %d Pods are behind %s in %s, want one", from.name, len(behind), name, namespace)
	}
	for _, to := range behind {
		if got := c.connect(from, to.endpoint, to.port); got != want {
			t.Errorf("%s → %s, which is %s at %s: %s, want %s", from.name, name, to.name, to.port, got, want)
		}
	}
}

func TestEveryPodIsIsolated(t *testing.T) {
	t.Parallel()
	c, _ := exampleCluster(t)
	pods := c.ours()
	if len(pods) != 9+3+7+9+1 {
		t.Errorf("%d Pods, want 9 of alice, 3 of bob, 7 of carol, 9 of staging, and the service", len(pods))
	}
	for _, pod := range pods {
		for _, direction := range []string{"Ingress", "Egress"} {
			if len(c.governing(direction, pod)) == 0 {
				t.Errorf("%s: no policy for %s selects it", pod.name, direction)
			}
		}
	}
}
