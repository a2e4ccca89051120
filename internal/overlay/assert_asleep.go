package overlay

import (
	"fmt"
	"slices"

	"github.com/previewset/previewset/internal/config"
)

// assertAsleep checks a sleeping environment: only exempt objects run, no data is lost, and no route keeps the
// environment's hosts. The wildcard route in appsets must receive their visits to wake the environment.
func (b *buildCheck) assertAsleep() {
	for _, o := range b.objects {
		isCloud := o.Labels[config.CloudLabel] != "" // its replicas aren't Pods
		if !o.IsStopped() && !o.IsKeptAwake() && !isCloud {
			b.addProblem(b.file, o.String()+" would go on while the environment sleeps", fmt.Sprintf(
				"make it a Deployment, StatefulSet or CronJob, and set replicas or suspend by no replacement or transformer; "+
					"or label it %s: \"true\" to let it run on", config.KeepAwakeLabel))
		}
		if o.Text("spec", "persistentVolumeClaimRetentionPolicy", "whenScaled") == "Delete" {
			b.addProblem(b.file, o.String()+" would delete its volumes whenever the environment sleeps",
				"remove whenScaled from its persistentVolumeClaimRetentionPolicy")
		}
		for _, host := range slices.Compact(o.Hosts()) {
			if slices.Contains(b.hosts, host) {
				b.addProblem(b.file, fmt.Sprintf(
					"%s would keep host %q while the environment sleeps, so no visit would wake it", o, host,
				),
					fmt.Sprintf("label it %s: <service>, in its own manifest or by a patch", config.PublicLabel))
			}
		}
	}
}
