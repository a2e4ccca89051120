package overlay

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/preview"
)

// Build renders an environment exactly as Argo CD's repo-server does from the row: it edits the overlay's kustomization
// as util/kustomize of Argo CD 2.14 and 3.2 does with `kustomize edit` (images, namespace, patches, components, in this
// order) and builds it with the options of a plain `kustomize build`. Problems is the error where something that the
// overlay refers to can't be used; then nothing is built.
func (r *Repo) Build(row preview.Row) ([]byte, error) {
	m, err := r.build(row)
	if err != nil {
		return nil, err
	}
	return m.AsYaml()
}

func (r *Repo) build(row preview.Row) (resmap.ResMap, error) {
	b, err := r.prepare(row)
	if err != nil {
		return nil, err
	}
	return b.run()
}

// prepared is a build that only needs to be run: everything that it refers to was checked.
type prepared struct {
	files layer
	dir   string
	// hasSchema: something in it names an OpenAPI schema.
	hasSchema bool
}

func (r *Repo) prepare(row preview.Row) (prepared, error) {
	folders := []string{row.Path}
	for _, c := range row.Kustomize.Components {
		p, err := r.component(row.Path, c)
		if err != nil {
			return prepared{}, err
		}
		folders = append(folders, p)
	}
	b, err := r.asItIs(folders...)
	if err != nil {
		return prepared{}, err
	}
	edited, err := r.edit(row)
	if err != nil {
		return prepared{}, fmt.Errorf("edit %s: %w", r.folder(row.Path).file, err)
	}
	b.files.over = map[string][]byte{r.folder(row.Path).file: edited}
	return b, nil
}

// asItIs prepares the first of the folders, unedited. The others will be components of it.
func (r *Repo) asItIs(folders ...string) (prepared, error) {
	b := prepared{files: layer{tree: r.tree}, dir: folders[0]}
	var problems preview.Problems
	for _, f := range r.reachable(folders...) {
		problems = append(problems, f.problems...)
		b.hasSchema = b.hasSchema || len(f.k.OpenAPI) > 0
	}
	if len(problems) > 0 {
		return prepared{}, problems
	}
	return b, nil
}

// component is the folder that one of a row's components is in.
func (r *Repo) component(dir, ref string) (string, error) {
	p, why := resolve(dir, ref)
	if why == nil {
		why = r.target(dir, p, aComponent)
	}
	if why != nil {
		return "", preview.Problems{{File: dir, Path: "components", Message: why.message, Remedy: why.remedy}}
	}
	return p, nil
}

// edit is what a row's `kustomize` makes of the overlay's kustomization.
func (r *Repo) edit(row preview.Row) ([]byte, error) {
	content, err := r.tree.read(r.folder(row.Path).file)
	if err != nil {
		return nil, err
	}
	var k types.Kustomization
	if err := k.Unmarshal(content); err != nil {
		return nil, err
	}
	k.FixKustomization()
	k.Images = setImages(k.Images, row.Kustomize.Images)
	k.Namespace = row.Kustomize.Namespace
	if err := k.FixKustomizationPreMarshalling(below{layer{tree: r.tree}, row.Path}); err != nil {
		return nil, err
	}
	for _, p := range row.Kustomize.Patches {
		k.Patches = append(k.Patches, patchOf(p))
	}
	for _, c := range row.Kustomize.Components {
		if !slices.Contains(k.Components, c) {
			k.Components = append(k.Components, c)
		}
	}
	return yaml.Marshal(k)
}

func patchOf(p preview.Patch) types.Patch {
	t := &types.Selector{LabelSelector: p.Target.LabelSelector, AnnotationSelector: p.Target.AnnotationSelector}
	t.Kind, t.Name = p.Target.Kind, p.Target.Name
	return types.Patch{Patch: p.Patch, Target: t}
}

// setImages is `kustomize edit set image`: each "name:tag" replaces the whole entry of that name, the rest stay.
func setImages(images []types.Image, set []string) []types.Image {
	byName := map[string]types.Image{}
	for _, i := range images {
		byName[i.Name] = i
	}
	for _, s := range set {
		name, tag := cutTag(s)
		byName[name] = types.Image{Name: name, NewTag: tag}
	}
	edited := make([]types.Image, 0, len(byName))
	for _, i := range byName {
		edited = append(edited, i)
	}
	slices.SortFunc(edited, func(a, b types.Image) int { return strings.Compare(a.Name, b.Name) })
	return edited
}

// cutTag splits "name:tag"; a port in the registry's name is part of the name.
func cutTag(image string) (name, tag string) {
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[:i], image[i+1:]
	}
	return image, ""
}

// below shows a folder as the working directory, as `kustomize edit` has it.
type below struct {
	layer
	dir string
}

// ReadFile reads a path relative to the folder.
func (b below) ReadFile(name string) ([]byte, error) { return b.layer.ReadFile(path.Join(b.dir, name)) }

// schema keeps builds apart that would see each other's OpenAPI schema. Kustomize keeps the one that `openapi:` of a
// kustomization names in a global variable, for the whole process, and forgets it only when told to. Builds that name none
// only read the built-in one, and run at the same time.
var schema sync.RWMutex

// readSchema is for whatever looks at the built-in schema; objects know from it whether they have a namespace.
func readSchema() (done func()) {
	schema.RLock()
	openapi.Schema() // reads it, once, before anybody looks at it without a lock
	return schema.RUnlock
}

// run is `kustomize build`, with its own defaults: files only from the folder that names them or below, no plugins, and
// the order in which Kubernetes wants objects created.
func (b prepared) run() (resmap.ResMap, error) {
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	if b.hasSchema {
		schema.Lock()
		defer schema.Unlock()
		defer openapi.ResetOpenAPI()
	} else {
		defer readSchema()()
	}
	return krusty.MakeKustomizer(options).Run(b.files, path.Join("/", b.dir))
}
