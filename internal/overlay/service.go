package overlay

import (
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/admission"
	"github.com/previewset/previewset/internal/overlay/build"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/newservice"
	"github.com/previewset/previewset/internal/overlay/services"
	"github.com/previewset/previewset/internal/preview"
)

// AddService adds a service. It returns the new and the changed files, and what it changed in the user's manifests.
func (r *Repo) AddService(s newservice.Service) (*newservice.Added, error) {
	cfg, err := r.Config()
	if err != nil {
		return nil, err
	}
	a := r.readAppsets()
	target := newservice.Repository{
		Tree: r.tree, Policy: cfg.Policy, AdmissionFile: a.admission.File, IsTaken: r.takenNames(cfg),
	}
	if a.admission.File != "" {
		target.Rules = admission.NewRules(&a.admission, cfg.Policy.NamespacePrefix)
	}
	if p, ok := a.projects[a.environmentsProject]; ok {
		target.Permits = p.permits
	}
	return target.AddService(s)
}

// takenNames returns a function that reports whether the environment with all services has an object. A repository that
// can't be built has none: the check of the service reports that.
func (r *Repo) takenNames(cfg *config.Config) func(kind, name string) bool {
	objects, _ := r.allObjects(cfg)
	return func(kind, name string) bool {
		return slices.ContainsFunc(objects, func(o manifest.Object) bool { return o.Kind == kind && o.Name == name })
	}
}

// allObjects returns the objects of the environment with all services.
func (r *Repo) allObjects(cfg *config.Config) ([]manifest.Object, error) {
	row, err := preview.Compose(cfg, planOf(serviceNames(cfg.Policy)))
	if err != nil {
		return nil, err
	}
	b, err := r.builder.Environment(row)
	if err != nil {
		return nil, err
	}
	m, err := b.RunWithin(build.MaxTime)
	if err != nil {
		return nil, err
	}
	return build.Objects(m)
}

// RemoveService removes a service that nothing uses.
func (r *Repo) RemoveService(name string) (*services.Change, error) {
	target, err := r.servicesTarget()
	if err != nil {
		return nil, err
	}
	return target.Remove(name)
}

// RenameService gives a service another name, in all files that name it.
func (r *Repo) RenameService(from, to string) (*services.Change, error) {
	target, err := r.servicesTarget()
	if err != nil {
		return nil, err
	}
	return target.Rename(from, to)
}

func (r *Repo) servicesTarget() (services.Repository, error) {
	cfg, err := r.Config()
	if err != nil {
		return services.Repository{}, err
	}
	return services.Repository{
		Tree: r.tree, Policy: cfg.Policy, Environments: r.Names(), AdmissionFile: r.readAppsets().admission.File,
	}, nil
}

// ExplainInput rewrites the problems of files that AddService wrote, so that they name the user's manifests.
func ExplainInput(problems config.Problems, service, from string) config.Problems {
	folder := baseFolder + "/services/" + service + "/"
	if from == "" {
		return problems
	}
	for i, p := range problems {
		if strings.HasPrefix(p.File+"/", folder) {
			problems[i].File, problems[i].Line = from, 0
		}
	}
	return problems
}
