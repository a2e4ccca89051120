package overlay

import (
	"context"
	"errors"
	"path"

	"github.com/previewset/previewset/internal/configtree"
	"github.com/previewset/previewset/internal/preview"
)

// environmentFile and kustomizationFile are what a folder of overlays/ holds at least.
const environmentFile = "environment.yaml"

// Config loads the policy, the slots and the named environments alone: what else is broken, or many, is nobody's
// business who changes one of them.
func (r *Repo) Config(names ...string) (*preview.Config, error) {
	t, err := configtree.ReadEnvironments(r.tree.fsys, names...)
	if err != nil {
		return nil, err
	}
	return preview.Load(t, nil)
}

// Names are the folders of overlays/ with an environment.yaml, sorted.
func (r *Repo) Names() []string {
	var found []string
	for _, name := range r.tree.list(overlaysFolder) {
		if r.tree.kind(path.Join(overlaysFolder, name, environmentFile)) != isAbsent {
			found = append(found, name)
		}
	}
	return found
}

// CheckEnvironment finds what is wrong with one environment: in its file, and in what Argo CD would apply at the first
// commit that anybody pushes to its services. Mistakes elsewhere that don't concern it are left alone.
func (r *Repo) CheckEnvironment(name string) preview.Problems {
	config, err := r.Config(name)
	if problems, ok := errors.AsType[preview.Problems](err); ok {
		return problems
	}
	if len(config.Problems) > 0 {
		return config.Problems
	}
	c := checker{repo: r, projects: r.projects(), seen: map[string]bool{}}
	c.projects.admission.prefix = config.Policy.NamespacePrefix
	c.example(config, example{path.Join(overlaysFolder, name), Plan(config, name)}, c.project("environments", c.projects.environments))
	_ = c.finish(context.Background()) // a few builds, which nobody interrupts
	return c.report.Problems
}
