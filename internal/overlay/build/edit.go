package build

import (
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/preview"
)

// edit applies a row to the overlay's kustomization. Argo CD does it with `kustomize edit` in the same order: images,
// namespace, patches, components.
func (b *Builder) edit(row preview.Row) ([]byte, error) {
	k, err := b.edited(row)
	if err != nil {
		return nil, err
	}
	return yaml.Marshal(k)
}

// edited returns the overlay's kustomization with a row applied to it.
func (b *Builder) edited(row preview.Row) (k types.Kustomization, err error) {
	content, err := b.tree.Read(b.graph.Folder(row.Path).File)
	if err != nil {
		return k, err
	}
	if err := k.Unmarshal(content); err != nil {
		return k, err
	}
	k.FixKustomization()
	k.Images = setImages(k.Images, row.Kustomize.Images)
	k.Namespace = row.Kustomize.Namespace
	if err := k.FixKustomizationPreMarshalling(filesOfFolder{kustomizeFiles{tree: b.tree}, row.Path}); err != nil {
		return k, err
	}
	for _, p := range row.Kustomize.Patches {
		k.Patches = append(k.Patches, kustomizePatch(p))
	}
	for _, c := range row.Kustomize.Components {
		if !slices.Contains(k.Components, c) {
			k.Components = append(k.Components, c)
		}
	}
	return k, nil
}

func kustomizePatch(p preview.Patch) types.Patch {
	t := &types.Selector{LabelSelector: p.Target.LabelSelector, AnnotationSelector: p.Target.AnnotationSelector}
	t.Kind, t.Name = p.Target.Kind, p.Target.Name
	return types.Patch{Patch: p.Patch, Target: t}
}

// setImages does the same as `kustomize edit set image`: each "name:tag" replaces the whole entry of that name.
func setImages(images []types.Image, set []string) []types.Image {
	byName := map[string]types.Image{}
	for _, i := range images {
		byName[i.Name] = i
	}
	for _, s := range set {
		name, tag := manifest.CutTag(s)
		byName[name] = types.Image{Name: name, NewTag: tag}
	}
	edited := make([]types.Image, 0, len(byName))
	for _, i := range byName {
		edited = append(edited, i)
	}
	slices.SortFunc(edited, func(a, b types.Image) int { return strings.Compare(a.Name, b.Name) })
	return edited
}

// filesOfFolder reads paths relative to a folder. `kustomize edit` runs in that folder.
type filesOfFolder struct {
	kustomizeFiles
	dir string
}

// ReadFile reads a path relative to the folder.
func (f filesOfFolder) ReadFile(name string) ([]byte, error) {
	return f.kustomizeFiles.ReadFile(path.Join(f.dir, name))
}
