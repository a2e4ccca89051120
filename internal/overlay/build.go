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
	"sigs.k8s.io/kustomize/kyaml/filesys"
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
	folders := []string{row.Path}
	for _, c := range row.Kustomize.Components {
		p, err := r.component(row.Path, c)
		if err != nil {
			return nil, err
		}
		folders = append(folders, p)
	}
	if problems := r.reachable(folders...); len(problems) > 0 {
		return nil, problems
	}
	edited, err := r.edit(row)
	if err != nil {
		return nil, fmt.Errorf("edit %s: %w", r.folder(row.Path).file, err)
	}
	return run(layer{tree: r.tree, over: map[string][]byte{r.folder(row.Path).file: edited}}, row.Path)
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

// schema serialises builds. Kustomize keeps the OpenAPI schema that `openapi:` of a kustomization names in a global
// variable, for the whole process: two builds at once could see each other's.
var schema sync.Mutex

// run is `kustomize build`, with its own defaults: files only from the folder that names them or below, no plugins, and
// the order in which Kubernetes wants objects created. The overlay is checked before: nothing in it leads outside.
func run(fsys filesys.FileSystem, dir string) (resmap.ResMap, error) {
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	schema.Lock()
	defer schema.Unlock()
	return krusty.MakeKustomizer(options).Run(fsys, path.Join("/", dir))
}
