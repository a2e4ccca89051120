package overlay

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

// ownFile is the kustomization of the shop's environment with an own folder.
const ownFile = "overlays/web-pr-7/kustomization.yaml"

// kustomizationHeader starts a kustomization file.
const kustomizationHeader = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"

func checkRepo(t *testing.T, r *Repo) Report {
	t.Helper()
	report, err := r.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func checkShop(t *testing.T, changes map[string]string) Report {
	t.Helper()
	return checkRepo(t, New(overlaytest.Shop(changes)))
}

// brokenShop is a change of the shop that Check finds. The first problem contains every text of want.
type brokenShop struct {
	name  string
	files map[string]string
	want  []string
	more  int // further problems with the same cause
}

func wantFound(t *testing.T, shops []brokenShop) {
	t.Helper()
	for _, tt := range shops {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := checkShop(t, tt.files)
			if len(got.Problems) == 0 {
				t.Fatal("found no problem")
			}
			overlaytest.WantProblem(t, got.Problems[:1], tt.want...)
			if len(got.Problems) != 1+tt.more {
				t.Errorf("found %d more, want %d:\n%v", len(got.Problems)-1, tt.more, got.Problems[1:])
			}
		})
	}
}

func TestCheckPasses(t *testing.T) {
	t.Parallel()
	got := checkShop(t, nil)
	// everything run (also profile changed and dataset empty), everything linked, full, front (also web alone run and api
	// alone linked), api alone run (also web alone linked), dataset truncated, component spot, web-pr-7, staging
	want := Report{Builds: 9, Warnings: got.Warnings} // TestCheckWarns expects them
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestCheckPassesTheExample(t *testing.T) {
	t.Parallel()
	got := checkRepo(t, New(previewset.Example))
	if len(got.Problems) > 0 || len(got.Notes) > 0 {
		t.Errorf("problems:\n%v\nnotes: %q", got.Problems, got.Notes)
	}
	if got.Builds < 10 {
		t.Errorf("only %d builds", got.Builds)
	}
}

func TestCheckFindsMistakesInTheConfiguration(t *testing.T) {
	t.Parallel()
	wantFound(t, []brokenShop{
		{"no policy", map[string]string{"previewset.yaml": ""}, []string{"previewset.yaml", "is missing"}, 0},
		{"a broken policy", map[string]string{"previewset.yaml": "a: b: c"}, []string{"previewset.yaml", "YAML"}, 0},
		{
			"a broken environment",
			map[string]string{
				"overlays/web-pr-7/environment.yaml": "kind: Environment\napiVersion: previewset.dev/v1alpha1\n" +
					"pullRequest: acme/web#7\nprofile: absent\n",
			},
			[]string{"overlays/web-pr-7/environment.yaml:4", "absent"},
			0,
		},
		{
			"a patch without a target",
			map[string]string{
				ownFile: kustomizationHeader + "resources: [../preview]\npatches: [{patch: '{apiVersion: v1, kind: Pod, metadata: {name: gone}}'}]\n",
			},
			[]string{ownFile, "overlays/web-pr-7", "gone"},
			0,
		},
	})
}

func TestCheckNotesMissingSettings(t *testing.T) {
	t.Parallel()
	got := checkShop(t, map[string]string{"appsets/argocd.yaml": "", "appsets/kustomization.yaml": ""})
	if len(got.Problems) > 0 || len(got.Notes) != 3 {
		t.Errorf("problems %v, notes %q", got.Problems, got.Notes)
	}
}

func TestCheckEndsWhenItsContextIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if report, err := New(overlaytest.Shop(nil)).Check(ctx); !errors.Is(err, context.Canceled) || report.Builds > 0 {
		t.Errorf("error is %v after %d builds", err, report.Builds)
	}
}
