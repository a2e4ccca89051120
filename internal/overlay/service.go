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
	"github.com/previewset/previewset/internal/overlay/source"
	"github.com/previewset/previewset/internal/preview"
)

// AddService adds a service. It returns the new and the changed files, and what it changed in the user's manifests.
func (r *Repo) AddService(s newservice.Service) (*newservice.Added, error) {
	cfg, err := r.Config()
	if err != nil {
		return nil, err
	}
	return r.newServiceTarget(cfg, s.Name).AddService(s)
}

// UpdateService writes the manifests of a service from a chart or from a user's manifests anew. formerName is the name of a
// renamed service in its manifests, or "".
func (r *Repo) UpdateService(s newservice.Service, formerName string) (*newservice.Added, error) {
	if formerName != "" {
		return updateRenamed(r, s, formerName)
	}
	cfg, err := r.Config()
	if err != nil {
		return nil, err
	}
	return r.newServiceTarget(cfg, s.Name).UpdateService(s)
}

// Origin returns a service, and from where its manifests are.
func (r *Repo) Origin(name string) (*config.Service, newservice.Origin, error) {
	cfg, err := r.Config()
	if err != nil {
		return nil, newservice.Origin{}, err
	}
	s := cfg.Policy.Services.Get(name)
	if s == nil {
		return nil, newservice.Origin{}, services.Repository{Policy: cfg.Policy}.UnknownService(name)
	}
	o, err := newservice.ReadOrigin(r.tree, name)
	return s, o, err
}

func (r *Repo) newServiceTarget(cfg *config.Config, service string) newservice.Repository {
	a := r.readAppsets()
	target := newservice.Repository{
		Tree: r.tree, Policy: cfg.Policy, AdmissionFile: a.admission.File, IsTaken: r.takenNames(cfg, service),
		Names: addressNames(r.tree, cfg.Policy),
	}
	if a.admission.File != "" {
		target.Rules = admission.NewRules(&a.admission, cfg.Policy.NamespacePrefix)
	}
	if p, ok := a.projects[a.environmentsProject]; ok {
		target.Permits = p.permits
	}
	return target
}

// takenNames returns a function that reports whether another service has an object. A repository that can't be built has
// none: the check of the service reports that.
func (r *Repo) takenNames(cfg *config.Config, service string) func(kind, name string) bool {
	others := slices.DeleteFunc(serviceNames(cfg.Policy), func(name string) bool { return name == service })
	objects, _ := r.objectsOf(cfg, others)
	return func(kind, name string) bool {
		return slices.ContainsFunc(objects, func(o manifest.Object) bool {
			return o.Kind == kind && source.WithoutHash(kind, o.Name) == source.WithoutHash(kind, name) &&
				o.Labels[config.LinkLabel] != service
		})
	}
}

// objectsOf returns the objects of the environment that runs some services.
func (r *Repo) objectsOf(cfg *config.Config, run []string) ([]manifest.Object, error) {
	row, err := preview.Compose(cfg, planOf(run))
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
