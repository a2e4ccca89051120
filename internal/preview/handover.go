package preview

import (
	"slices"

	"github.com/previewset/previewset/internal/config"
)

// handOver makes Argo CD ignore the workloads of services, so that a developer's tool can replace them.
func handOver(row *Row, services []string, run map[string]config.ServiceRef) {
	for _, s := range sortedSet(slices.Clone(services)) {
		if _, ok := run[s]; !ok {
			continue
		}
		for _, kind := range []string{"Deployment", "StatefulSet"} {
			row.IgnoreDifferences = append(row.IgnoreDifferences,
				IgnoreDifference{Group: "apps", Kind: kind, Name: s, JSONPointers: []string{"/spec"}})
		}
		row.SyncOptions = []string{"RespectIgnoreDifferences=true"}
	}
}
