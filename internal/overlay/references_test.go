package overlay

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReferencesAreRefused(t *testing.T) {
	t.Parallel()
	const header = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	const mine = "overlays/web-pr-7/kustomization.yaml"
	tests := []struct {
		name, file, content string
		want                []string
	}{
		{"a base over HTTPS", mine, header + "resources: [../preview, 'https://github.com/acme/base?ref=v1']\n", []string{mine + ":3: resources[1]", "fetched from elsewhere", "copy it"}},
		{"a file over HTTP", mine, header + "resources: ['http://evil.test/x.yaml']\n", []string{"fetched from elsewhere"}},
		{"a base without a scheme", mine, header + "resources: [github.com/acme/base]\n", []string{"fetched from elsewhere"}},
		{"a base without a scheme, shouted", mine, header + "resources: [GitHub.com/acme/base]\n", []string{"fetched from elsewhere"}},
		{"a base behind git::", mine, header + "resources: ['git::file/base']\n", []string{"fetched from elsewhere"}},
		{"a base by SSH", mine, header + "resources: ['git@git.test:acme/base']\n", []string{"fetched from elsewhere"}},
		{"a local clone", mine, header + "resources: ['file:///etc']\n", []string{"fetched from elsewhere"}},
		{"an absolute path", mine, header + "resources: [/etc/passwd]\n", []string{"absolute path"}},
		{"a path out of the repository", mine, header + "resources: [../../../other]\n", []string{"leaves the repository"}},
		{"a path with two slashes", mine, header + "resources: [..//preview]\n", []string{"plain path"}},
		{"a path with a blank", mine, header + "resources: ['a b.yaml']\n", []string{"plain path"}},
		{"a missing file", mine, header + "resources:\n- ../preview\n- absent.yaml\n", []string{mine + ":5: resources[1]", "doesn't exist"}},
		{"a file outside of the folder", mine, header + "resources: [../preview/namespace.yaml]\n", []string{"outside of this folder"}},
		{"a folder without a kustomization", mine, header + "resources: [../../kustomize-base]\n", []string{"has no kustomization.yaml"}},
		{"a component among resources", mine, header + "resources: [../../kustomize-base/components/spot]\n", []string{"is a Component"}},
		{"a base among components", mine, header + "components: [../preview]\n", []string{"isn't a Component"}},
		{"a remote base in the old spelling", mine, header + "bases: ['https://evil.test/base']\n", []string{"bases[0]", "fetched from elsewhere"}},
		{"a remote patch", mine, header + "patches: [{path: 'https://evil.test/p.yaml'}]\n", []string{"patches[0].path", "fetched from elsewhere"}},
		{"a remote JSON patch", mine, header + "patchesJson6902: [{path: 'https://evil.test/p.yaml'}]\n", []string{"patchesJson6902[0].path"}},
		{"a remote strategic merge patch", mine, header + "patchesStrategicMerge: ['https://evil.test/p.yaml']\n", []string{"patchesStrategicMerge[0]"}},
		{"a remote replacement", mine, header + "replacements: [{path: 'https://evil.test/p.yaml'}]\n", []string{"replacements[0].path"}},
		{"a remote generator file", mine, header + "configMapGenerator: [{name: a, files: ['k=https://evil.test/p']}]\n", []string{"configMapGenerator[0].files[0]"}},
		{"a missing secret file", mine, header + "secretGenerator: [{name: a, envs: [absent.env]}]\n", []string{"secretGenerator[0].envs[0]", "doesn't exist"}},
		{"a remote env", mine, header + "secretGenerator: [{name: a, env: 'https://evil.test/p'}]\n", []string{"secretGenerator[0].env"}},
		{"a remote CRD", mine, header + "crds: ['https://evil.test/p']\n", []string{"crds[0]"}},
		{"a remote configuration", mine, header + "configurations: ['https://evil.test/p']\n", []string{"configurations[0]"}},
		{"a remote schema", mine, header + "openapi: {path: 'https://evil.test/p'}\n", []string{"openapi.path"}},
		{"a remote schema, shouted", mine, header + "openapi: {Path: 'https://evil.test/p'}\n", []string{"openapi.Path"}},
		{"a remote transformer", mine, header + "transformers: ['https://evil.test/p']\n", []string{"transformers[0]"}},
		{"a Helm chart", mine, header + "helmCharts: [{name: a}]\n", []string{"helmCharts", "Helm charts"}},
		{"Helm globals", mine, header + "helmGlobals: {chartHome: x}\n", []string{"helmGlobals"}},
		{"a Helm chart in the old spelling", mine, header + "helmChartInflationGenerator: [{chartName: a}]\n", []string{"helmChartInflationGenerator"}},
		{"a key in another case", mine, header + "Images: []\n", []string{mine + ":3: Images", "another case", "write images"}},
		{"a key that isn't there", mine, header + "resource: []\n", []string{"unknown field"}},
		{"a key twice", mine, header + "images: []\nimages: []\n", []string{"already set"}},
		{"a second document", mine, header + "---\n" + header, []string{"more than one document"}},
		{"two kustomization files", "overlays/web-pr-7/Kustomization", header, []string{"there is also"}},
		{"an empty kustomization", mine, "# nothing\n", []string{"is empty"}},
		{"a list", mine, "[1]\n", []string{"isn't a mapping"}},
		{"broken YAML", mine, "a: [\n", []string{mine}},
		{"replicas", mine, header + "resources: [../preview]\nreplicas: [{name: web, count: 3}]\n", []string{mine + ":4: replicas", "sleeping"}},
		{
			"replicas by a transformer", mine,
			header + "transformers:\n- |-\n  apiVersion: builtin\n  kind: ReplicaCountTransformer\n  metadata: {name: a}\n  replica: {name: web, count: 3}\n",
			[]string{"transformers[0]", "sleeping"},
		},
		{
			"a program as a transformer", mine,
			header + "transformers:\n- |-\n  apiVersion: evil.test/v1\n  kind: Run\n  metadata: {name: a}\n",
			[]string{"transformers[0]", "would run a program"},
		},
		{
			"a Helm chart as a generator", mine,
			header + "generators:\n- |-\n  apiVersion: builtin\n  kind: HelmChartInflationGenerator\n  metadata: {name: a}\n",
			[]string{"generators[0]", "would run a program"},
		},
		{
			"a remote patch in a transformer, shouted", mine,
			header + "transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: a}\n  PATH: https://evil.test/p\n",
			[]string{"transformers[0]", "fetched from elsewhere"},
		},
		{
			"a function among resources", "overlays/preview/namespace.yaml",
			"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: a, annotations: {config.kubernetes.io/function: 'exec: {path: x}'}}}\n",
			[]string{"overlays/preview/namespace.yaml:1", "runs a program"},
		},
		{"a resource that isn't YAML", "overlays/preview/namespace.yaml", "a: b: c\n", []string{"overlays/preview/namespace.yaml", "isn't YAML"}},
		{"a missing file in appsets", "appsets/argocd.yaml", "", []string{"appsets/kustomization.yaml:3: resources[0]", "doesn't exist"}},
		{"something that nobody refers to", "kustomize-base/unused/kustomization.yaml", header + "resources: ['https://evil.test/x']\n", []string{"kustomize-base/unused/kustomization.yaml"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantProblem(t, shop(t, map[string]string{tt.file: tt.content}).References(), tt.want...)
		})
	}
}

func TestReferencesAreFollowed(t *testing.T) {
	t.Parallel()
	const header = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	tests := []struct {
		name  string
		files map[string]string
	}{
		{"the shop", nil},
		{"a transformer in a file, with a replacement in another", map[string]string{
			"overlays/web-pr-7/kustomization.yaml": header + "resources: [../preview]\ntransformers: [hosts.yaml]\n",
			"overlays/web-pr-7/hosts.yaml":         "apiVersion: builtin\nkind: ReplacementTransformer\nmetadata: {name: a}\nreplacements: [{path: r.yaml}]\n",
			"overlays/web-pr-7/r.yaml":             "source: {kind: ConfigMap, name: environment}\ntargets: []\n",
		}},
		{"an inline patch and one in a file", map[string]string{
			"overlays/web-pr-7/kustomization.yaml": header + "resources: [../preview]\npatchesStrategicMerge:\n- '{\"apiVersion\": \"v1\"}'\n- |-\n  apiVersion: v1\n  kind: Pod\n- loud.yaml\n",
		}},
		{"folders that refer to each other", map[string]string{
			"overlays/a/kustomization.yaml": header + "resources: [../b]\n",
			"overlays/b/kustomization.yaml": header + "resources: [../a]\n",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if problems := shop(t, tt.files).References(); len(problems) > 0 {
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
	write("overlays/preview/kustomization.yaml", "resources: [file.yaml, ../../elsewhere/x, ../../linked/x]\n")
	write("elsewhere/x/kustomization.yaml", "configMapGenerator: [{name: a, literals: [a=b]}]\n")
	write("overlays/preview/.git/kustomization.yaml", "broken: [")
	link("/etc/passwd", "overlays/preview/file.yaml")
	link("elsewhere", "linked")
	link("../../elsewhere/x/kustomization.yaml", "overlays/preview/environment.yaml")
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	r := New(root.FS())

	var got []string
	for _, p := range r.References() {
		got = append(got, p.File+" "+p.Path+" "+p.Message)
	}
	want := []string{
		"overlays/preview/environment.yaml  is a symbolic link",
		"overlays/preview/file.yaml  is a symbolic link",
		`overlays/preview/kustomization.yaml resources[0] "overlays/preview/file.yaml" is, or lies behind, a symbolic link`,
		`overlays/preview/kustomization.yaml resources[2] "linked/x" is, or lies behind, a symbolic link`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
