package source

import (
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// The largest values of a container and a claim in previews. A system of twenty containers then fits into the quota of
// guardrails.
var (
	maxResources = map[string]map[string]resource.Quantity{
		"requests": {
			"cpu": resource.MustParse("50m"), "memory": resource.MustParse("128Mi"),
			"ephemeral-storage": resource.MustParse("256Mi"),
		},
		"limits": {
			"cpu": resource.MustParse("500m"), "memory": resource.MustParse("512Mi"),
			"ephemeral-storage": resource.MustParse("1Gi"),
		},
	}
	maxStorage = resource.MustParse("1Gi")
)

// adaptResources lowers requests and limits that are too large for a preview.
func (a *adaption) adaptResources(o Object, c manifest.Object, container fields) {
	for _, list := range []string{"requests", "limits"} {
		for _, key := range c.Keys("resources", list) {
			old := fmt.Sprint(c.At("resources", list, key))
			limit, isKnown := maxResources[list][key]
			value, err := resource.ParseQuantity(old)
			switch {
			case !isKnown && a.options.Rules != nil && !a.options.Rules.AllowsResource(key):
				container.set(nil, "resources", list, key)
				a.note(o, "container %s without resource %s", c.Text("name"), key)
			case isKnown && err == nil && value.Cmp(limit) > 0:
				container.set(limit.String(), "resources", list, key)
				verb := map[string]string{"requests": "requests", "limits": "is limited to"}[list]
				a.note(o, "container %s %s %s of %s in place of %s", c.Text("name"), verb, limit.String(), key, old)
			}
		}
	}
}

// adaptClaims changes the claims of a StatefulSet. Kustomize replaces their list as a whole.
func (a *adaption) adaptClaims(o Object, patch fields) {
	var claims []any
	isChanged := false
	for _, claim := range o.Items("spec", "volumeClaimTemplates") {
		spec := a.adaptedClaim(o, claim.Under("spec"))
		copied := maps.Clone(claim.Fields)
		if isChanged = isChanged || spec != nil; spec != nil {
			copied["spec"] = merged(claim.Under("spec").Fields, spec)
		}
		claims = append(claims, copied)
	}
	if isChanged {
		patch.set(claims, "spec", "volumeClaimTemplates")
	}
}

// adaptedClaim returns the changes of a claim's specification, or nil.
func (a *adaption) adaptedClaim(o Object, claim manifest.Object) map[string]any {
	changed := fields{}
	for _, key := range claim.Keys() {
		switch key {
		case "accessModes", "resources", "volumeMode":
		case "storageClassName":
			if name := claim.Text(key); a.options.Rules != nil && !a.options.Rules.AllowsStorageClass(name) {
				changed[key] = nil
				a.note(o, "the default storage class in place of %q", name)
			}
		default:
			changed[key] = nil
		}
	}
	size, err := resource.ParseQuantity(fmt.Sprint(claim.At("resources", "requests", "storage")))
	if err == nil && size.Cmp(maxStorage) > 0 {
		changed.set(maxStorage.String(), "resources", "requests", "storage")
		a.note(o, "%s of storage in place of %s", maxStorage.String(), size.String())
	}
	if len(changed) == 0 {
		return nil
	}
	return changed
}

// merged applies a patch of mappings; nil removes a key.
func merged(old, patch map[string]any) map[string]any {
	result := maps.Clone(old)
	for key, value := range patch {
		inner, isMap := value.(map[string]any)
		before, wasMap := old[key].(map[string]any)
		switch {
		case value == nil:
			delete(result, key)
		case isMap && wasMap:
			result[key] = merged(before, inner)
		default:
			result[key] = value
		}
	}
	return result
}
