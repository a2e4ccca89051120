package overlay

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"github.com/previewset/previewset/internal/overlay/admission"
	"github.com/previewset/previewset/internal/overlay/build"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/preview"
)

// guardrails builds the guardrails of one environment.
type guardrails func() ([]manifest.Object, error)

// sharedGuardrails are the guardrails with the shared overlay, by content. A thousand environments with overlays of their
// own have few different ones, apart from the namespace.
type sharedGuardrails map[string]guardrails

// of returns the guardrails that a row would have with the shared overlay, or nil.
func (s sharedGuardrails) of(builder *build.Builder, row preview.Row) guardrails {
	if row.Path == defaultOverlay {
		return nil
	}
	namespace := row.Namespace
	row.Kustomize.Namespace = "shared"
	row.Kustomize.Patches = slices.DeleteFunc(slices.Clone(row.Kustomize.Patches), func(p preview.Patch) bool {
		return p.Target.Kind != "" && !slices.Contains(admission.GuardrailKinds, p.Target.Kind)
	})
	key, err := json.Marshal([]any{row.Kustomize.Components, row.Kustomize.Patches})
	if err != nil {
		return nil
	}
	known, ok := s[string(key)]
	if !ok {
		b, err := builder.Part(row, defaultOverlay, admission.GuardrailKinds...)
		if err != nil {
			return nil // the builds with the shared overlay report it
		}
		known = sync.OnceValues(func() ([]manifest.Object, error) {
			m, err := b.Run()
			if err != nil {
				return nil, err
			}
			return build.Objects(m)
		})
		s[string(key)] = known
	}
	return func() ([]manifest.Object, error) {
		objects, err := known()
		return inNamespace(objects, namespace), err
	}
}

// inNamespace returns the guardrails among some objects, in another namespace.
func inNamespace(objects []manifest.Object, namespace string) []manifest.Object {
	var found []manifest.Object
	for _, o := range objects {
		if !admission.IsGuardrail(o) {
			continue
		}
		metadata := maps.Clone(o.Under("metadata").Fields)
		metadata["namespace"], o.Namespace = namespace, namespace
		o.Fields = maps.Clone(o.Fields)
		o.Fields["metadata"] = metadata
		found = append(found, o)
	}
	return found
}
