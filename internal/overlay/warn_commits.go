package overlay

import (
	"fmt"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/manifest"
	"github.com/previewset/previewset/internal/overlay/source"
)

// warnCommits warns of workloads that keep running an earlier commit. Where the tag of a service's image doesn't
// contain the commit, a row annotates the Pods of the workloads with the service's label, and their containers must pull
// the image again.
func (b *buildCheck) warnCommits(policy *config.Policy, run map[string]config.ServiceRef) {
	for _, s := range policy.Services {
		if _, runs := run[s.Name]; !runs || s.Repository == "" || s.TagHasCommit() {
			continue
		}
		for _, o := range b.objects {
			b.warnCommit(s, o)
		}
	}
}

func (b *buildCheck) warnCommit(s config.Service, o manifest.Object) {
	runs := false
	o.EachContainer(func(c manifest.Object) {
		if source.ImageName(c.Text("image")) != s.Image {
			return
		}
		runs = true
		if c.Text("imagePullPolicy") != "Always" {
			b.warnings = append(b.warnings, fmt.Sprintf("%s: container %s: tag %q of service %s doesn't contain the commit, "+
				"so a node keeps the image of an earlier one; write imagePullPolicy: Always", o, c.Text("name"), s.Tag, s.Name))
		}
	})
	isRestarted := o.Kind == "Deployment" || o.Kind == "StatefulSet"
	label := o.Labels[config.ImageOfLabel]
	switch {
	case runs && isRestarted && label != s.Name:
		b.warnings = append(b.warnings, fmt.Sprintf("%s: tag %q of service %s doesn't contain the commit, so a new commit "+
			"starts no new Pods; add the label %s: %s to the workload", o, s.Tag, s.Name, config.ImageOfLabel, s.Name))
	case !runs && label == s.Name:
		b.warnings = append(b.warnings, fmt.Sprintf("%s: it has the label %s: %s, but runs no image of this service, so it "+
			"restarts without need; remove the label", o, config.ImageOfLabel, s.Name))
	}
}
