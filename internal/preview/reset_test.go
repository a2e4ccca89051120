package preview

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// resetsOf returns the times that a row writes into the Pod templates of data stores, by kind and name.
func resetsOf(t *testing.T, row Row) map[string]string {
	t.Helper()
	resets := map[string]string{}
	for _, p := range row.Kustomize.Patches {
		var patch struct {
			Spec struct {
				Template struct {
					Metadata struct{ Annotations map[string]string }
				}
			}
		}
		if json.Unmarshal([]byte(p.Patch), &patch) == nil && patch.Spec.Template.Metadata.Annotations != nil {
			resets[p.Target.Kind+" "+p.Target.Name] = patch.Spec.Template.Metadata.Annotations["previewset.dev/reset"]
		}
	}
	return resets
}

func TestAStoreStartsAnew(t *testing.T) {
	t.Parallel()
	tree := testfixture.DemoTree(map[string]string{
		"overlays/mine/environment.yaml": testfixture.EnvironmentYAML(
			"profile: full\nreset: {postgres: 2026-11-30T06:00:00+01:00, redis: 2026-11-30T06:00:00Z}\n"),
	})
	tree.Kustomizations["kustomize-base/data/postgres/reset"] = true
	tree.Kustomizations["kustomize-base/data/redis/reset"] = true
	cfg := testfixture.LoadTree(t, tree, nil)
	plan := Plan{Name: "mine", Run: at("orders", "products"), Reset: cfg.Environments["mine"].Reset}
	row := mustCompose(t, cfg, plan)
	i := slices.Index(below(row.Kustomize.Components), "data/postgres/reset")
	if i < 0 || slices.Contains(below(row.Kustomize.Components), "data/redis/reset") {
		t.Errorf("components %q, want reset of postgres, and not of redis, which doesn't run", row.Kustomize.Components)
	}
	got := resetsOf(t, row)
	const want = "2026-11-30T05:00:00Z"
	if len(got) != 2 || got["StatefulSet postgres"] != want || got["Deployment postgres"] != want {
		t.Errorf("resets %v, want postgres at %s", got, want)
	}
}

// A store that is a copy of a snapshot can't load it again, so it isn't emptied.
func TestACopyOfASnapshotIsNotReset(t *testing.T) {
	t.Parallel()
	tree := testfixture.DemoTree(nil)
	for _, folder := range []string{"data/postgres/reset", "data/rabbitmq/reset", "data/postgres/datasets/truncated/snapshot"} {
		tree.Kustomizations["kustomize-base/"+folder] = true
	}
	cfg := testfixture.LoadTree(t, tree, nil)
	plan := Plan{Name: "mine", Run: at("orders"), Reset: map[string]time.Time{"postgres": noon, "rabbitmq": noon}}
	for dataset, want := range map[string][]string{"": {"postgres", "rabbitmq"}, "truncated": {"rabbitmq"}} {
		plan.Dataset = dataset
		var got []string
		for _, c := range below(mustCompose(t, cfg, plan).Kustomize.Components) {
			if store, ok := strings.CutSuffix(c, "/reset"); ok {
				got = append(got, strings.TrimPrefix(store, "data/"))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("dataset %q: resets %q, want %q", dataset, got, want)
		}
	}
}

// A reset in the file changes the row, and nothing but a new time changes it again.
func TestAFileResetsItsEnvironment(t *testing.T) {
	t.Parallel()
	load := func(lines string) *config.Config {
		tree := testfixture.DemoTree(map[string]string{
			jakub: testfixture.EnvironmentYAML("services: {orders: {branch: main}}\n" + lines),
		})
		tree.Kustomizations["kustomize-base/data/postgres/reset"] = true
		return testfixture.LoadTree(t, tree, nil)
	}
	s := resolve(load(""), factsOf())
	for _, at := range []string{"", "2026-11-20T06:00:00Z", "2026-11-20T07:00:00Z", ""} {
		lines := ""
		if at != "" {
			lines = "reset: {postgres: " + at + "}\n"
		}
		s = Resolve(load(lines), factsOf(), s.Memory, noon)
		if got := resetsOf(t, only(t, s))["StatefulSet postgres"]; got != at {
			t.Errorf("postgres is reset at %q, want %q", got, at)
		}
	}
}
