package overlay

import (
	"reflect"

	"github.com/previewset/previewset/internal/overlay/admission"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

const keepGuardrails = "leave the guardrails as kustomize-base and the shared overlay have them"

// assertGuardrails checks that an overlay of an environment's own has the same guardrails as the shared overlay would
// have. An object or a missing object that is refused already is left out.
func (b *buildCheck) assertGuardrails(isRefused func(manifest.Object) bool, isMissing func(name string) bool) {
	if b.shared == nil {
		return
	}
	objects, err := b.shared()
	if err != nil {
		return // the build of the shared overlay reports it
	}
	want := guardrailsOf(objects)
	got := guardrailsOf(b.objects)
	for _, o := range b.objects {
		if w, ok := want[o.Identity()]; admission.IsGuardrail(o) && !isRefused(o) &&
			(!ok || !reflect.DeepEqual(w.Fields, o.Fields)) {
			b.addProblem(b.file, o.String()+" differs from the guardrails", keepGuardrails)
		}
	}
	for _, o := range objects {
		if _, ok := got[o.Identity()]; admission.IsGuardrail(o) && !ok && !isMissing(o.String()) {
			b.addProblem(b.file, o.String()+" of the guardrails is missing", keepGuardrails)
		}
	}
}

// guardrailsOf returns the guardrails among some objects, by identity.
func guardrailsOf(objects []manifest.Object) map[string]manifest.Object {
	found := map[string]manifest.Object{}
	for _, o := range objects {
		if admission.IsGuardrail(o) {
			found[o.Identity()] = o
		}
	}
	return found
}
