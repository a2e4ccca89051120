package overlay

import (
	"slices"
	"testing"
	"time"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
)

// Exactly the workloads that run a service's image start new Pods. Data stores go on.
func TestARedeploymentReachesOnlyWorkloadsOfServices(t *testing.T) {
	t.Parallel()
	r := New(previewset.Example)
	cfg := loadConfig(t, r)
	objects := func(at time.Time) []manifest.Object {
		plan := planOf(serviceNames(cfg.Policy))
		plan.Redeployed = at
		return composed(t, r, cfg, plan)
	}
	before, after := objects(time.Time{}), objects(time.Unix(1, 0))
	var workloads, others int
	for _, o := range after {
		i := slices.IndexFunc(before, func(b manifest.Object) bool { return b.Identity() == o.Identity() })
		if i < 0 {
			t.Fatalf("%s is new", o)
		}
		isWorkload := o.Kind == "Deployment" || o.Kind == "StatefulSet"
		isOfService := isWorkload && o.Labels[config.ImageOfLabel] != ""
		path := firstDifference("", before[i].Fields, o.Fields)
		if isOfService != (path != "") {
			t.Errorf("%s differs at %q", o, path)
		}
		if got := o.Text("spec", "template", "metadata", "annotations", config.RedeployAnnotation); isOfService &&
			got != "1970-01-01T00:00:01Z" {
			t.Errorf("%s has the time %q", o, got)
		}
		switch {
		case isOfService:
			workloads++
		case isWorkload:
			others++
		}
	}
	if workloads < 4 || others < 2 {
		t.Errorf("%d workloads of services and %d others were compared", workloads, others)
	}
}
