// Package build builds environments in memory, exactly as Argo CD's repo-server does from their rows.
//
// It knows Kustomize and rows. It doesn't know which builds a repository needs, or which results of a build are
// correct. It uses Kustomize's krusty package instead of the program, because a check needs many builds within
// seconds.
package build

import (
	"fmt"
	"path"
	"sync"
	"time"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/openapi"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/kustomization"
	"github.com/previewset/previewset/internal/preview"
)

// Builder prepares the builds of one repository. Only one goroutine may prepare builds; many may run them.
type Builder struct {
	tree  *filetree.Tree
	graph *kustomization.Graph
}

// New returns a builder for a repository.
func New(tree *filetree.Tree, graph *kustomization.Graph) *Builder {
	return &Builder{tree: tree, graph: graph}
}

// Build is a prepared build: every reference in it was checked.
type Build struct {
	files kustomizeFiles
	dir   string
	// hasSchema is true where a kustomization names an OpenAPI schema.
	hasSchema bool
}

// Environment prepares the build of a row. It edits the overlay's kustomization as util/kustomize of Argo CD 2.14 and
// 3.2 does. Its error is Problems where a reference can't be used.
func (b *Builder) Environment(row preview.Row) (Build, error) {
	folders := []string{row.Path}
	for _, c := range row.Kustomize.Components {
		p, err := b.graph.Component(row.Path, c)
		if err != nil {
			return Build{}, err
		}
		folders = append(folders, p)
	}
	prepared, err := b.Overlay(folders...)
	if err != nil {
		return Build{}, err
	}
	file := b.graph.Folder(row.Path).File
	edited, err := b.edit(row)
	if err != nil {
		return Build{}, fmt.Errorf("edit %s: %w", file, err)
	}
	prepared.files.replaced = map[string][]byte{file: edited}
	return prepared, nil
}

// Part prepares the build of a row with another overlay, without the components that don't matter for objects of some
// kinds. It has the same objects of these kinds as the whole build, and takes a fraction of its time.
func (b *Builder) Part(row preview.Row, overlay string, kinds ...string) (Build, error) {
	var components []string
	for _, c := range row.Kustomize.Components {
		p, err := b.graph.Component(row.Path, c)
		if err != nil {
			return Build{}, err
		}
		if b.graph.MayMake(p, kinds...) {
			components = append(components, c)
		}
	}
	row.Path, row.Kustomize.Components, row.Kustomize.Images = overlay, components, nil
	return b.Environment(row)
}

// Overlay prepares the build of the first folder as it is. The other folders are only checked: an edit adds them.
func (b *Builder) Overlay(folders ...string) (Build, error) {
	prepared := Build{files: kustomizeFiles{tree: b.tree}, dir: folders[0]}
	var problems config.Problems
	for _, f := range b.graph.Reachable(folders...) {
		problems = append(problems, f.Problems...)
		prepared.hasSchema = prepared.hasSchema || len(f.Kustomization.OpenAPI) > 0
	}
	if problems == nil {
		problems = b.graph.SizeProblem(folders...)
	}
	if len(problems) > 0 {
		return Build{}, problems
	}
	return prepared, nil
}

// MaxTime bounds one build. Argo CD ends a build after 90 s.
const MaxTime = time.Minute

// RunWithin builds like Run, or fails after a time. Kustomize can't be stopped: the build then goes on in the
// background until the program ends.
func (b Build) RunWithin(limit time.Duration) (resmap.ResMap, error) {
	type result struct {
		objects resmap.ResMap
		err     error
	}
	done := make(chan result, 1)
	go func() {
		m, err := b.Run()
		done <- result{m, err}
	}()
	select {
	case r := <-done:
		return r.objects, r.err
	case <-time.After(limit):
		return nil, fmt.Errorf(
			"the build of %s takes longer than %s, so Argo CD would give up: use fewer patches", b.dir, limit,
		)
	}
}

// Run builds with the defaults of `kustomize build`: no plugins, no files outside of a folder, and the order in which
// Kubernetes wants objects created.
func (b Build) Run() (resmap.ResMap, error) {
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	if b.hasSchema {
		schemaLock.Lock()
		defer schemaLock.Unlock()
		defer openapi.ResetOpenAPI()
	} else {
		defer lockBuiltinSchema()()
	}
	return krusty.MakeKustomizer(options).Run(b.files, path.Join("/", b.dir))
}

// schemaLock separates builds that name an OpenAPI schema from all other builds. Kustomize keeps the named schema in a
// global variable until it is reset. Builds without a schema only read the built-in one, so they run at the same time.
var schemaLock sync.RWMutex

// unlock ends the use of the schema.
type unlock func()

// lockBuiltinSchema protects reads of the built-in schema. Objects find in it whether they have a namespace.
func lockBuiltinSchema() unlock {
	schemaLock.RLock()
	openapi.Schema() // loads the schema on the first call, which isn't safe to do in several goroutines
	return schemaLock.RUnlock
}
