package admission

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

const asInGuardrails = "leave it as it is there"

// kept are the guardrails that limit a preview. They stay as long as the namespace.
var kept = []string{"ResourceQuota guardrails", "LimitRange guardrails", "NetworkPolicy default-deny"}

func isKept(o manifest.Object) bool { return slices.Contains(kept, o.String()) }

// GuardrailKinds are the kinds that only guardrails have. An overlay can't add, change or remove objects of these
// kinds.
var GuardrailKinds = []string{"LimitRange", "NetworkPolicy", "ResourceQuota"}

// IsGuardrail reports whether an object is of one of these kinds.
func IsGuardrail(o manifest.Object) bool { return slices.Contains(GuardrailKinds, o.Kind) }

// Missing returns the guardrails without which Kubernetes admits no workload, and which aren't among some objects.
func (r *Rules) Missing(objects []manifest.Object) []string {
	needed := []string{"NetworkPolicy default-deny"}
	if r.hasAllSettings() {
		needed = kept
	}
	var missing []string
	for _, name := range needed {
		if !slices.ContainsFunc(objects, func(o manifest.Object) bool { return o.String() == name }) {
			missing = append(missing, name)
		}
	}
	return missing
}

// refuseGuardrail refuses objects of these kinds that aren't listed, and guardrails that allow more.
func (r *Rules) refuseGuardrail(o manifest.Object) []Refusal {
	var found []Refusal
	if !r.settings.hasPattern("guardrails", o.Kind+"/"+o.Name) {
		found = append(found, Refusal{"isn't one of the guardrails", askForKey})
	}
	if !isKept(o) {
		return found
	}
	found = append(found, r.refuseLarger(o)...)
	options := strings.Split(o.Annotations()[argoCD+"sync-options"], ",")
	if !slices.Contains(options, "Prune=false") {
		found = append(found, Refusal{
			"could be pruned", "leave its annotation " + argoCD + "sync-options as it is in the guardrails",
		})
	}
	return found
}

// refuseLarger refuses a quota or limit that allows more than the settings.
func (r *Rules) refuseLarger(o manifest.Object) []Refusal {
	if o.Kind == "ResourceQuota" {
		for _, limit := range r.settings.values("quota") {
			key, maximum, isLimit := strings.Cut(limit, "=")
			if isLimit && !isWithin(o.At("spec", "hard", key), maximum) {
				return []Refusal{{"allows more than the guardrails (" + limit + ")", asInGuardrails}}
			}
		}
		if o.At("spec", "scopes") != nil || o.At("spec", "scopeSelector") != nil {
			return []Refusal{{"allows more than the guardrails", asInGuardrails}}
		}
	}
	if o.Kind != "LimitRange" {
		return nil
	}
	for _, limit := range r.settings.values("limits") {
		key, maximum, isLimit := strings.Cut(limit, "=")
		kind, name, _ := strings.Cut(key, ".")
		if isLimit && !slices.ContainsFunc(o.Items("spec", "limits"), func(item manifest.Object) bool {
			return item.Text("type") == kind && isWithin(item.At("max", name), maximum)
		}) {
			return []Refusal{{"allows more than the guardrails (" + limit + ")", asInGuardrails}}
		}
	}
	return nil
}

// isWithin reports whether a quantity is set, and at most a maximum.
func isWithin(value any, maximum string) bool {
	if value == nil {
		return false
	}
	got, err := resource.ParseQuantity(fmt.Sprint(value))
	if err != nil {
		return false
	}
	limit, err := resource.ParseQuantity(maximum)
	return err == nil && got.Cmp(limit) <= 0
}
