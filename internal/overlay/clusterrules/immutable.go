package clusterrules

import (
	"encoding/json"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// immutableFields are fields that the API server refuses to change, by group and kind. The templates of Jobs are in
// findImmutableJobs.
var immutableFields = map[string][][]string{
	"apps/Deployment": {{"spec", "selector"}},
	"apps/DaemonSet":  {{"spec", "selector"}},
	"apps/ReplicaSet": {{"spec", "selector"}},
	"apps/StatefulSet": {
		{"metadata", "name"},
		{"spec", "selector"},
		{"spec", "serviceName"},
		{"spec", "podManagementPolicy"},
		{"spec", "volumeClaimTemplates"},
	},
	"batch/Job":              {{"spec", "selector"}},
	"/PersistentVolumeClaim": {{"metadata", "name"}, {"spec"}},
	"/Service":               {{"spec", "clusterIP"}, {"spec", "clusterIPs"}},
}

// findChangingFields reports each immutable field that contains the commit. The API server accepts it once: at the next
// commit it refuses the change, and the sync fails. A store with the commit in its name loses its data instead.
func findChangingFields(b *Build) []Problem {
	var found []Problem
	for _, o := range b.Objects {
		if o.isReplaced() {
			continue
		}
		for _, path := range immutableFields[o.Group+"/"+o.Kind] {
			if !b.hasCommit(o.At(path...)) {
				continue
			}
			found = append(found, Problem{
				Object: o.String(), Field: strings.Join(path, "."),
				Message: "contains the commit, so it changes with every commit, and the field is immutable",
				Remedy:  "write a fixed value, or select other fields in the replacement or patch that writes the commit",
			})
			break
		}
	}
	return found
}

// hasCommit reports whether a value contains the commit.
func (b *Build) hasCommit(value any) bool {
	if b.Commit == "" || value == nil {
		return false
	}
	text, err := json.Marshal(value)
	return err == nil && strings.Contains(string(text), b.Commit)
}

// findFixedAddresses reports each Service with an own cluster IP. The API server gives an address only once, so the
// second environment can't have it.
func findFixedAddresses(b *Build) []Problem {
	var found []Problem
	for _, o := range b.Objects {
		s, ok := o.typed.(*corev1.Service)
		if !ok || s.Spec.ClusterIP == "" || s.Spec.ClusterIP == corev1.ClusterIPNone {
			continue
		}
		found = append(found, Problem{
			Object: o.String(), Field: "spec.clusterIP", Message: "has the fixed address " + s.Spec.ClusterIP +
				", which only one environment can have",
			Remedy: "remove spec.clusterIP and spec.clusterIPs: other Pods find it by its name",
		})
	}
	return found
}
