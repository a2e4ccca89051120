package preview

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files and the schemas anew")

// demo is a system of five services from three repositories. web calls gateway, gateway calls orders and products;
// nobody calls mailer. Tests edit it with strings.Replace or add to its end.
const demo = `apiVersion: previewset.dev/v1alpha1
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

// demoTree is a config branch with demo and all that it refers to.
func demoTree(files map[string]string) Tree {
	t := Tree{
		Commit: sha("c0"), Prefix: ".", Files: map[string]File{PolicyFile: {Content: []byte(demo)}},
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

// environment is an environment file that says what is handed in.
func environment(lines string) string {
	return "apiVersion: previewset.dev/v1alpha1\nkind: Environment\n" + lines
}

// pool is a slots.yaml that says what is handed in.
func pool(lines string) string {
	return "apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\n" + lines
}

func load(t testing.TB, tree Tree, prev *Config) *Config {
	t.Helper()
	c, err := Load(tree, prev)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return c
}

// loadPolicy loads a previewset.yaml that is in order.
func loadPolicy(t testing.TB, policy string) *Config {
	t.Helper()
	return load(t, demoTree(map[string]string{PolicyFile: policy}), nil)
}

// sha is a made-up commit that is easy to recognise: the text, then zeros.
func sha(text string) string { return (text + strings.Repeat("0", 40))[:40] }

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const (
	shopID    = 11
	gatewayID = 12
	mailerID  = 13
)

// pull is an ordinary labelled pull request of acme/shop that changes orders, with what edits make of it.
func pull(number int, edits ...func(*PullRequest)) PullRequest {
	pr := PullRequest{
		Number: number, Title: "Faster checkout", URL: "https://github.com/acme/shop/pull/7", Author: "alice",
		Labels: []string{"preview"}, Created: noon.Add(time.Duration(number) * time.Minute),
		Branch: "feature/checkout", TargetBranch: "main", HeadSHA: sha("abcdef1234"), BaseSHA: sha("ba5e"),
		HeadRepositoryID: shopID, BaseRepositoryID: shopID, Changes: &Changes{Paths: []string{"orders/main.go"}},
	}
	for _, edit := range edits {
		edit(&pr)
	}
	return pr
}

func withLabels(labels ...string) func(*PullRequest) {
	return func(pr *PullRequest) { pr.Labels = labels }
}

func changing(paths ...string) func(*PullRequest) {
	return func(pr *PullRequest) { pr.Changes = &Changes{Paths: paths} }
}

func draft(pr *PullRequest) { pr.Draft = true }

// factsOf are those of a world where all repositories were read, and acme/shop has these pull requests.
func factsOf(pulls ...PullRequest) Facts {
	return Facts{
		Repositories: map[string]Repository{
			"acme/shop": {
				ID: shopID, FullName: "acme/Shop", PullRequests: pulls,
				Branches: map[string]string{"main": sha("5409")}, Tags: map[string]string{"v1": sha("7a9")},
			},
			"acme/gateway": {ID: gatewayID, FullName: "acme/gateway", Branches: map[string]string{"main": sha("9a7e")}, Tags: map[string]string{"dev": sha("de4")}},
			"acme/mailer":  {ID: mailerID, FullName: "acme/mailer"},
		},
		Protected: []string{"argocd", "previewset"},
	}
}

// resolve answers once, with no memory.
func resolve(c *Config, f Facts) *Snapshot { return Resolve(c, f, Memory{}, noon) }

// only is the snapshot's one row.
func only(t testing.TB, s *Snapshot) Row {
	t.Helper()
	if len(s.Rows) != 1 {
		t.Fatalf("%d rows, want one; decisions: %v", len(s.Rows), outcomes(s))
	}
	return s.Rows[0]
}

// outcomes are a snapshot's decisions as "name: outcome by rule".
func outcomes(s *Snapshot) []string {
	lines := make([]string, len(s.Decisions))
	for i, d := range s.Decisions {
		lines[i] = d.Environment + ": " + d.Outcome + " by " + d.Rule
	}
	return lines
}

// decision is the snapshot's one decision.
func decision(t testing.TB, s *Snapshot) Decision {
	t.Helper()
	if len(s.Decisions) != 1 {
		t.Fatalf("decisions: %v, want one", outcomes(s))
	}
	return s.Decisions[0]
}

// runs says what runs in an environment at what: "orders@abcdef1", without commit where kustomize-base's image runs.
func runs(s *Snapshot, name string) map[string]string {
	at := map[string]string{}
	for service, pin := range s.Memory.Environments[name].Run {
		at[service] = strings.TrimRight(pin.SHA, "0")
	}
	return at
}

// lines takes an error apart.
func lines(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func replaced(t testing.TB, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("there is no %q to replace", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// golden compares with a file in testdata, or writes it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v; write it with go test -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is out of date; go test -update writes it (-want +got):\n%s", name, diff)
	}
}

func keys[V any](m map[string]V) map[string]bool {
	set := map[string]bool{}
	for k := range maps.Keys(m) {
		set[k] = true
	}
	return set
}
