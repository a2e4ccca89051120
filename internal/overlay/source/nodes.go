package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/overlay/manifest"
)

// askForNodes is the remedy for Pods that ask for nodes which the cluster of the previews may not have.
const askForNodes = "remove it from the manifests or from the chart's values, unless the cluster of the previews has such nodes"

// required is the key of the rules of an affinity that a node must fulfill. Other rules are preferences, which leave no
// Pod pending.
const required = "requiredDuringSchedulingIgnoredDuringExecution"

// noteNodes notes the fields that stay, and that leave Pods pending in a cluster without fitting nodes. The API server
// accepts such Pods, so previewctl check finds nothing wrong in them.
func noteNodes(a *adaption, o Object, pod manifest.Object) {
	at := func(field string) string { return strings.Join(append(templatePath(o), "spec", field), ".") }
	if labels := pod.Keys("nodeSelector"); len(labels) > 0 {
		for i, key := range labels {
			labels[i] = fmt.Sprintf("%s=%v", key, pod.At("nodeSelector", key))
		}
		slices.Sort(labels)
		a.note(o, "%s needs nodes with the labels %s, and without one its Pods stay pending; %s",
			at("nodeSelector"), strings.Join(labels, ", "), askForNodes)
	}
	for _, kind := range []string{"nodeAffinity", "podAffinity", "podAntiAffinity"} {
		if pod.At("affinity", kind, required) != nil {
			a.note(o, "%s.%s.%s needs certain nodes, and without one its Pods stay pending; %s",
				at("affinity"), kind, required, askForNodes)
		}
	}
}

// adaptTolerations removes the tolerations that the admission policies refuse, and notes them: the Pods stay pending
// where all fitting nodes have such a taint.
func adaptTolerations(a *adaption, o Object, pod manifest.Object, spec fields) {
	all := pod.Items("tolerations")
	var kept []any
	var refused []string
	for _, t := range all {
		switch key := t.Text("key"); {
		case key == "":
			refused = append(refused, "all taints (it names no key)")
		case !a.options.Rules.AllowsToleration(key):
			refused = append(refused, "taint "+key)
		default:
			kept = append(kept, t.Fields)
		}
	}
	if len(refused) == 0 {
		return
	}
	spec["tolerations"] = kept
	slices.Sort(refused)
	a.note(o, "%s without that of %s: its Pods stay pending if all fitting nodes have the taint; then let the platform team "+
		"allow it in tolerations of appsets/admission/settings.yaml, and add or update the service again",
		strings.Join(append(templatePath(o), "spec", "tolerations"), "."), strings.Join(slices.Compact(refused), ", "))
}
