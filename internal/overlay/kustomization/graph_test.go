package kustomization

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

// problemsOf returns the problems in all references of a repository.
func problemsOf(fsys fs.FS) config.Problems {
	tree := filetree.New(fsys)
	g := NewGraph(tree)
	problems := Links(tree, "kustomize-base", "overlays")
	return append(problems, g.Problems(g.Below("kustomize-base", "overlays", "appsets")...)...)
}

// header starts a kustomization file.
const header = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"

// kustomizationFile is a file of the shop that most tests change.
const kustomizationFile = "overlays/web-pr-7/kustomization.yaml"

// refusedFile is a file in the shop with one problem; the problem contains every text of want.
type refusedFile struct {
	name, file, content string
	want                []string
}

func wantRefused(t *testing.T, files []refusedFile) {
	t.Helper()
	for _, tt := range files {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			overlaytest.WantProblem(t, problemsOf(overlaytest.Shop(map[string]string{tt.file: tt.content})), tt.want...)
		})
	}
}

func TestEveryFolderIsChecked(t *testing.T) {
	t.Parallel()
	wantRefused(t, []refusedFile{
		{
			"a missing file in appsets", "appsets/argocd.yaml",
			"",
			[]string{"appsets/kustomization.yaml:3: resources[0]", "doesn't exist"},
		},
		{
			"a folder without references to it", "kustomize-base/unused/kustomization.yaml",
			header + "resources: ['https://evil.test/x']\n",
			[]string{"kustomize-base/unused/kustomization.yaml"},
		},
	})
}

// Argo CD reads these files beside the row.
func TestParameterFilesAreRefused(t *testing.T) {
	t.Parallel()
	wantRefused(t, []refusedFile{
		{
			"for every Application", "overlays/web-pr-7/.argocd-source.yaml", "kustomize: {namespace: prod}\n",
			[]string{"overlays/web-pr-7/.argocd-source.yaml", "would change the environment's row", "remove it"},
		},
		{
			"for one Application", "overlays/preview/.argocd-source-preview-web-pr-7.yaml", "kustomize: {images: [a=b]}\n",
			[]string{"overlays/preview/.argocd-source-preview-web-pr-7.yaml", "would change the environment's row"},
		},
	})
}

func TestReferencesAreFollowed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files map[string]string
	}{
		{"the shop", nil},
		{"a transformer in a file, with a replacement in another", map[string]string{
			"overlays/web-pr-7/kustomization.yaml": header + "resources: [../preview]\ntransformers: [hosts.yaml]\n",
			"overlays/web-pr-7/hosts.yaml": "apiVersion: builtin\nkind: ReplacementTransformer\nmetadata: {name: a}\n" +
				"replacements: [{path: r.yaml}]\n",
			"overlays/web-pr-7/r.yaml": "source: {kind: ConfigMap, name: environment}\ntargets: []\n",
		}},
		{"an inline patch and one in a file", map[string]string{
			"overlays/web-pr-7/kustomization.yaml": header + "resources: [../preview]\npatchesStrategicMerge:\n" +
				"- '{\"apiVersion\": \"v1\"}'\n- |-\n  apiVersion: v1\n  kind: Pod\n- loud.yaml\n",
		}},
		{"folders that refer to each other", map[string]string{
			"kustomize-base/a/kustomization.yaml": header + "resources: [../b]\n",
			"kustomize-base/b/kustomization.yaml": header + "resources: [../a]\n",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if problems := problemsOf(overlaytest.Shop(tt.files)); len(problems) > 0 {
				t.Error(problems)
			}
		})
	}
}

// Symbolic links exist only on a disk.
func TestSymbolicLinksAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write(
		"overlays/preview/kustomization.yaml",
		"resources: [file.yaml, ../../kustomize-base/x, ../../kustomize-base/linked/x]\n",
	)
	write("kustomize-base/x/kustomization.yaml", "configMapGenerator: [{name: a, literals: [a=b]}]\n")
	write("overlays/preview/.git/kustomization.yaml", "broken: [")
	link("/etc/passwd", "overlays/preview/file.yaml")
	link("../elsewhere", "kustomize-base/linked")
	link("../../kustomize-base/x/kustomization.yaml", "overlays/preview/environment.yaml")
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })

	var got []string
	for _, p := range problemsOf(root.FS()) {
		got = append(got, p.File+" "+p.Path+" "+p.Message)
	}
	want := []string{
		"kustomize-base/linked  is a symbolic link",
		"overlays/preview/environment.yaml  is a symbolic link",
		"overlays/preview/file.yaml  is a symbolic link",
		`overlays/preview/kustomization.yaml resources[0] "overlays/preview/file.yaml" is a symbolic link, or is below one`,
		`overlays/preview/kustomization.yaml resources[2] "kustomize-base/linked/x" is a symbolic link, or is below one`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
