package overlay

import (
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// ListedService is a service of the repository.
type ListedService struct {
	config.Service
	// Ports are the ports of its Kubernetes Service, none without one.
	Ports []string
	// HasLink is true where other environments can link to it.
	HasLink bool
}

// Services returns all services in the order of previewset.yaml. The error of the ports is apart, because a repository
// that can't be built has services too.
func (r *Repo) Services() (services []ListedService, portsErr, err error) {
	cfg, err := r.Config()
	if err != nil {
		return nil, nil, err
	}
	objects, portsErr := r.objectsOf(cfg, serviceNames(cfg.Policy))
	for _, s := range cfg.Policy.Services {
		services = append(services, ListedService{Service: s, Ports: portsOf(objects, s.Name), HasLink: cfg.HasLink(s.Name)})
	}
	return services, portsErr, nil
}

func portsOf(objects []manifest.Object, service string) []string {
	var ports []string
	for _, o := range objects {
		if o.Kind != "Service" || o.Group != "" || o.Name != service {
			continue
		}
		for _, p := range o.Items("spec", "ports") {
			text := fmt.Sprint(p.At("port"))
			if protocol := p.Text("protocol"); protocol != "" && protocol != "TCP" {
				text += "/" + strings.ToLower(protocol)
			}
			ports = append(ports, text)
		}
	}
	return ports
}
