package programs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/previewset/previewset/e2e/process"
)

// checkAttack is a change of a GitOps repository that previewctl check must refuse.
type checkAttack struct {
	name  string
	files map[string]string
	link  [2]string // a symbolic link and its target; empty for none
	names []string  // what the output must name: the file, and the refused object or value
}

const overlay = "overlays/mallory/"

// built returns the files of an overlay with more lines in kustomization.yaml, and more files.
func built(lines string, files ...string) map[string]string {
	all := map[string]string{
		overlay + "environment.yaml": "apiVersion: previewset.dev/v1alpha1\nkind: Environment\nprofile: full\n",
		overlay + "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n" +
			"resources: [../preview" + lines,
	}
	for i := 0; i+1 < len(files); i += 2 {
		all[overlay+files[i]] = files[i+1]
	}
	return all
}

const (
	loadBalancer = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n"
	privileged   = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  priorityClassName: system-node-critical\n" +
		"  containers: [{name: x, image: x}]\n"
)

// kustomization is the file that most attacks change.
const kustomization = overlay + "kustomization.yaml"

func checkAttacks() []checkAttack {
	return append(referenceAttacks(), contentAttacks()...)
}

// referenceAttacks refer to files outside of the environment's folder, or to programs.
func referenceAttacks() []checkAttack {
	return []checkAttack{
		{name: "a remote base", files: built(", https://evil.test/x.yaml]\n"), names: []string{kustomization, "https://evil.test/x.yaml"}},
		{
			name: "a Git repository as base", files: built(", \"github.com/evil/base?ref=main\"]\n"),
			names: []string{kustomization, "github.com/evil/base"},
		},
		{
			name: "a file of the folder of secrets", files: built(", ../../appsets/plugin.yaml]\n"),
			names: []string{kustomization, "appsets/plugin.yaml"},
		},
		{
			name: "a file outside of the repository", files: built(", ../../../../../../etc/passwd]\n"),
			names: []string{kustomization, "etc/passwd"},
		},
		{
			name: "a Helm chart", files: built("]\nhelmCharts: [{name: x, repo: \"https://evil.test\", version: 1.0.0}]\n"),
			names: []string{kustomization, "helmCharts"},
		},
		{
			name: "a program as transformer", files: built("]\ntransformers: [t.yaml]\n", "t.yaml",
				"apiVersion: x/v1\nkind: X\nmetadata:\n  name: x\n  annotations: {config.kubernetes.io/function: \"exec: {path: ./x}\"}\n"),
			names: []string{overlay, "transformers"},
		},
		{
			name: "a symbolic link", files: built(", link.yaml]\n"), link: [2]string{overlay + "link.yaml", "/etc/passwd"},
			names: []string{overlay},
		},
	}
}

// contentAttacks are objects, kustomizations and environment files that the check refuses.
func contentAttacks() []checkAttack {
	return []checkAttack{
		{
			name: "parameters of Argo CD", files: built("]\n", ".argocd-source.yaml", "kustomize: {images: [x]}\n"),
			names: []string{overlay + ".argocd-source.yaml"},
		},
		{
			name: "a Service with a public address", files: built(", x.yaml]\n", "x.yaml", loadBalancer),
			names: []string{"mallory", "LoadBalancer"},
		},
		{name: "a Pod outside of a workload", files: built(", x.yaml]\n", "x.yaml", privileged), names: []string{"mallory", "Pod"}},
		{
			name: "a guardrail is deleted",
			files: built("]\npatches:\n- target: {kind: ResourceQuota}\n  patch: |\n    $patch: delete\n    apiVersion: v1\n" +
				"    kind: ResourceQuota\n    metadata: {name: any}\n"),
			names: []string{"mallory", "ResourceQuota"},
		},
		{
			name:  "thousands of patches with regular expressions",
			files: built("]\npatches:\n" + strings.Repeat("- {target: {name: '(a|b)*c'}, patch: '[{op: remove, path: /spec}]'}\n", 3000)),
			names: []string{kustomization, "at most 500 are allowed"},
		},
		{name: "a profile that doesn't exist", files: map[string]string{
			overlay + "environment.yaml": "apiVersion: previewset.dev/v1alpha1\nkind: Environment\nprofile: root\n",
		}, names: []string{overlay + "environment.yaml", "root"}},
		{name: "a purpose of 245 KB", files: map[string]string{
			overlay + "environment.yaml": "apiVersion: previewset.dev/v1alpha1\nkind: Environment\nprofile: full\npurpose: " +
				strings.Repeat("x", 245<<10) + "\n",
		}, names: []string{overlay + "environment.yaml", "purpose"}},
		{
			name: "the shared overlay is a file", files: map[string]string{"overlays/preview/kustomization.yaml/x": ""},
			names: []string{"overlays/preview"},
		},
	}
}

func TestAttacksThroughTheRepository(t *testing.T) {
	t.Parallel()
	for _, a := range checkAttacks() {
		t.Run(string(overlayWriter)+": "+a.name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "repository")
			a.write(t, folder)
			out, err := process.Output(t.Context(), process.Command{
				Path: programs["previewctl"], Args: []string{"check", folder}, Dir: t.TempDir(),
			})
			if err == nil || !strings.HasPrefix(err.Error(), "exit status 1") {
				t.Fatalf("previewctl check: %v\n%s", err, out)
			}
			for _, name := range a.names {
				if !strings.Contains(out, name) {
					t.Errorf("the output lacks %q:\n%.2000s", name, out)
				}
			}
		})
	}
}

// write copies the GitOps repository and changes it. A file in place of a folder replaces it.
func (a checkAttack) write(t *testing.T, folder string) {
	t.Helper()
	if err := os.CopyFS(folder, os.DirFS(repository)); err != nil {
		t.Fatal(err)
	}
	for name, content := range a.files {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(filepath.Dir(path)); err == nil && !info.IsDir() {
			if err := os.Remove(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if a.link[0] != "" {
		if err := os.Symlink(a.link[1], filepath.Join(folder, a.link[0])); err != nil {
			t.Fatal(err)
		}
	}
}
