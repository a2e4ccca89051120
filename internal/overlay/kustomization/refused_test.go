package kustomization

import "testing"

func TestFieldsAreRefused(t *testing.T) {
	t.Parallel()
	wantRefused(t, []refusedFile{
		{"a Helm chart", kustomizationFile, header + "helmCharts: [{name: a}]\n", []string{"helmCharts", "Helm charts"}},
		{"Helm globals", kustomizationFile, header + "helmGlobals: {chartHome: x}\n", []string{"helmGlobals"}},
		{
			"a Helm chart in the old spelling", kustomizationFile,
			header + "helmChartInflationGenerator: [{chartName: a}]\n",
			[]string{"helmChartInflationGenerator"},
		},
		{
			"replicas", kustomizationFile,
			header + "resources: [../preview]\nreplicas: [{name: web, count: 3}]\n",
			[]string{kustomizationFile + ":4: replicas", "sleeping"},
		},
	})
}
