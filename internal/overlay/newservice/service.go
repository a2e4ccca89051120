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
	"github.com/previewset/previewset/internal/overlay/filetree"
)

// Service is a service to add.
type Service struct {
	// Name is the name of the service and of its Kubernetes Service.
	Name string `yaml:"-"`
	// Repository and the next five fields become the entry in previewset.yaml. Image has no tag there.
	Repository string   `yaml:"repository"`
	Paths      []string `yaml:"paths,omitempty,flow"`
	Image      string   `yaml:"image"`
	Public     bool     `yaml:"public,omitempty"`
	Calls      []string `yaml:"calls,omitempty,flow"`
	Data       []string `yaml:"data,omitempty,flow"`

	// Tag, Port and Probe fill the templates. Tag is the image's tag where no commit is chosen, Port is the Pods' port,
	// and Probe is the path that answers once the service is ready.
	Tag   string `yaml:"-"`
	Port  int    `yaml:"-"`
	Probe string `yaml:"-"`
	// Manifests are used in place of the templates where they aren't nil: the files of the run component, by name.
	Manifests map[string][]byte `yaml:"-"`
}

// Repository is the repository that gets a service.
type Repository struct {
	Tree   *filetree.Tree
	Policy *config.Policy
	// AdmissionFile is the file with the parameters of the admission policies, or "" where there is none.
	AdmissionFile string
}

// AddService returns the new and the changed files. The service gets its two components, its entry in previewset.yaml,
// and its place in the baseline and in the parameters of the admission policies.
func (r Repository) AddService(s Service) (map[string][]byte, error) {
	for _, known := range r.Policy.Services {
		if known.Name == s.Name {
			return nil, fmt.Errorf(
				"add service %s: it exists with image %s\nchoose another name, or edit previewset.yaml", s.Name, known.Image,
			)
		}
	}
	a := &addition{Repository: r, service: s, files: map[string][]byte{}, values: map[string]any{
		"Name": s.Name, "Image": s.Image + ":" + s.Tag, "Port": s.Port, "Probe": s.Probe, "Public": s.Public,
		"Baseline": r.Policy.Baseline.Namespace, "Labels": fmt.Sprintf("{app.kubernetes.io/name: %s}", s.Name),
	}}
	for _, step := range []func() error{
		a.addRunComponent, a.addLinkComponent, a.addToPolicy, a.addToBaseline, a.allowInBaseline, a.addToAdmission,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return a.files, nil
}

// addition collects the files for one service.
type addition struct {
	Repository
	service Service
	values  map[string]any // for the templates
	files   map[string][]byte
}

func (a *addition) folder() string { return path.Join("kustomize-base", "services", a.service.Name) }

func (a *addition) addRunComponent() error {
	if a.Tree.Kind(a.folder()) != filetree.Absent {
		return fmt.Errorf("add service %s: %s exists\nremove the folder, or add the service to previewset.yaml by hand",
			a.service.Name, a.folder())
	}
	if a.service.Manifests != nil {
		return a.addManifests()
	}
	names := []string{"kustomization.yaml", "deployment.yaml", "service.yaml"}
	if a.service.Public {
		names = append(names, "ingress.yaml")
	}
	return a.addTemplates("run", names...)
}

func (a *addition) addLinkComponent() error {
	return a.addTemplates("link", "kustomization.yaml", "service.yaml", "networkpolicy.yaml")
}
