package overlay

import (
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/clusterrules"
)

// assertCluster checks the rules of the cluster.
func (b *buildCheck) assertCluster() {
	for _, p := range clusterrules.NewBuild(b.objects).Problems() {
		b.refused = append(b.refused, config.Problem{
			File: b.file, Path: b.title, Message: config.Printable(p.String()), Remedy: p.Remedy,
		})
	}
}
