package overlay

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/preview"
)

// resetExamples returns an environment with all stores started anew, if some can do that.
func resetExamples(tree *filetree.Tree, c *config.Config) []example {
	p := planOf(serviceNames(c.Policy))
	p.Reset = map[string]time.Time{}
	for _, store := range tree.List(baseFolder + "/data") {
		if config.CanReset(c, store) {
			p.Reset[store] = time.Unix(0, 0)
		}
	}
	if len(p.Reset) == 0 {
		return nil
	}
	return []example{{title: "all data stores reset", plan: p}}
}

// assertReset checks that the Pods of each store that starts anew get the time as an annotation.
func (b *buildCheck) assertReset(row preview.Row, stores map[string]time.Time) {
	for _, store := range slices.Sorted(maps.Keys(stores)) {
		folder := baseFolder + "/data/" + store + "/reset"
		isUsed := slices.ContainsFunc(row.Kustomize.Components, func(c string) bool { return c == "../../"+folder })
		if isUsed && !slices.ContainsFunc(b.objects, func(o manifest.Object) bool {
			return o.Name == store && o.At("spec", "template", "metadata", "annotations", config.ResetAnnotation) != nil
		}) {
			b.addProblem(folder, fmt.Sprintf("store %s can't start anew: no StatefulSet or Deployment is called %s", store, store),
				"give the workload of the store its name: the row then annotates its Pods")
		}
	}
}
