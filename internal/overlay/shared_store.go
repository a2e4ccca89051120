package overlay

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// sharedStores returns the problems and warnings of profiles and environments with the dataset shared: their baseline must
// serve the databases, and only some stores have the dataset.
func sharedStores(r *Repo, c *config.Config) (problems config.Problems, warnings []string) {
	users := map[string]string{} // a path in its file → the file
	for name, p := range c.Policy.Profiles {
		if p.Dataset == config.SharedDataset {
			users["profiles."+name+".dataset"] = policyFile
		}
	}
	for name, e := range c.Environments {
		if e.Dataset == config.SharedDataset {
			users["dataset of "+name] = path.Join(overlaysFolder, name, environmentFile)
		}
	}
	if len(users) == 0 {
		return nil, nil
	}
	var own []string
	served := r.graph.Folder(stagingOverlay).Kustomization.Components
	for _, store := range r.tree.List(baseFolder + "/data") {
		if !c.Datasets(store)[config.SharedDataset] {
			own = append(own, store)
			continue
		}
		component := "../../" + path.Join(baseFolder, "data", store, "shared")
		if slices.Contains(served, component) {
			continue
		}
		for _, at := range slices.Sorted(maps.Keys(users)) {
			problems = append(problems, config.Problem{
				File: users[at], Path: at,
				Message: fmt.Sprintf("store %s is shared, but the baseline doesn't serve its databases", store),
				Remedy:  fmt.Sprintf("add %s to components in %s/kustomization.yaml", component, stagingOverlay),
			})
		}
	}
	if len(own) > 0 {
		warnings = append(warnings, fmt.Sprintf("dataset %s isn't available for %s: each environment has a store of its own there",
			config.SharedDataset, strings.Join(own, ", ")))
	}
	return problems, warnings
}
