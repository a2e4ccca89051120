package kustomization

import "testing"

func TestManifestsAreRefused(t *testing.T) {
	t.Parallel()
	wantRefused(t, []refusedFile{
		{
			"a function among resources", "overlays/preview/namespace.yaml",
			"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: a, " +
				"annotations: {config.kubernetes.io/function: 'exec: {path: x}'}}}\n",
			[]string{"overlays/preview/namespace.yaml:1", "runs a program"},
		},
		{
			"a resource that isn't YAML", "overlays/preview/namespace.yaml",
			"a: b: c\n",
			[]string{"overlays/preview/namespace.yaml", "isn't YAML"},
		},
	})
}
