package overlay

import "github.com/previewset/previewset/internal/overlay/newservice"

// AddService returns the files that add a service, and the changed files.
func (r *Repo) AddService(s newservice.Service) (map[string][]byte, error) {
	cfg, err := r.Config()
	if err != nil {
		return nil, err
	}
	target := newservice.Repository{Tree: r.tree, Policy: cfg.Policy, AdmissionFile: r.readAppsets().admission.File}
	return target.AddService(s)
}
