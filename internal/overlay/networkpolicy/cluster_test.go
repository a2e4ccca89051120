package networkpolicy

import (
	"io/fs"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay"
	"github.com/previewset/previewset/internal/overlay/build"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/kustomization"
	"github.com/previewset/previewset/internal/preview"
)

// exampleCluster is a cluster with the example's baseline and service, and three previews:
//   - alice runs everything, and allows links from carol,
//   - bob runs web and gateway, and links the other services to the baseline,
//   - carol runs all services except products, which it links to alice.
func exampleCluster(t *testing.T) (*cluster, *config.Config) {
	t.Helper()
	r := overlay.New(previewset.Example)
	policy, err := r.Config()
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{namespaces: map[string]map[string]string{}, services: map[string]service{}}
	for _, p := range []preview.Plan{
		{
			Name: "alice", Run: runs("web", "gateway", "orders", "products"), Dataset: "truncated", Components: []string{"spot", "verbose"},
			From: map[string][]string{"products": {"preview-carol"}},
		},
		{Name: "bob", Run: runs("web", "gateway")},
		{Name: "carol", Run: runs("web", "gateway", "orders"), Links: map[string]string{"products": "preview-alice"}},
	} {
		c.deploy(t, r, policy, p)
	}
	c.apply(t, baseline(t))
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

// deploy applies the manifests of an environment.
func (c *cluster) deploy(t *testing.T, r *overlay.Repo, policy *config.Config, p preview.Plan) {
	t.Helper()
	row, err := preview.Compose(policy, p)
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := r.Build(row)
	if err != nil {
		t.Fatal(err)
	}
	c.apply(t, manifests)
}

func runs(services ...string) map[string]config.ServiceRef {
	run := map[string]config.ServiceRef{}
	for _, s := range services {
		run[s] = config.ServiceRef{}
	}
	return run
}

// baseline returns the manifests of the baseline, which has no row.
func baseline(t *testing.T) []byte {
	t.Helper()
	tree := filetree.New(previewset.Example)
	b, err := build.New(tree, kustomization.NewGraph(tree)).Overlay("overlays/staging")
	if err != nil {
		t.Fatal(err)
	}
	m, err := b.Run()
	if err != nil {
		t.Fatal(err)
	}
	manifests, err := m.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return manifests
}

func serviceNames(c *config.Config) []string {
	var names []string
	for _, s := range c.Policy.Services {
		names = append(names, s.Name)
	}
	return names
}

// addOthers adds other workloads of the cluster, without policies. The Pods in namespace elsewhere have the labels of
// the trusted Pods, as any Pod can; only their namespace differs.
func (c *cluster) addOthers() {
	trusted := map[string]map[string]string{
		"kube-system/kube-dns":                    {"k8s-app": "kube-dns"},
		"envoy-gateway-system/controller":         {"app.kubernetes.io/name": "envoy-gateway-system"},
		"monitoring/prometheus":                   {"app.kubernetes.io/name": "prometheus"},
		"argocd/argocd-server":                    {"app.kubernetes.io/name": "argocd-server"},
		"argocd/argocd-applicationset-controller": {"app.kubernetes.io/name": "argocd-applicationset-controller"},
		"argocd/argocd-repo-server":               {"app.kubernetes.io/name": "argocd-repo-server"},
		"monitoring/grafana":                      {"app.kubernetes.io/name": "grafana"},
		"kube-system/metrics-server":              {"k8s-app": "metrics-server"},
		"default/web": {
			"app.kubernetes.io/name": "web", "previewset.dev/public": "web", "previewset.dev/preview": "true",
		},
	}
	for _, name := range slices.Sorted(maps.Keys(trusted)) {
		namespace, app, _ := strings.Cut(name, "/")
		for _, ns := range []string{namespace, "elsewhere"} {
			c.namespace(ns, nil)
			c.add(endpoint{name: ns + "/" + app, namespace: ns, labels: trusted[name]})
		}
	}
}

// outside is an address outside of the cluster.
func outside(address string) endpoint {
	return endpoint{name: address, addresses: []netip.Addr{netip.MustParseAddr(address)}}
}

// add gives a Pod a private address of each family, as a dual-stack cluster does.
func (c *cluster) add(e endpoint) {
	n := byte(len(c.endpoints) + 1)
	e.addresses = []netip.Addr{netip.AddrFrom4([4]byte{10, 244, 0, n}), netip.AddrFrom16([16]byte{0: 0xfd, 15: n})}
	c.endpoints = append(c.endpoints, e)
}

// namespace adds a namespace, with the label that the API server gives to each.
func (c *cluster) namespace(name string, labels map[string]string) {
	own := map[string]string{"kubernetes.io/metadata.name": name}
	maps.Copy(own, labels)
	c.namespaces[name] = own
}

// probes returns the ports for trial connections: all ports of containers, some well-known ones, and the lowest and the
// highest.
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

// ports returns the probes for "any", for a list such as "8080/TCP 53/UDP", or for all others: "but 8080/TCP".
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
