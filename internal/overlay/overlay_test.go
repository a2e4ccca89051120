package overlay

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
	"github.com/previewset/previewset/internal/preview"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestBuild(t *testing.T) {
	t.Parallel()
	pin := config.ServiceRef{SHA: sampleSHA, Branch: "fix", Number: 7}
	tests := []struct {
		name string
		plan preview.Plan
	}{
		{"one-service", preview.Plan{Name: "web-pr-1", Owner: "alice", Run: map[string]config.ServiceRef{"web": pin}}},
		{"everything-linked", preview.Plan{Name: "idle"}},
		{"at-the-base-images", preview.Plan{Name: "plain", Run: map[string]config.ServiceRef{"web": {}, "api": {}}}},
		{"waking", preview.Plan{Name: "web-pr-1", State: preview.Waking, Run: map[string]config.ServiceRef{"web": pin}}},
		{"asleep", preview.Plan{Name: "web-pr-1", State: preview.Asleep, Run: map[string]config.ServiceRef{"web": pin, "api": pin}}},
		// the folder's own kustomization has images, patches of two kinds, and a file beside it
		{"folder-of-its-own", preview.Plan{
			Name: "web-pr-7", Owner: "bob", Dataset: "truncated", Components: []string{"spot"},
			Run: map[string]config.ServiceRef{"web": pin, "api": pin},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := New(overlaytest.Shop(nil))
			row, err := preview.Compose(loadConfig(t, r), tt.plan)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Build(row)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/build/"+tt.name+".yaml", got)
			again, err := r.Build(row)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), string(again)); diff != "" {
				t.Errorf("built twice (-first +second):\n%s", diff)
			}
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func loadConfig(t *testing.T, r *Repo) *config.Config {
	t.Helper()
	cfg, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// A row can come from another service than ours, so Build checks every reference in it.
func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	withComponent := func(c string) preview.Row {
		return preview.Row{Path: "overlays/preview", Kustomize: preview.Kustomize{Components: []string{c}}}
	}
	tests := []struct {
		name string
		row  preview.Row
		want []string
	}{
		{"an overlay out of the repository", preview.Row{Path: "../../etc"}, []string{"../../etc", "has no kustomization.yaml"}},
		{"a missing overlay", preview.Row{Path: "overlays/gone"}, []string{"overlays/gone", "has no kustomization.yaml"}},
		{"a remote component", withComponent("https://evil.test/x"), []string{"fetched from elsewhere"}},
		{"a missing component", withComponent("../../kustomize-base/services/gone/run"), []string{"doesn't exist"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := New(overlaytest.Shop(nil)).Build(tt.row)
			problems, ok := err.(config.Problems) //nolint:errorlint // it isn't wrapped
			if !ok {
				t.Fatalf("the error is %v, not Problems", err)
			}
			overlaytest.WantProblem(t, problems, tt.want...)
		})
	}
}
