// Package overlay reads a GitOps repository: its configuration, its environments, and everything that Argo CD would
// build from it. It checks the repository without a cluster.
//
// A check has three parts. It decodes the configuration, follows the references of all Kustomize files, and builds
// every kind of environment in memory. The subpackages do the parts:
//
//	filetree       files and folders, within limits
//	yamldoc        YAML with line numbers; edits of single lines
//	kustomization  kustomization files and their references
//	build          builds, as Argo CD's repo-server does them
//	manifest       one Kubernetes object
//	admission      the rules of appsets/admission
//	clusterrules   the rules of the API server
//	gatewayapi     the rules of Gateways
//	crdschema      the schemas of custom kinds
//	source         manifests that a user brings for a service
//	helmchart      charts that a user brings for a service
//	newservice     the files of a new service
//	services       the files that name a service
//
// The package doesn't know Git, GitHub, the cluster, the terminal or the clock. It never writes: a caller that changes
// a repository passes a file system with the changes (filetree.Edited).
package overlay

import (
	"io/fs"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/build"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/kustomization"
	"github.com/previewset/previewset/internal/preview"
)

// The folders of a GitOps repository.
const (
	baseFolder     = "kustomize-base"
	overlaysFolder = "overlays"
	appsetsFolder  = "appsets"
	crdsFolder     = "crds"
	defaultOverlay = overlaysFolder + "/preview"
	stagingOverlay = overlaysFolder + "/staging"
)

// Repo is a GitOps repository at one point in time. It reads files on demand, each once. Only one goroutine may use it.
type Repo struct {
	fsys    fs.FS
	tree    *filetree.Tree
	graph   *kustomization.Graph
	builder *build.Builder
}

// New returns the repository at the top of fsys. Pass os.Root.FS(), so that no file outside of the folder can be
// reached.
func New(fsys fs.FS) *Repo {
	tree := filetree.New(fsys)
	graph := kustomization.NewGraph(tree)
	return &Repo{fsys: fsys, tree: tree, graph: graph, builder: build.New(tree, graph)}
}

// References returns the mistakes in the references of all Kustomize files below kustomize-base, overlays and appsets,
// and of all folders that they refer to.
func (r *Repo) References() config.Problems {
	problems := kustomization.Links(r.tree, baseFolder, overlaysFolder)
	return append(problems, r.graph.Problems(r.graph.Below(baseFolder, overlaysFolder, appsetsFolder)...)...)
}

// Build returns the manifests of a row, exactly as Argo CD's repo-server builds them. Its error is Problems where a
// reference can't be used; then nothing is built.
func (r *Repo) Build(row preview.Row) ([]byte, error) {
	b, err := r.builder.Environment(row)
	if err != nil {
		return nil, err
	}
	m, err := b.RunWithin(build.MaxTime)
	if err != nil {
		return nil, err
	}
	return m.AsYaml()
}
