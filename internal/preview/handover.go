package preview

import (
	"fmt"
	"slices"

	"github.com/previewset/previewset/internal/config"
)

// handOver makes Argo CD ignore all workloads of services, so that a developer's tool can replace them. The workloads
// have the service's name, or its label.
func handOver(row *Row, services []string, run map[string]config.ServiceRef) {
	for _, s := range sortedSet(slices.Clone(services)) {
		if _, ok := run[s]; !ok {
			continue
		}
		for _, kind := range []string{"Deployment", "StatefulSet"} {
			row.IgnoreDifferences = append(
				row.IgnoreDifferences,
				IgnoreDifference{Group: "apps", Kind: kind, Name: s, JSONPointers: []string{"/spec"}},
				IgnoreDifference{
					Group: "apps", Kind: kind, JSONPointers: []string{}, JQPathExpressions: []string{specOfLabelled(s)},
				},
			)
		}
		row.SyncOptions = []string{"RespectIgnoreDifferences=true"}
	}
}

// specOfLabelled is the path of the specification of an object with the label of a service, in jq. It is no path in all
// other objects. Argo CD can't select objects by a label in another way.
func specOfLabelled(service string) string {
	return fmt.Sprintf("select(.metadata.labels[%q] == %q) | .spec", config.ImageOfLabel, service)
}

// IgnoresSpec reports whether the entry ignores the specification of an object of its group and kind.
func (d IgnoreDifference) IgnoresSpec(name string, labels map[string]string) bool {
	if d.Name != "" {
		return name == d.Name && slices.Contains(d.JSONPointers, "/spec")
	}
	return slices.Contains(d.JQPathExpressions, specOfLabelled(labels[config.ImageOfLabel]))
}
