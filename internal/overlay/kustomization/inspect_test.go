package kustomization

import (
	"testing"

	"github.com/previewset/previewset/internal/overlay/overlaytest"
)

func TestEveryFieldIsFollowed(t *testing.T) {
	t.Parallel()
	wantRefused(t, []refusedFile{
		{
			"a remote base in the old spelling", kustomizationFile,
			header + "bases: ['https://evil.test/base']\n",
			[]string{"bases[0]", "fetched from elsewhere"},
		},
		{
			"a remote patch", kustomizationFile,
			header + "patches: [{path: 'https://evil.test/p.yaml'}]\n",
			[]string{"patches[0].path", "fetched from elsewhere"},
		},
		{
			"a remote JSON patch", kustomizationFile,
			header + "patchesJson6902: [{path: 'https://evil.test/p.yaml'}]\n",
			[]string{"patchesJson6902[0].path"},
		},
		{
			"a remote strategic merge patch", kustomizationFile,
			header + "patchesStrategicMerge: ['https://evil.test/p.yaml']\n",
			[]string{"patchesStrategicMerge[0]"},
		},
		{
			"a remote replacement", kustomizationFile,
			header + "replacements: [{path: 'https://evil.test/p.yaml'}]\n",
			[]string{"replacements[0].path"},
		},
		{
			"a remote generator file", kustomizationFile,
			header + "configMapGenerator: [{name: a, files: ['k=https://evil.test/p']}]\n",
			[]string{"configMapGenerator[0].files[0]"},
		},
		{
			"a missing secret file", kustomizationFile,
			header + "secretGenerator: [{name: a, envs: [absent.env]}]\n",
			[]string{"secretGenerator[0].envs[0]", "doesn't exist"},
		},
		{
			"a remote env", kustomizationFile,
			header + "secretGenerator: [{name: a, env: 'https://evil.test/p'}]\n",
			[]string{"secretGenerator[0].env"},
		},
		{"a remote CRD", kustomizationFile, header + "crds: ['https://evil.test/p']\n", []string{"crds[0]"}},
		{
			"a remote configuration", kustomizationFile,
			header + "configurations: ['https://evil.test/p']\n",
			[]string{"configurations[0]"},
		},
		{"a remote schema", kustomizationFile, header + "openapi: {path: 'https://evil.test/p'}\n", []string{"openapi.path"}},
		{
			"a remote schema, in capitals", kustomizationFile,
			header + "openapi: {Path: 'https://evil.test/p'}\n",
			[]string{"openapi.Path"},
		},
	})
}

// FuzzReferences checks that any kustomization gives problems with remedies, and never a panic.
func FuzzReferences(f *testing.F) {
	f.Add("resources: [../preview]\n")
	f.Add("a: &a [*a]\n")
	f.Add("transformers: ['{apiVersion: builtin, kind: PatchTransformer, path: 1}', \"a: b\\nc\"]\n")
	f.Add("resources: {}\nresources: []\n")
	f.Add("openapi: {a: b}\nmetadata: {annotations: {config.kubernetes.io/function: x}}\n---\n")
	f.Fuzz(func(t *testing.T, content string) {
		for _, p := range problemsOf(overlaytest.Shop(map[string]string{kustomizationFile: content + "#"})) {
			if p.Message == "" || p.Remedy == "" {
				t.Errorf("a problem without message or remedy: %+v", p)
			}
		}
	})
}
