package admission

import (
	"fmt"
	"slices"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

var claimFields = []string{"accessModes", "resources", "storageClassName", "volumeMode"}

// refuseClaims refuses claims of existing volumes and of other storage classes, in a PersistentVolumeClaim or a
// workload.
func (r *Rules) refuseClaims(o manifest.Object) []Refusal {
	var found []Refusal
	for _, claim := range claims(o) {
		if slices.ContainsFunc(claim.Keys(), func(key string) bool { return !slices.Contains(claimFields, key) }) {
			found = append(found, Refusal{
				"claims an existing volume, or a copy of one",
				"keep only accessModes, resources, storageClassName and volumeMode",
			})
		}
		if class := claim.At("storageClassName"); class != nil && !slices.Contains(
			r.settings.values("storageClasses"), claim.Text("storageClassName"),
		) {
			found = append(found, Refusal{fmt.Sprintf("has storage class %q", class), askForKey})
		}
	}
	return found
}

// claims returns the specifications of all claims in an object.
func claims(o manifest.Object) []manifest.Object {
	if o.Kind == "PersistentVolumeClaim" {
		return []manifest.Object{o.Under("spec")}
	}
	var found []manifest.Object
	for _, template := range o.Items("spec", "volumeClaimTemplates") {
		found = append(found, template.Under("spec"))
	}
	for _, volume := range podOf(o).Items("volumes") {
		if volume.At("ephemeral") != nil {
			found = append(found, volume.Under("ephemeral", "volumeClaimTemplate", "spec"))
		}
	}
	return found
}
