package overlay

import (
	"context"
	"slices"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/newstore"
)

// AddDataset returns the files of a new dataset of a store.
func AddDataset(r *Repo, d newstore.Dataset) (map[string][]byte, error) {
	return newstore.Repository{Tree: r.tree}.AddDataset(d)
}

// AddPublication returns the files of a job of the baseline that publishes datasets of a store.
func AddPublication(r *Repo, p newstore.Publication) (map[string][]byte, error) {
	return newstore.Repository{Tree: r.tree}.AddPublication(p)
}

// AddStore returns the files of a new data store.
func AddStore(r *Repo, s newstore.Store) (map[string][]byte, error) {
	return newstore.Repository{Tree: r.tree}.AddStore(s)
}

// CheckStore returns the mistakes in a store that no service has yet: it builds the environment with all services as if
// they had it, and the same with the store reset.
func CheckStore(r *Repo, name string) config.Problems {
	cfg, err := r.Config()
	if err != nil {
		return problemsOf(err)
	}
	services := slices.Clone(cfg.Policy.Services)
	for i, s := range services {
		services[i].Data = append(slices.Clone(s.Data), name)
	}
	cfg.Policy.Services = services
	return checkExamples(r, cfg, append(
		[]example{{title: "store " + name, plan: planOf(serviceNames(cfg.Policy))}}, resetExamples(r.tree, cfg)...)...)
}

// checkExamples returns the mistakes in some environments.
func checkExamples(r *Repo, cfg *config.Config, examples ...example) config.Problems {
	c := newChecker(r)
	c.useAdmissionUnchecked(cfg.Policy)
	c.addExamples(cfg, examples...)
	_ = c.run(context.Background(), nil) // a few builds; nothing cancels them
	return mergeProblems(append(c.report.Problems, c.missing...))
}

// CheckDataset returns the mistakes in the environments with all services and a dataset.
func CheckDataset(r *Repo, name string) config.Problems {
	cfg, err := r.Config()
	if err != nil {
		return problemsOf(err)
	}
	p := planOf(serviceNames(cfg.Policy))
	p.Dataset = name
	return checkExamples(r, cfg, append([]example{{title: "dataset " + name, plan: p}}, forkExamples(r, cfg)...)...)
}

// CheckBaseline returns the mistakes in the baseline.
func CheckBaseline(r *Repo) config.Problems {
	cfg, err := r.Config()
	if err != nil {
		return problemsOf(err)
	}
	c := newChecker(r)
	c.addFixedOverlay(cfg, stagingOverlay)
	_ = c.run(context.Background(), nil) // one build; nothing cancels it
	return mergeProblems(c.report.Problems)
}
