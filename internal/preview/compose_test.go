package preview

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func mustCompose(t *testing.T, c *config.Config, p Plan) Row {
	t.Helper()
	row, err := Compose(c, p)
	if err != nil {
		t.Fatalf("compose: %v", err)
	}
	return row
}

// below are components without what all have in common.
func below(components []string) []string {
	short := make([]string, len(components))
	for i, c := range components {
		short[i] = strings.TrimPrefix(c, "../../kustomize-base/")
	}
	return short
}

func at(services ...string) map[string]config.ServiceRef {
	run := map[string]config.ServiceRef{}
	for _, s := range services {
		run[s] = config.ServiceRef{}
	}
	return run
}

func TestOrderOfComponents(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		plan Plan
		want []string
	}{
		{"services in the file's order, their data, features, guardrails", Plan{
			Run: at("orders", "gateway"), Components: []string{"spot", "debug"},
		}, []string{
			"services/web/link", "services/gateway/run", "services/orders/run", "services/products/link", "services/mailer/link",
			"data/redis", "data/redis/datasets/empty", "data/postgres", "data/postgres/datasets/empty", "data/rabbitmq",
			"data/rabbitmq/datasets/empty",
			"components/spot", "components/debug", "components/guardrails",
		}},
		{"a store that two services need stands once", Plan{Run: at("orders", "products")}, []string{
			"services/web/link", "services/gateway/link", "services/orders/run", "services/products/run", "services/mailer/link",
			"data/postgres", "data/postgres/datasets/empty", "data/rabbitmq", "data/rabbitmq/datasets/empty", "components/guardrails",
		}},
		{"the dataset that was chosen, and the default where a store lacks it", Plan{Run: at("orders"), Dataset: "truncated"}, []string{
			"services/web/link", "services/gateway/link", "services/orders/run", "services/products/link", "services/mailer/link",
			"data/postgres", "data/postgres/datasets/truncated", "data/rabbitmq", "data/rabbitmq/datasets/empty", "components/guardrails",
		}},
		{"a repeated feature is added once, guardrails last", Plan{
			Run: at("mailer"), Components: []string{"guardrails", "debug", "debug"},
		}, []string{
			"services/web/link", "services/gateway/link", "services/orders/link", "services/products/link", "services/mailer/run",
			"components/debug", "components/guardrails",
		}},
		{"nothing runs", Plan{}, []string{
			"services/web/link", "services/gateway/link", "services/orders/link", "services/products/link", "services/mailer/link",
			"components/guardrails",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.plan.Name = "x"
			got := mustCompose(t, testfixture.LoadPolicy(t, testfixture.DemoPolicy), tt.plan).Kustomize.Components
			if diff := cmp.Diff(tt.want, below(got)); diff != "" {
				t.Errorf("components (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStoreWithoutDatasetsHasNone(t *testing.T) {
	t.Parallel()
	tree := testfixture.DemoTree(nil)
	delete(tree.Kustomizations, "kustomize-base/data/redis/datasets/empty")
	delete(tree.Kustomizations, "kustomize-base/data/redis/datasets/truncated")
	got := mustCompose(t, testfixture.LoadTree(t, tree, nil), Plan{Name: "x", Run: at("gateway")}).Kustomize.Components
	want := []string{
		"services/web/link", "services/gateway/run", "services/orders/link", "services/products/link", "services/mailer/link",
		"data/redis", "components/guardrails",
	}
	if diff := cmp.Diff(want, below(got)); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		run  []string
		url  string
		want map[string]string // by service
	}{
		{
			"the first public service has the environment's own",
			[]string{"web", "gateway", "orders"},
			"https://x.preview.example.dev",
			map[string]string{"web": "x.preview.example.dev", "gateway": "gateway-x.preview.example.dev"},
		},
		{
			"the first that runs, not the first that there is",
			[]string{"gateway", "orders"},
			"https://x.preview.example.dev",
			map[string]string{"gateway": "x.preview.example.dev"},
		},
		{"no host without a public service", []string{"orders"}, "", map[string]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			row := mustCompose(t, testfixture.LoadPolicy(t, testfixture.DemoPolicy), Plan{Name: "x", Run: at(tt.run...)})
			if row.URL != tt.url {
				t.Errorf("url is %q, want %q", row.URL, tt.url)
			}
			ingresses, routes := map[string]string{}, map[string]string{}
			for service, value := range valuesAt(t, row, "Ingress", "previewset.dev/public=", "/spec/rules/0/host") {
				ingresses[service] = value.(string)
			}
			for service, value := range valuesAt(t, row, "HTTPRoute", "previewset.dev/public=", "/spec/hostnames") {
				routes[service] = value.([]any)[0].(string)
			}
			if diff := cmp.Diff([]map[string]string{tt.want, tt.want}, []map[string]string{ingresses, routes}); diff != "" {
				t.Errorf("hosts of ingresses and routes (-want +got):\n%s", diff)
			}
			var hosts map[string]string
			if err := json.Unmarshal([]byte(data(t, row)["hosts"]), &hosts); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, hosts); diff != "" {
				t.Errorf("hosts in ConfigMap environment (-want +got):\n%s", diff)
			}
		})
	}
}

// valuesAt returns the values that a row's JSON patches set at a pointer, by the rest of the label selector.
func valuesAt(t *testing.T, row Row, kind, selector, pointer string) map[string]any {
	t.Helper()
	values := map[string]any{}
	for _, p := range row.Kustomize.Patches {
		name, ok := strings.CutPrefix(p.Target.LabelSelector, selector)
		if p.Target.Kind != kind || !ok {
			continue
		}
		var ops []struct {
			Op, Path string
			Value    any
		}
		if err := json.Unmarshal([]byte(p.Patch), &ops); err != nil {
			t.Fatal(err)
		}
		if len(ops) != 1 || ops[0].Op != "add" || ops[0].Path != pointer {
			t.Fatalf("patch of %s %s is %s", kind, name, p.Patch)
		}
		values[name] = ops[0].Value
	}
	return values
}

// data is what a row's patch puts into ConfigMap environment.
func data(t testing.TB, row Row) map[string]string {
	t.Helper()
	for _, p := range row.Kustomize.Patches {
		if p.Target != (Target{Kind: "ConfigMap", Name: "environment"}) {
			continue
		}
		var m struct {
			Kind     string
			Metadata struct{ Name string }
			Data     map[string]string
		}
		if err := json.Unmarshal([]byte(p.Patch), &m); err != nil {
			t.Fatal(err)
		}
		if m.Kind != "ConfigMap" || m.Metadata.Name != "environment" {
			t.Fatalf("patch is of %s %s", m.Kind, m.Metadata.Name)
		}
		return m.Data
	}
	t.Fatal("no patch of ConfigMap environment")
	return nil
}

func TestConfigMapEnvironment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, owner, want string
	}{
		{"an owner", "alice", "alice"},
		{"a bot", "dependabot[bot]", "dependabot[bot]"},
		{"no owner", "", ""},
		{"an owner that is no login", "al\nice: \"x\"", "al-ice-x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			row := mustCompose(t, testfixture.LoadPolicy(t, testfixture.DemoPolicy),
				Plan{Name: "x", Owner: tt.owner, Run: map[string]config.ServiceRef{"web": {SHA: testfixture.SHA("a"), Branch: "main"}, "orders": {}}})
			want := map[string]string{
				"name": "x", "namespace": "preview-x", "owner": tt.want, "url": "https://x.preview.example.dev",
				"hosts": `{"web":"x.preview.example.dev"}`, "commits": `{"web":"` + testfixture.SHA("a") + `"}`,
			}
			if diff := cmp.Diff(want, data(t, row)); diff != "" {
				t.Errorf("data (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLinkTargets(t *testing.T) {
	t.Parallel()
	row := mustCompose(t, testfixture.LoadPolicy(t, testfixture.DemoPolicy),
		Plan{Name: "x", Run: at("web", "gateway"), Links: map[string]string{"products": "preview-alice"}})
	wantNames := map[string]any{
		"orders": "orders.staging.svc.cluster.local", "mailer": "mailer.staging.svc.cluster.local",
		"products": "products.preview-alice.svc.cluster.local",
	}
	if diff := cmp.Diff(wantNames, valuesAt(t, row, "Service", "previewset.dev/link=", "/spec/externalName")); diff != "" {
		t.Errorf("external names (-want +got):\n%s", diff)
	}
	wantPeers := map[string]any{"orders": "staging", "mailer": "staging", "products": "preview-alice"}
	pointer := "/spec/egress/0/to/0/namespaceSelector/matchLabels/kubernetes.io~1metadata.name"
	if diff := cmp.Diff(wantPeers, valuesAt(t, row, "NetworkPolicy", "previewset.dev/link=", pointer)); diff != "" {
		t.Errorf("peers (-want +got):\n%s", diff)
	}
}

func TestComposeRefusesUnknownServices(t *testing.T) {
	t.Parallel()
	row, err := Compose(testfixture.LoadPolicy(t, testfixture.DemoPolicy), Plan{Name: "x", Run: at("search\x1b")})
	if diff := cmp.Diff([]string{`there is no service "search"`}, testfixture.Lines(err)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	if row.Name != "" {
		t.Errorf("row %s in spite of it", row.Name)
	}
}
