package preview

import (
	"maps"
	"strings"
	"testing"
)

const Shop7File = "overlays/shop-pr-7/environment.yaml"

const DemoPolicy = `apiVersion: previewset.dev/v1alpha1
kind: PreviewConfig
domain: preview.example.dev
protectedNamespaces: [default, "kube-*"]
repositories:
  acme/Shop: {alias: shop}
services:
  web: {repository: acme/shop, paths: ["web/**"], image: ghcr.io/acme/web, public: true, calls: [gateway]}
  gateway: {repository: acme/gateway, image: ghcr.io/acme/gateway, public: true, calls: [orders, products], data: [redis]}
  orders: {repository: acme/shop, paths: ["orders/**", "lib/**"], image: ghcr.io/acme/orders, data: [postgres, rabbitmq]}
  products: {repository: acme/shop, paths: ["products/**", "lib/**"], image: ghcr.io/acme/products, data: [postgres]}
  mailer: {repository: acme/mailer, image: ghcr.io/acme/mailer, tag: "{{ .SHA }}"}
profiles:
  full: {run: all, dataset: truncated, components: [spot]}
  checkout: {run: [gateway, orders]}
pullRequests: {issueKey: "[A-Z][A-Z0-9]+-[0-9]+"}
`

func DemoTree(files map[string]string) Tree {
	t := Tree{
		Commit: SHA("c0"), Prefix: ".", Files: map[string]File{PolicyFile: {Content: []byte(DemoPolicy)}},
		Kustomizations: map[string]bool{SharedOverlay: true},
		Hashes:         map[string]string{BaseFolder: "base", SharedOverlay: "shared"},
	}
	for _, s := range []string{"web", "gateway", "orders", "products", "mailer"} {
		t.Kustomizations["kustomize-base/services/"+s+"/run"] = true
		t.Kustomizations["kustomize-base/services/"+s+"/link"] = true
	}
	for _, folder := range []string{
		"data/redis", "data/redis/datasets/empty", "data/redis/datasets/truncated",
		"data/postgres", "data/postgres/datasets/empty", "data/postgres/datasets/truncated",
		"data/rabbitmq", "data/rabbitmq/datasets/empty",
		"components/guardrails", "components/spot", "components/debug", "components/shared",
	} {
		t.Kustomizations["kustomize-base/"+folder] = true
	}
	for name, content := range files {
		t.Files[name] = File{Content: []byte(content)}
		if folder, ok := strings.CutSuffix(name, "/"+EnvironmentFile); ok {
			t.Kustomizations[folder] = true
			t.Hashes[folder] = content
		}
	}
	return t
}

func EnvironmentYAML(lines string) string {
	return "apiVersion: previewset.dev/v1alpha1\nkind: Environment\n" + lines
}

func SlotsYAML(lines string) string {
	return "apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\n" + lines
}

func LoadTree(t testing.TB, tree Tree, prev *Config) *Config {
	t.Helper()
	c, err := Load(tree, prev)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return c
}

func LoadPolicy(t testing.TB, policy string) *Config {
	t.Helper()
	return LoadTree(t, DemoTree(map[string]string{PolicyFile: policy}), nil)
}

func SHA(text string) string { return (text + strings.Repeat("0", 40))[:40] }

func Lines(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func Replace(t testing.TB, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("there is no %q to replace", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

func Keys[V any](m map[string]V) map[string]bool {
	set := map[string]bool{}
	for k := range maps.Keys(m) {
		set[k] = true
	}
	return set
}
