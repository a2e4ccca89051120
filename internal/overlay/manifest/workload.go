package manifest

import (
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// IsKeptAwake reports whether the object runs on while its environment sleeps.
func (o Object) IsKeptAwake() bool {
	return o.Labels[config.KeepAwakeLabel] == "true" || o.Annotations()[config.KeepAwakeLabel] == "true"
}

// IsStopped reports whether the object runs no Pods. A Job counts as stopped, because it ends by itself.
func (o Object) IsStopped() bool {
	replicas, hasReplicas := o.At("spec", "replicas").(int)
	switch {
	case o.Kind == "Job":
		return true
	case o.Kind == "CronJob":
		return o.At("spec", "suspend") == true
	case hasReplicas:
		return replicas == 0
	}
	return o.Kind != "Pod" && o.At("spec", "template", "spec") == nil
}

// Images returns the images of all containers, wherever the object has its Pod template.
func (o Object) Images() []string {
	var found []string
	EachKey(o.At("spec"), func(key string, v any) {
		list, _ := v.([]any)
		if key != "containers" && key != "initContainers" {
			return
		}
		for _, c := range list {
			if m, ok := c.(map[string]any); ok {
				if image, ok := m["image"].(string); ok {
					found = append(found, image)
				}
			}
		}
	})
	return found
}

// EachContainer visits all containers of the object's Pods, the init containers first.
func (o Object) EachContainer(visit func(c Object)) {
	for _, path := range [][]string{
		{"spec"}, {"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"},
	} {
		for _, list := range []string{"initContainers", "containers"} {
			for _, c := range o.Items(append(slices.Clone(path), list)...) {
				visit(c)
			}
		}
	}
}

// CutTag splits an image "name:tag". A port of the registry is part of the name.
func CutTag(image string) (name, tag string) {
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[:i], image[i+1:]
	}
	return image, ""
}
