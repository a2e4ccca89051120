package kustomization

import (
	"fmt"

	"sigs.k8s.io/kustomize/api/types"

	"github.com/previewset/previewset/internal/config"
)

// Limits on what one build may do. Kustomize tries each patch on each object, and a change of an object takes about a
// millisecond. Each KiB of a patch counts as one more patch, because one text can hold many changes.
const (
	maxObjects = 2_000
	maxPatches = 500
	maxWork    = 20_000 // objects × patches
)

// size is the work of a build: the objects that it reads or generates, and the changes that it tries on each object.
type size struct{ objects, patches int }

// add adds a size, up to a bound far above the limits: folders that use others twice grow exponentially.
func (s *size) add(other size) {
	const bound = 1 << 30
	s.objects = min(s.objects+other.objects, bound)
	s.patches = min(s.patches+other.patches, bound)
}

// ownSize returns the size of a kustomization without the objects in its files.
func ownSize(k types.Kustomization) size {
	s := size{objects: len(k.ConfigMapGenerator) + len(k.SecretGenerator) + len(k.Generators)}
	s.patches = len(k.Patches) + len(k.Images) + len(k.Transformers) + len(k.Validators) + len(k.Labels) +
		//nolint:staticcheck // SA1019: deprecated, but Kustomize still applies them
		len(k.PatchesJson6902) + len(k.PatchesStrategicMerge) + len(k.Vars)
	for _, p := range k.Patches {
		s.patches += len(p.Patch) >> 10
	}
	for _, r := range k.Replacements {
		s.patches += max(1, len(r.Targets))
	}
	for _, isSet := range []bool{
		len(k.CommonLabels) > 0, //nolint:staticcheck // SA1019: deprecated, but Kustomize still applies it
		len(k.CommonAnnotations) > 0, len(k.BuildMetadata) > 0, k.NamePrefix != "", k.NameSuffix != "", k.Namespace != "",
	} {
		if isSet { // each changes all objects
			s.patches++
		}
	}
	return s
}

// expandedSize returns the size of a folder with everything that it refers to. A folder counts as often as Kustomize
// reads it.
func (g *Graph) expandedSize(dir string, known map[string]*size) size {
	if s, ok := known[dir]; ok {
		return *s
	}
	s := &size{} // first, because folders may refer to each other; Kustomize refuses that
	known[dir] = s
	f := g.Folder(dir)
	total := f.own
	for _, ref := range f.references {
		total.add(g.expandedSize(ref, known))
	}
	*s = total
	return total
}

// SizeProblem returns a problem if a build of the first folder, with the others as components, does too much.
func (g *Graph) SizeProblem(folders ...string) config.Problems {
	var total size
	known := map[string]*size{}
	for _, dir := range folders {
		total.add(g.expandedSize(dir, known))
	}
	var message string
	switch {
	case total.objects > maxObjects:
		message = fmt.Sprintf("has %d objects; at most %d are allowed", total.objects, maxObjects)
	case total.patches > maxPatches:
		message = fmt.Sprintf("has %d patches and other changes; at most %d are allowed", total.patches, maxPatches)
	case total.objects*total.patches > maxWork:
		message = fmt.Sprintf("tries %d patches on each of %d objects; at most %d attempts are allowed",
			total.patches, total.objects, maxWork)
	default:
		return nil
	}
	return config.Problems{{
		File: g.Folder(folders[0]).File, Message: message, Remedy: "write the final manifests in place of patches",
	}}
}
