package overlay

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

// treeOfServices returns a config branch with the services of a policy and with environment files.
func treeOfServices(services string, files map[string]string) config.Tree {
	tree := config.Tree{Files: map[string]config.File{
		"previewset.yaml": {Content: []byte(
			"apiVersion: previewset.dev/v1alpha1\nkind: PreviewConfig\ndomain: preview.test\nservices:\n" + services,
		)},
	}, Kustomizations: map[string]bool{"overlays/preview": true, "kustomize-base/components/guardrails": true}}
	for _, s := range []string{"web", "docs", "docs-old"} {
		tree.Kustomizations["kustomize-base/services/"+s+"/run"] = true
		tree.Kustomizations["kustomize-base/services/"+s+"/link"] = true
	}
	for name, content := range files {
		tree.Files[name] = config.File{Content: []byte(content)}
	}
	return tree
}

func TestHostConflicts(t *testing.T) {
	t.Parallel()
	public := func(name, repository string) string {
		return "  " + name + ": {repository: acme/" + repository + `, image: a.test/` + name + `, tag: "{{ .SHA }}", public: true}` + "\n"
	}
	const environment = "kind: Environment\napiVersion: previewset.dev/v1alpha1\n"
	for _, tt := range []struct {
		name, services string
		files          map[string]string
		want           []string
	}{
		{
			"other names", public("web", "web") + public("docs", "docs"),
			map[string]string{"overlays/x/environment.yaml": environment},
			nil,
		},
		{
			"a repository that is named like a service and a repository",
			public("web", "web") + public("docs", "docs-web"), nil,
			[]string{
				"previewset.yaml web-pr-1 could want host docs-web-pr-1.preview.test, which environment docs-web-pr-1 could want too",
			},
		},
		{
			"a folder that is named like the end of a service, and another folder",
			public("web", "web") + public("docs", "web") + public("docs-old", "web"),
			map[string]string{"overlays/x/environment.yaml": environment, "overlays/old-x/environment.yaml": environment},
			[]string{
				"overlays/x/environment.yaml x could want host docs-old-x.preview.test, which environment old-x could want too",
			},
		},
		{
			"the first public service, which always has the main host",
			public("docs", "web") + public("docs-old", "web"),
			map[string]string{"overlays/x/environment.yaml": environment, "overlays/old-x/environment.yaml": environment},
			nil,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, err := config.Load(treeOfServices(tt.services, tt.files), nil)
			if err != nil || len(cfg.Problems) > 0 {
				t.Fatal(err, cfg)
			}
			var got []string
			for _, p := range hostConflicts(cfg) {
				got = append(got, p.File+" "+p.Path+" "+p.Message)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("conflicts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckFindsHostConflicts(t *testing.T) {
	t.Parallel()
	policy, err := fs.ReadFile(overlaytest.Shop(nil), "previewset.yaml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(policy), "repository: acme/api,", "repository: acme/api-web, public: true,", 1)
	got := checkShop(t, map[string]string{"previewset.yaml": changed})
	conflicts := slices.DeleteFunc(got.Problems, func(p config.Problem) bool { return !strings.Contains(p.Message, " host ") })
	overlaytest.WantProblem(
		t, conflicts, "web-pr-1", "could want host api-web-pr-1.preview.test, which environment api-web-pr-1 could want too",
	)
}
