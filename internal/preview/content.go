package preview

import (
	"path"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// Content returns the optional components of an environment, and its datasets as STORE=DATASET.
func (r Row) Content() (components, datasets []string) {
	for _, folder := range r.Kustomize.Components {
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
