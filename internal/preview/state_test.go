package preview

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/testfixture"
)

// What these patches make of manifests is tested where they are built: packages overlay and e2e/contract.
func TestStateAddsOnlyPatches(t *testing.T) {
	t.Parallel()
	scaled := []string{"Deployment", "StatefulSet", "CronJob"}
	routes := []string{"Ingress", "HTTPRoute"}
	tests := []struct {
		name  string
		state State
		want  []string // the kinds that they are for
	}{
		{"no state is awake", "", nil},
		{"awake adds none", Awake, nil},
		{"waking, its replicas are back and its routes away", Waking, routes},
		{"asleep, both are away", Asleep, slices.Concat(scaled, routes)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
			plan := Plan{Name: "x", Run: at("web", "gateway", "orders"), From: map[string][]string{"orders": {"preview-y"}}}
			want := mustCompose(t, c, plan)
			plan.State = tt.state
			got := mustCompose(t, c, plan)
			var kinds []string
			for _, p := range got.Kustomize.Patches[len(want.Kustomize.Patches):] {
				kinds = append(kinds, p.Target.Kind)
			}
			if diff := cmp.Diff(tt.want, kinds); diff != "" {
				t.Errorf("patches at the end are for (-want +got):\n%s", diff)
			}
			want.Kustomize.Patches, want.State = slices.Concat(want.Kustomize.Patches, got.Kustomize.Patches[len(want.Kustomize.Patches):]),
				got.State
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the rest of the row (-awake +got):\n%s", diff)
			}
		})
	}
}

func TestRowsOfEveryStateComeBackFromApplications(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, testfixture.DemoPolicy)
	for _, state := range []State{Awake, Waking, Asleep} {
		row := mustCompose(t, c, Plan{Name: "x", Owner: "alice", Profile: "changed", State: state, Run: at("web", "orders")})
		row.Source = FromFile
		var r Recovered
		r.Add(applicationOf(t, row))
		if len(r.Unclear) > 0 {
			t.Fatalf("%s: unclear: %v", state, r.Unclear)
		}
		got := r.Environments["x"]
		if diff := cmp.Diff(row.Kustomize, got.Row.Kustomize); diff != "" || got.Row.State != state {
			t.Errorf("%s came back %s (-before +recovered):\n%s", state, got.Row.State, diff)
		}
		if diff := cmp.Diff([]string{"orders", "web"}, slices.Sorted(maps.Keys(got.Run))); diff != "" {
			t.Errorf("%s runs (-want +got):\n%s", state, diff)
		}
	}
}
