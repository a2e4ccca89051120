package preview

import (
	"slices"

	"github.com/previewset/previewset/internal/config"
)

// handOver makes Argo CD leave the workloads of services alone, so that people replace them by tools of their own.
func handOver(row *Row, services []string, run map[string]config.ServiceRef) {
	for _, s := range sortedSet(slices.Clone(services)) {
		if _, ok := run[s]; !ok {
			continue
		}
		for _, kind := range []string{"Deployment", "StatefulSet"} {
			row.IgnoreDifferences = append(row.IgnoreDifferences, IgnoreDifference{Group: "apps", Kind: kind, Name: s, JSONPointers: []string{"/spec"}})
		}
		row.SyncOptions = []string{"RespectIgnoreDifferences=true"}
	}
}
