package overlay

import (
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/clusterrules"
)

// assertCluster checks the rules of the cluster. ingressNamespace is the namespace of the ingress controller, or ""
// where it isn't known. commitImages are the images of the row.
func (b *buildCheck) assertCluster(ingressNamespace string, commitImages ...string) {
	objects := clusterrules.NewBuild(b.objects)
	objects.IngressNamespace, objects.CommitImages = ingressNamespace, commitImages
	for _, p := range objects.Problems() {
		b.refused = append(b.refused, config.Problem{
			File: b.file, Path: b.title, Message: config.Printable(p.String()), Remedy: p.Remedy,
		})
	}
}
