package kustomization

import "testing"

func TestPluginsAreRefused(t *testing.T) {
	t.Parallel()
	wantRefused(t, []refusedFile{
		{
			"a remote transformer", kustomizationFile,
			header + "transformers: ['https://evil.test/p']\n",
			[]string{"transformers[0]"},
		},
		{
			"replicas by a transformer", kustomizationFile,
			header + "transformers:\n- |-\n  apiVersion: builtin\n  kind: ReplicaCountTransformer\n" +
				"  metadata: {name: a}\n  replica: {name: web, count: 3}\n",
			[]string{"transformers[0]", "sleeping"},
		},
		{
			"a program as a transformer", kustomizationFile,
			header + "transformers:\n- |-\n  apiVersion: evil.test/v1\n  kind: Run\n  metadata: {name: a}\n",
			[]string{"transformers[0]", "would run a program"},
		},
		{
			"a Helm chart as a generator", kustomizationFile,
			header + "generators:\n- |-\n  apiVersion: builtin\n  kind: HelmChartInflationGenerator\n  metadata: {name: a}\n",
			[]string{"generators[0]", "would run a program"},
		},
		{
			"a remote patch in a transformer, in capitals", kustomizationFile,
			header + "transformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: a}\n  PATH: https://evil.test/p\n",
			[]string{"transformers[0]", "fetched from elsewhere"},
		},
	})
}
