package overlay

import (
	"fmt"
	"slices"

	"github.com/previewset/previewset/internal/overlay/admission"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// assertObjects checks that all objects are in one namespace, that none exists twice, and that the AppProject allows
// their kinds. p is nil where the AppProject isn't known.
func (b *buildCheck) assertObjects(namespace string, p *project) {
	seen := map[string]bool{}
	for _, o := range b.objects {
		if !o.ClusterScoped && o.Namespace != namespace {
			b.addProblem(b.file, fmt.Sprintf("%s is in namespace %q, not %s", o, o.Namespace, namespace),
				"remove metadata.namespace from it and `namespace` from its kustomization")
		}
		if seen[o.Identity()] {
			b.addProblem(b.file, o.String()+" is there twice", "keep one of them")
		}
		seen[o.Identity()] = true
		if p != nil && !p.permits(o) {
			b.addProblem(b.file, fmt.Sprintf("%s: AppProject %s doesn't allow kind %s of group %q", o, p.name, o.Kind, o.Group),
				"remove it, or allow the kind in appsets/")
		}
	}
	b.assertNamespace(namespace)
}

// assertNamespace checks that there is exactly one Namespace: it is deleted together with the Application.
func (b *buildCheck) assertNamespace(namespace string) {
	var names []string
	for _, o := range b.objects {
		if o.Kind == "Namespace" && o.Group == "" {
			names = append(names, o.Name)
		}
	}
	if len(names) != 1 || names[0] != namespace {
		b.addProblem(b.file, fmt.Sprintf("makes the Namespaces %q, not exactly %s", names, namespace),
			"keep the one Namespace of "+defaultOverlay+" and let Kustomize rename it")
	}
}

// assertAdmitted checks the rules of the admission policies, and that the guardrails are those of the shared overlay.
// rules is nil where the repository has no policies.
func (b *buildCheck) assertAdmitted(rules *admission.Rules) {
	var missing []string
	refused := map[string]bool{}
	if rules != nil {
		unmarked := admission.UnmarkedSecrets(rules, b.objects)
		for i, o := range b.objects {
			if refusal, isUnmarked := unmarked[i]; isUnmarked {
				b.addProblem(b.file, o.String()+" "+refusal.Message, refusal.Remedy)
			}
			for _, refusal := range rules.Refusals(o) {
				refused[o.Identity()] = true
				b.addProblem(b.file, o.String()+" "+refusal.Message, refusal.Remedy)
			}
		}
		missing = rules.Missing(b.objects)
	}
	for _, name := range missing {
		b.addProblem(b.file, name+" is missing", "keep the one of guardrails: without it no workload is admitted")
	}
	b.assertGuardrails(
		func(o manifest.Object) bool { return refused[o.Identity()] },
		func(name string) bool { return slices.Contains(missing, name) },
	)
}
