package admission

import (
	"slices"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// The functions of this file tell which parts of an object are allowed, so that a command can remove the others.

// AllowsAnnotation reports whether an object may have its annotation of this key.
func (r *Rules) AllowsAnnotation(o manifest.Object, key string) bool {
	if !r.hasAllSettings() {
		return true
	}
	switch o.Kind {
	case "Ingress":
		return r.isOwnAnnotation(o)(key) && len(r.refuseAnnotations(onlyAnnotation(o, key), isNginxAnnotation(o))) == 0
	case "HTTPRoute":
		none := func(string) bool { return false }
		return r.isOwnAnnotation(o)(key) && len(r.refuseAnnotations(onlyAnnotation(o, key), none)) == 0
	}
	return r.isOwnAnnotation(o)(key)
}

func onlyAnnotation(o manifest.Object, key string) manifest.Object {
	return manifest.Object{Kind: o.Kind, Fields: map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{key: o.At("metadata", "annotations", key)}},
	}}
}

// AllowsLabel reports whether an object may have a label.
func (r *Rules) AllowsLabel(o manifest.Object, key string) bool {
	return !r.hasAllSettings() || r.settings.isLabel(o)(key)
}

// AllowsTemplateAnnotation reports whether a Pod template may have an annotation.
func (r *Rules) AllowsTemplateAnnotation(key string) bool {
	return !r.hasAllSettings() || r.settings.isAnnotation(key)
}

// AllowsTemplateLabel reports whether a Pod template may have a label.
func (r *Rules) AllowsTemplateLabel(key string) bool {
	return !r.hasAllSettings() || r.settings.isTemplateLabel(key)
}

// AllowsPodField reports whether Pods may have their field of this key.
func (r *Rules) AllowsPodField(pod manifest.Object, key string) bool {
	return !r.hasAllSettings() || slices.Contains(podFields, key) || r.settings.allowsPodField(key, pod)
}

// AllowsToleration reports whether Pods may tolerate a taint.
func (r *Rules) AllowsToleration(key string) bool { return r.isIn("tolerations", key) }

// AllowsResource reports whether containers may ask for a resource.
func (r *Rules) AllowsResource(key string) bool {
	return slices.Contains(resources, key) || r.isIn("resources", key)
}

// AllowsStorageClass reports whether claims may name a storage class.
func (r *Rules) AllowsStorageClass(name string) bool { return r.isIn("storageClasses", name) }

// AllowsVolume reports whether Pods may mount a volume with a field of this key.
func (*Rules) AllowsVolume(key string) bool { return slices.Contains(volumeKinds, key) }

func (r *Rules) isIn(setting, value string) bool {
	return !r.hasAllSettings() || slices.Contains(r.settings.values(setting), value)
}
