// Package overlay turns an environment into files: it reads a GitOps repository, checks everything that its Kustomize
// files refer to, and builds environments in memory exactly as Argo CD's repo-server does.
//
// It knows Kustomize, Kubernetes manifests and package preview's rows. It must not know Git, GitHub, the cluster, the
// terminal or the clock, and it never writes: who wants to change a repository changes the file system that it hands in.
//
// Kustomize is used through its own krusty and types packages rather than by running the binary, because a build of
// every case of a repository must take a second, and because only the same decoder sees the same file: kustomization
// keys are matched without regard to case, and a list of our own would miss `HelmCharts`. YAML positions come from
// go.yaml.in/yaml/v3, as in package preview.
package overlay

import (
	"io/fs"

	"github.com/previewset/previewset/internal/configtree"
	"github.com/previewset/previewset/internal/preview"
)

// The folders of a GitOps repository.
const (
	baseFolder     = "kustomize-base"
	overlaysFolder = "overlays"
	appsetsFolder  = "appsets"
	defaultOverlay = overlaysFolder + "/preview"
	stagingOverlay = overlaysFolder + "/staging"
)

// Repo is a GitOps repository as it was found. It reads lazily and remembers what it read, so it shows one state of
// each file; it is for one goroutine.
type Repo struct {
	tree    *tree
	folders map[string]*folder
}

// New reads the repository at the top of fsys. Hand in os.Root.FS(), so that nothing outside can be reached.
func New(fsys fs.FS) *Repo {
	return &Repo{tree: newTree(fsys), folders: map[string]*folder{}}
}

// Load decodes and validates the repository's configuration.
func (r *Repo) Load() (*preview.Config, error) {
	t, err := configtree.Read(r.tree.fsys, func(folder string) (string, error) { return r.tree.digest(folder), nil })
	if err != nil {
		return nil, err
	}
	return preview.Load(t, nil)
}

// kustomizations are the folders at or below the given ones that hold a kustomization file, sorted within each.
func (r *Repo) kustomizations(folders ...string) []string {
	var found []string
	for _, top := range folders {
		r.tree.walk(top, func(p string, k kind) {
			if k == isDir && r.kustomizationFile(p) != "" {
				found = append(found, p)
			}
		})
	}
	return found
}
