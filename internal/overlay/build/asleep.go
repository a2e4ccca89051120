package build

import (
	"strings"

	"sigs.k8s.io/kustomize/api/filters/patchjson6902"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/preview"
)

// Sleep makes the sleeping environment from the build of the same environment awake. That takes a fifth of the time of
// a second build.
type Sleep struct {
	// patches are the row's patches that put the environment to sleep.
	patches []preview.Patch
	// rebuild is set instead where the overlay makes changes after its patches. Then only a second build is right.
	rebuild *Build
	err     error
}

// Sleep prepares the sleeping environment of a plan; awake is the row of the same plan awake.
func (b *Builder) Sleep(cfg *config.Config, plan preview.Plan, awake preview.Row) *Sleep {
	s := &Sleep{}
	plan.State = preview.Asleep
	asleep, err := preview.Compose(cfg, plan)
	if s.err = err; err != nil {
		return s
	}
	if !b.hasChangesAfterPatches(awake.Path) {
		s.patches = asleep.Kustomize.Patches[len(awake.Kustomize.Patches):]
		return s
	}
	rebuild, err := b.Environment(asleep)
	s.rebuild, s.err = &rebuild, err
	return s
}

// hasChangesAfterPatches reports whether an overlay has fields that Kustomize applies after `patches`, and that can
// change the patched objects. The order is in configureBuiltinTransformers of Kustomize's package target.
func (b *Builder) hasChangesAfterPatches(dir string) bool {
	k := b.graph.Folder(dir).Kustomization
	deprecated := len(k.CommonLabels) + len(k.Vars) //nolint:staticcheck // SA1019: Kustomize still applies them
	return deprecated+len(k.Labels)+len(k.CommonAnnotations)+len(k.Replacements)+len(k.Transformers) > 0
}

// Objects returns the objects of the sleeping environment. It changes awake, which is the build of the same
// environment.
func (s *Sleep) Objects(awake resmap.ResMap) ([]manifest.Object, error) {
	if s.err != nil {
		return nil, s.err
	}
	if s.rebuild != nil {
		m, err := s.rebuild.Run()
		if err != nil {
			return nil, err
		}
		return Objects(m)
	}
	if err := s.applyPatches(awake); err != nil {
		return nil, err
	}
	return Objects(awake)
}

func (s *Sleep) applyPatches(m resmap.ResMap) error {
	defer lockBuiltinSchema()()
	for _, p := range s.patches {
		if err := applyPatch(p, m); err != nil {
			return err
		}
	}
	return nil
}

// applyPatch does the same as Kustomize with one entry of `patches`. Kustomize's package builtins, which has that code,
// is deprecated for other modules.
func applyPatch(p preview.Patch, m resmap.ResMap) error {
	selected, err := m.Select(*kustomizePatch(p).Target)
	if err != nil || len(selected) == 0 {
		return err
	}
	if !strings.HasPrefix(p.Patch, "[") {
		patch, err := provider.NewDefaultDepProvider().GetResourceFactory().FromBytes([]byte(p.Patch))
		if err != nil {
			return err
		}
		return m.ApplySmPatch(resource.MakeIdSet(selected), patch)
	}
	value, isValue := addedScalar(p.Patch)
	for _, res := range selected {
		if isValue && setScalar(res, value) {
			continue
		}
		if err := res.ApplyFilter(patchjson6902.Filter{Patch: p.Patch}); err != nil {
			return err
		}
	}
	return nil
}
