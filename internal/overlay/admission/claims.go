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
	for _, whole := range claims(o) {
		claim := whole.Under("spec")
		if slices.ContainsFunc(claim.Keys(), func(key string) bool {
			return !slices.Contains(claimFields, key) && !r.isSnapshot(o, claim, key)
		}) {
			found = append(found, Refusal{
				"claims an existing volume, or a copy of one",
				"keep only accessModes, resources, storageClassName and volumeMode, or ask the platform team to allow the snapshot in " +
					settingsFile,
			})
		}
		for _, class := range []any{claim.At("storageClassName"), whole.At("metadata", "annotations", classAnnotation)} {
			if class != nil && (class == "" || !slices.Contains(r.settings.values("storageClasses"), fmt.Sprint(class))) {
				found = append(found, Refusal{fmt.Sprintf("has storage class %q", class), askForKey})
			}
		}
	}
	return found
}

// isSnapshot reports whether a field of a PersistentVolumeClaim names a snapshot that the platform team allows.
func (r *Rules) isSnapshot(o, claim manifest.Object, key string) bool {
	source := claim.Under(key)
	return (key == "dataSource" || key == "dataSourceRef") && o.Kind == "PersistentVolumeClaim" &&
		source.Text("apiGroup") == "snapshot.storage.k8s.io" && source.Text("kind") == "VolumeSnapshot" &&
		source.Text("namespace") == "" && source.Text("name") != "" &&
		slices.Contains(r.settings.values("snapshots"), source.Text("name"))
}

// claims returns all claims of an object: itself, or its templates.
func claims(o manifest.Object) []manifest.Object {
	if o.Kind == "PersistentVolumeClaim" {
		return []manifest.Object{o}
	}
	return claimTemplates(o)
}

func claimTemplates(o manifest.Object) []manifest.Object {
	found := o.Items("spec", "volumeClaimTemplates")
	for _, volume := range podOf(o).Items("volumes") {
		if volume.At("ephemeral") != nil {
			found = append(found, volume.Under("ephemeral", "volumeClaimTemplate"))
		}
	}
	return found
}
