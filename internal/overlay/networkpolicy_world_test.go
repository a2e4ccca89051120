package overlay

import (
	"io/fs"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/preview"
)

// exampleCluster is a cluster with the example's baseline and service, and three previews:
//   - alice's runs everything, and lets carol's in,
//   - bob's runs web and gateway, and the rest is linked to the baseline,
//   - carol's runs all but products, which are linked to alice's.
func exampleCluster(t *testing.T) (*cluster, *preview.Config) {
	t.Helper()
	r := New(previewset.Example)
	policy := config(t, r)
	c := &cluster{namespaces: map[string]map[string]string{}, services: map[string]service{}}
	for _, p := range []preview.Plan{
		{Name: "alice", Run: runs("web", "gateway", "orders", "products"), Dataset: "truncated", Components: []string{"spot", "debug"}, From: map[string][]string{"products": {"preview-carol"}}},
		{Name: "bob", Run: runs("web", "gateway")},
		{Name: "carol", Run: runs("web", "gateway", "orders"), Links: map[string]string{"products": "preview-alice"}},
	} {
		c.deploy(t, r, policy, p)
	}
	c.apply(t, baseline(t, r))
	for _, name := range []string{"appsets/generator/networkpolicy.yaml", "appsets/generator/deployment.yaml"} {
		manifest, err := fs.ReadFile(previewset.Example, name)
		if err != nil {
			t.Fatal(err)
		}
		c.apply(t, manifest)
	}
	c.addOthers()
	return c, policy
}

// deploy applies what Argo CD would of an environment.
func (c *cluster) deploy(t *testing.T, r *Repo, policy *preview.Config, p preview.Plan) {
	t.Helper()
	row, err := policy.Compose(p)
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := r.Build(row)
	if err != nil {
		t.Fatal(err)
	}
	c.apply(t, manifests)
}

func runs(services ...string) map[string]preview.Pin {
	run := map[string]preview.Pin{}
	for _, s := range services {
		run[s] = preview.Pin{}
	}
	return run
}

// baseline is applied as it is: it has no row.
func baseline(t *testing.T, r *Repo) []byte {
	t.Helper()
	b, err := r.asItIs(stagingOverlay)
	if err != nil {
		t.Fatal(err)
	}
	m, err := b.run()
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := m.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return manifests
}

// addOthers adds whom a preview shares the cluster with, with no policies of their own. Those of namespace elsewhere
// carry the labels of the trusted ones, as anybody's Pods can; they lack only the namespace.
func (c *cluster) addOthers() {
	trusted := map[string]map[string]string{
		"kube-system/kube-dns":                    {"k8s-app": "kube-dns"},
		"ingress-nginx/controller":                {"app.kubernetes.io/name": "ingress-nginx"},
		"monitoring/prometheus":                   {"app.kubernetes.io/name": "prometheus"},
		"argocd/argocd-server":                    {"app.kubernetes.io/name": "argocd-server"},
		"argocd/argocd-applicationset-controller": {"app.kubernetes.io/name": "argocd-applicationset-controller"},
		"argocd/argocd-repo-server":               {"app.kubernetes.io/name": "argocd-repo-server"},
		"monitoring/grafana":                      {"app.kubernetes.io/name": "grafana"},
		"kube-system/metrics-server":              {"k8s-app": "metrics-server"},
		"default/web":                             {"app.kubernetes.io/name": "web", "previewset.dev/public": "web", "previewset.dev/preview": "true"},
	}
	for _, name := range slices.Sorted(maps.Keys(trusted)) {
		namespace, app, _ := strings.Cut(name, "/")
		for _, ns := range []string{namespace, "elsewhere"} {
			c.namespace(ns, nil)
			c.add(endpoint{name: ns + "/" + app, namespace: ns, labels: trusted[name]})
		}
	}
}

// outside is an address that is no Pod's.
func outside(address string) endpoint {
	return endpoint{name: address, addresses: []netip.Addr{netip.MustParseAddr(address)}}
}

// add gives a Pod an address of each family, as a dual-stack cluster does: private ones.
func (c *cluster) add(e endpoint) {
	n := byte(len(c.endpoints) + 1)
	e.addresses = []netip.Addr{netip.AddrFrom4([4]byte{10, 244, 0, n}), netip.AddrFrom16([16]byte{0: 0xfd, 15: n})}
	c.endpoints = append(c.endpoints, e)
}

// namespace has the label that the API server gives to every one.
func (c *cluster) namespace(name string, labels map[string]string) {
	own := map[string]string{"kubernetes.io/metadata.name": name}
	maps.Copy(own, labels)
	c.namespaces[name] = own
}

// probes are the ports that connections are tried at: all that some container has, some that others have, and both ends
// of the range.
func (c *cluster) probes() []port {
	numbers := map[int]bool{1: true, 22: true, 53: true, 80: true, 443: true, 6443: true, 9090: true, 10250: true, 65535: true}
	for _, e := range c.endpoints {
		for _, p := range e.pod.ports() {
			numbers[p.Number] = true
		}
	}
	var found []port
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		found = append(found, port{Number: n, Protocol: "TCP"}, port{Number: n, Protocol: "UDP"})
	}
	return found
}

// ports are the probes that a sentence means by "any", "8080/TCP 53/UDP" or "but 8080/TCP".
func (c *cluster) ports(t *testing.T, which string) []port {
	t.Helper()
	probes := c.probes()
	if which == "any" {
		return probes
	}
	text, but := strings.CutPrefix(which, "but ")
	list := strings.Fields(text)
	for _, p := range list {
		if !slices.ContainsFunc(probes, func(known port) bool { return known.String() == p }) {
			t.Fatalf("port %s isn't probed", p)
		}
	}
	return slices.DeleteFunc(probes, func(p port) bool { return slices.Contains(list, p.String()) == but })
}
