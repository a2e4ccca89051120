// Package testfixture has the system that tests of the domain share: a policy, its config branch, and small helpers.
package testfixture

import (
	"maps"
	"strings"
	"testing"

	"github.com/previewset/previewset/internal/config"
)

// Shop7File is the environment file of pull request acme/shop#7.
const Shop7File = "overlays/shop-pr-7/environment.yaml"

// DemoPolicy is a previewset.yaml of five services from three repositories: web calls gateway, gateway calls orders and
// products, no service calls mailer. Tests edit it with Replace or append to it.
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

// DemoTree returns a config branch with DemoPolicy, the components that it names, and further files by path.
func DemoTree(files map[string]string) config.Tree {
	t := config.Tree{
		Commit: SHA("c0"), Prefix: ".", Files: map[string]config.File{config.PolicyFile: {Content: []byte(DemoPolicy)}},
		Kustomizations: map[string]bool{config.SharedOverlay: true},
		Hashes:         map[string]string{config.BaseFolder: "base", config.SharedOverlay: "shared"},
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
		t.Files[name] = config.File{Content: []byte(content)}
		if folder, ok := strings.CutSuffix(name, "/"+config.EnvironmentFile); ok {
			t.Kustomizations[folder] = true
			t.Hashes[folder] = content
		}
	}
	return t
}

// EnvironmentYAML returns an environment.yaml with these lines after its header.
func EnvironmentYAML(lines string) string {
	return "apiVersion: previewset.dev/v1alpha1\nkind: Environment\n" + lines
}

// SlotsYAML returns a slots.yaml with these lines after its header.
func SlotsYAML(lines string) string {
	return "apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\n" + lines
}

// AccessYAML returns an access.yaml with these lines after its header.
func AccessYAML(lines string) string {
	return "apiVersion: previewset.dev/v1alpha1\nkind: Access\n" + lines
}

// LoadTree loads a valid configuration, or fails the test.
func LoadTree(t testing.TB, tree config.Tree, prev *config.Config) *config.Config {
	t.Helper()
	c, err := config.Load(tree, prev)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return c
}

// LoadPolicy loads DemoTree with another previewset.yaml, or fails the test.
func LoadPolicy(t testing.TB, policy string) *config.Config {
	t.Helper()
	return LoadTree(t, DemoTree(map[string]string{config.PolicyFile: policy}), nil)
}

// SHA returns a commit SHA that is easy to recognise: the text, then zeros.
func SHA(text string) string { return (text + strings.Repeat("0", 40))[:40] }

// Lines returns the lines of an error, nil for no error.
func Lines(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// Replace replaces the first occurrence of each old text by the new one after it. It fails the test if an old text is
// missing.
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

// Keys returns the set of keys of a map.
func Keys[V any](m map[string]V) map[string]bool {
	set := map[string]bool{}
	for k := range maps.Keys(m) {
		set[k] = true
	}
	return set
}
