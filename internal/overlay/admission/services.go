package admission

import (
	"fmt"
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

func (r *Rules) refuseService(o manifest.Object) []Refusal {
	var found []Refusal
	switch kind := o.Text("spec", "type"); kind {
	case "", "ClusterIP":
	case "ExternalName":
		if name := o.Text("spec", "externalName"); !r.isLinkTarget(name) {
			found = append(found, Refusal{
				fmt.Sprintf("leads to %q", name),
				fmt.Sprintf("only <service>.%s.svc.cluster.local and <service>.%s<environment>.svc.cluster.local are allowed",
					r.settings.value("baseline"), r.prefix),
			})
		}
	default:
		found = append(
			found, Refusal{"is of type " + kind, "make it ClusterIP: a public service has an Ingress or HTTPRoute"},
		)
	}
	if len(manifest.Texts(o.At("spec", "externalIPs"))) > 0 {
		found = append(found, Refusal{"has externalIPs", "remove them"})
	}
	return found
}

// isLinkTarget reports whether a name is a Service of the baseline or of a preview.
func (r *Rules) isLinkTarget(name string) bool {
	parts := strings.SplitN(name, ".", 3)
	return len(parts) == 3 && parts[0] != "" && parts[2] == "svc.cluster.local" &&
		(parts[1] == r.settings.value("baseline") || strings.HasPrefix(parts[1], r.prefix))
}
