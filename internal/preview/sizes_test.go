package preview

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

const sizesText = `sizes:
  s: {requests: {cpu: 25m}, limits: {cpu: 250m, memory: 128Mi}, quota: {pods: "10", count/buckets.example.dev: "1"}}
`

func sizedConfig(t *testing.T) *config.Config {
	t.Helper()
	policy := testfixture.Replace(t, testfixture.DemoPolicy, "full: {run: all", "full: {size: s, run: all")
	policy = testfixture.Replace(t, policy, "orders: {", "orders: {container: main, ")
	return testfixture.LoadPolicy(t, policy+sizesText)
}

// patchesOf are the decoded patches of a row with a target.
func patchesOf(t *testing.T, row Row, target Target) []any {
	t.Helper()
	var found []any
	for _, p := range row.Kustomize.Patches {
		if p.Target != target {
			continue
		}
		var v any
		if err := json.Unmarshal([]byte(p.Patch), &v); err != nil {
			t.Fatal(err)
		}
		found = append(found, v)
	}
	return found
}

// containersIn are the containers in patches of workloads.
func containersIn(t *testing.T, patches []any) []any {
	t.Helper()
	var found []any
	for _, p := range patches {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var w struct {
			Spec struct {
				Template struct{ Spec struct{ Containers []any } }
			}
		}
		if err := json.Unmarshal(text, &w); err != nil {
			t.Fatal(err)
		}
		found = append(found, w.Spec.Template.Spec.Containers...)
	}
	return found
}

func TestSizeAndVariablesOfServices(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	resources := object{"requests": object{"cpu": "25m"}, "limits": object{"cpu": "250m", "memory": "128Mi"}}
	env := map[string]map[string]string{"orders": {"B": `"}, {`, "A": ""}, "products": {"C": "x"}}
	variables := []any{object{"name": "A", "value": ""}, object{"name": "B", "value": `"}, {`}}
	tests := []struct {
		name         string
		plan         Plan
		web, orders  []any
		wantsQuota   bool
		orderedNames []string
	}{
		{"neither", Plan{}, nil, nil, false, nil},
		{
			"a size",
			Plan{Profile: "full"},
			[]any{object{"name": "web", "resources": resources}},
			[]any{object{"name": "main", "resources": resources}},
			true, nil,
		},
		{"variables", Plan{Env: env}, nil, []any{object{"name": "main", "env": variables}}, false, nil},
		{
			"both",
			Plan{Env: env, Profile: "full"},
			[]any{object{"name": "web", "resources": resources}},
			[]any{object{"name": "main", "resources": resources, "env": variables}},
			true, nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.plan.Name, tt.plan.Run = "x", at("web", "orders")
			row := mustCompose(t, sizedConfig(t), tt.plan)
			for _, kind := range []string{"Deployment", "StatefulSet"} {
				for service, want := range map[string][]any{"web": tt.web, "orders": tt.orders, "products": nil} {
					got := containersIn(t, patchesOf(t, row, Target{Kind: kind, LabelSelector: "previewset.dev/image-of=" + service}))
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("containers of %s %s (-want +got):\n%s", kind, service, diff)
					}
				}
			}
			var want []any
			if tt.wantsQuota {
				want = []any{[]any{
					object{"op": "add", "path": "/spec/hard/count~1buckets.example.dev", "value": "1"},
					object{"op": "add", "path": "/spec/hard/pods", "value": "10"},
				}}
			}
			if diff := cmp.Diff(want, patchesOf(t, row, Target{Kind: "ResourceQuota", Name: "guardrails"})); diff != "" {
				t.Errorf("quota (-want +got):\n%s", diff)
			}
		})
	}
}

// An entry with variables alone doesn't make a service run, and one without a running service is named.
func TestVariablesDoNotMakeAServiceRun(t *testing.T) {
	t.Parallel()
	cfg := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{jakub: testfixture.EnvironmentYAML(
		"services: {orders: {branch: main, env: {A: x}}, products: {env: {B: y}}}\n")}), nil)
	s := resolve(cfg, factsOf())
	row := only(t, s)
	if _, runs := runs(s, "jakub")["products"]; runs {
		t.Error("variables make products run")
	}
	want := []any{map[string]any{"name": "orders", "env": []any{map[string]any{"name": "A", "value": "x"}}}}
	target := Target{Kind: "Deployment", LabelSelector: "previewset.dev/image-of=orders"}
	if diff := cmp.Diff(want, containersIn(t, patchesOf(t, row, target))); diff != "" {
		t.Errorf("containers of orders (-want +got):\n%s", diff)
	}
	if d := decision(t, s); !strings.Contains(d.Reason, "variables of service products have no effect") {
		t.Errorf("the reason is %q", d.Reason)
	}
	next := Resolve(testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{jakub: testfixture.EnvironmentYAML(
		"services: {orders: {branch: main, env: {A: z}}}\n")}), cfg), factsOf(), s.Memory, noon.Add(time.Minute))
	if diff := cmp.Diff(row.Kustomize.Patches, only(t, next).Kustomize.Patches); diff == "" {
		t.Error("another value changes nothing")
	}
}
