package cli

import (
	"path"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// pullRequestsOf returns the pull requests of an environment with several, or with a name of its own.
func pullRequestsOf(row preview.Row) string {
	for _, line := range row.Info {
		if line.Name != "Pull requests" {
			continue
		}
		var names []string
		for text := range strings.FieldsSeq(line.Value) {
			name, _, _ := strings.Cut(text, ":") // an ID follows
			names = append(names, name)
		}
		return strings.Join(names, ", ")
	}
	return ""
}

// contentOf returns the optional components of an environment, and its datasets as STORE=DATASET.
func contentOf(row preview.Row) (components, datasets []string) {
	for _, folder := range row.Kustomize.Components {
		part := strings.Split(strings.TrimPrefix(path.Clean(folder), "../../"+config.BaseFolder+"/"), "/")
		switch {
		case len(part) == 2 && part[0] == "components" && part[1] != config.Guardrails && part[1] != config.SharedComponent:
			components = append(components, part[1])
		case len(part) == 4 && part[0] == "data" && part[2] == "datasets":
			datasets = append(datasets, part[1]+"="+part[3])
		}
	}
	return components, datasets
}

// handoverOf returns the services with workloads that Argo CD leaves alone.
func handoverOf(row preview.Row) []string {
	var names []string
	for _, d := range row.IgnoreDifferences {
		if !slices.Contains(names, d.Name) {
			names = append(names, d.Name)
		}
	}
	return names
}
