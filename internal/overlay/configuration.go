package overlay

import (
	"errors"
	"path"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/configtree"
	"github.com/previewset/previewset/internal/overlay/filetree"
)

const (
	policyFile      = "previewset.yaml"
	environmentFile = "environment.yaml"
)

// Load decodes and validates the whole configuration.
func (r *Repo) Load() (*config.Config, error) {
	t, err := configtree.Read(r.fsys, func(folder string) (string, error) { return r.tree.Digest(folder), nil })
	if err != nil {
		return nil, err
	}
	return config.Load(t, nil)
}

// Config loads the policy, the slots, and only the named environments. A change of one environment then takes the same
// time in a repository with thousands, and mistakes in the other environments don't stop it.
func (r *Repo) Config(names ...string) (*config.Config, error) {
	t, err := configtree.ReadEnvironments(r.fsys, names...)
	if err != nil {
		return nil, err
	}
	return config.Load(t, nil)
}

// problemsOf returns an error as problems.
func problemsOf(err error) config.Problems {
	if problems, ok := errors.AsType[config.Problems](err); ok {
		return problems
	}
	return config.Problems{
		{File: policyFile, Message: config.Printable(err.Error()), Remedy: "make the repository's files readable"},
	}
}

// Names returns the folders of overlays/ with an environment.yaml, sorted.
func (r *Repo) Names() []string {
	var found []string
	for _, name := range r.tree.List(overlaysFolder) {
		if r.tree.Kind(path.Join(overlaysFolder, name, environmentFile)) != filetree.Absent {
			found = append(found, name)
		}
	}
	return found
}
