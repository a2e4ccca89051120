package admission

import (
	"regexp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

const keepLabels = "leave the labels of overlays/preview/namespace.yaml as they are"

// restrictedVersion matches the versions of Pod Security in which level restricted is strict enough.
var restrictedVersion = regexp.MustCompile(`^(latest|v1[.](2[5-9]|[3-9][0-9]|[1-9][0-9][0-9]))?$`)

func refuseNamespace(o manifest.Object) []Refusal {
	var found []Refusal
	if o.Labels[config.PreviewLabel] != "true" {
		found = append(found, Refusal{`needs label previewset.dev/preview: "true"`, keepLabels})
	}
	level, version := o.Labels["pod-security.kubernetes.io/enforce"],
		o.Labels["pod-security.kubernetes.io/enforce-version"]
	if level != "restricted" || !restrictedVersion.MatchString(version) {
		found = append(found, Refusal{
			"needs label pod-security.kubernetes.io/enforce: restricted, and no enforce-version before v1.25", keepLabels,
		})
	}
	return found
}
