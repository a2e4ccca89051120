// Package newservice adds a service to a repository: new files for its components, and changes of the files that name
// all services.
//
// It knows the folders of a GitOps repository and templates. It doesn't know whether the result builds: overlay checks
// that afterwards.
package newservice

import (
	"fmt"
	"path"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/addresses"
	"github.com/previewset/previewset/internal/overlay/admission"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/source"
)

// Service is a service to add.
type Service struct {
	// Name is the name of the service and of its Kubernetes Service.
	Name string `yaml:"-"`
	// Repository and the next five fields become the entry in previewset.yaml. Image has no tag there.
	Repository string   `yaml:"repository,omitempty"`
	Paths      []string `yaml:"paths,omitempty,flow"`
	Image      string   `yaml:"image"`
	Public     bool     `yaml:"public,omitempty"`
	Calls      []string `yaml:"calls,omitempty,flow"`
	Data       []string `yaml:"data,omitempty,flow"`
	// AlsoNamed are the names of further Kubernetes Services. AddService finds them in the manifests.
	AlsoNamed []string `yaml:"alsoNamed,omitempty,flow"`
	// Container is the container with the image where it isn't named like the service. AddService finds it.
	Container string `yaml:"container,omitempty"`

	// Tag, Port and Probe fill the templates. Tag is the image's tag where no commit is chosen, Port is the Pods' port,
	// and Probe is the path that answers once the service is ready.
	Tag   string `yaml:"-"`
	Port  int    `yaml:"-"`
	Probe string `yaml:"-"`
	// Migrate is a command of the image. Each Pod runs it after the stores are ready and before the service starts.
	Migrate []string `yaml:"-"`
	// Worker is a command of the image that runs beside the service, without a port. It is for templates only.
	Worker []string `yaml:"-"`
	// CalledBy are the services that call it.
	CalledBy []string `yaml:"-"`
	// Source are the user's manifests. They are used in place of the templates where they aren't nil. With are further
	// Services and workloads in them that belong to the service.
	Source *source.Manifests `yaml:"-"`
	With   []string          `yaml:"-"`
	// Chart is the chart of which Source was rendered, or nil. Manifests says where Source was read, or is nil.
	Chart     *Chart     `yaml:"-"`
	Manifests *Manifests `yaml:"-"`
}

// Added is what AddService did.
type Added struct {
	// Files are the new and the changed files.
	Files map[string][]byte
	// LeftOut are objects that previews must not have. Left are the Services and workloads of other services.
	LeftOut []source.LeftOut
	Left    []string
	// Notes describe the changes of the manifests, and name ignored files. Addresses are those that lead out of the
	// preview, with what to write.
	Notes     []string
	Addresses []string
	// Removed are files of an updated service that it has no more.
	Removed []string
}

// Repository is the repository that gets a service.
type Repository struct {
	Tree   *filetree.Tree
	Policy *config.Policy
	// AdmissionFile is the file with the parameters of the admission policies, or "" where there is none.
	AdmissionFile string
	// Permits, Rules, IsTaken and Names are those of source.Options.
	Permits func(manifest.Object) bool
	Rules   *admission.Rules
	IsTaken func(kind, name string) bool
	Names   addresses.Names
}

// AddService adds a service. It gets its two components, its entry in previewset.yaml, and its place in the baseline and
// in the parameters of the admission policies.
func (r Repository) AddService(s Service) (*Added, error) {
	for _, known := range r.Policy.Services {
		if known.Name == s.Name {
			return nil, fmt.Errorf("it exists with image %s\nchoose another name, or edit previewset.yaml", known.Image)
		}
	}
	a := r.addition(s)
	for _, step := range []func() error{
		a.readStores, a.addRunComponent, a.addLinkComponent, a.addToPolicy, a.addToBaseline, a.allowInBaseline, a.addToAdmission,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return a.added, nil
}

func (r Repository) addition(s Service) *addition {
	labels := map[string]string{"app.kubernetes.io/name": s.Name}
	return &addition{Repository: r, service: s, added: &Added{Files: map[string][]byte{}}, values: values{
		Name: s.Name, Image: s.Image + ":" + s.Tag, Port: s.Port, Probe: s.Probe, Public: s.Public,
		Baseline: r.Policy.Baseline.Namespace, ServicePort: 80, Names: []string{s.Name}, routeForm: r.routeForm(),
		Worker:    s.Worker,
		Endpoints: []source.Endpoint{{Labels: labels, Ports: []source.EndpointPort{{Number: s.Port, Protocol: "TCP"}}}},
	}}
}

// addition collects the files for one service.
type addition struct {
	Repository
	service Service
	values  values
	stores  []source.Store
	added   *Added
}

// values fill the templates.
type values struct {
	Name, Image, Probe, Baseline string
	Port                         int
	Public                       bool
	ServicePort                  any      // the Service's port that the route leads to
	Names                        []string // of the Services
	Endpoints                    []source.Endpoint
	Env, Waits                   []any // of the data stores
	Worker                       []string
	routeForm
}

func (a *addition) folder() string { return path.Join("kustomize-base", "services", a.service.Name) }

func (a *addition) addRunComponent() error {
	if a.Tree.Kind(a.folder()) != filetree.Absent {
		return fmt.Errorf("%s exists\nremove the folder, or add the service to previewset.yaml by hand", a.folder())
	}
	if a.service.Source != nil {
		return a.addSource()
	}
	names := []string{"kustomization.yaml", "deployment.yaml", "service.yaml"}
	if a.service.Public {
		names = append(names, a.values.RouteFile())
	}
	if len(a.service.Worker) > 0 {
		names = append(names, "worker.yaml")
	}
	return a.addTemplates("run", names...)
}

// addLinkComponent adds the link component. A service without a Service has none: nothing can link to it.
func (a *addition) addLinkComponent() error {
	if len(a.values.Names) == 0 {
		return nil
	}
	return a.addTemplates("link", "kustomization.yaml", "service.yaml", "networkpolicy.yaml")
}
