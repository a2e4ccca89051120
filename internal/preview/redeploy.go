package preview

import (
	"slices"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// redeployPause is the shortest time between two redeployments of an environment.
const redeployPause = time.Minute

// addRedeploy writes the time of the last request to redeploy into the Pod templates of all workloads that run a
// service's image. A new time changes the Pod templates, so Argo CD's sync starts new Pods, and they pull an image with
// imagePullPolicy Always again. The time of a request never changes later: that would start new Pods without a request.
func (c *composer) addRedeploy() {
	if c.plan.Redeployed.IsZero() {
		return
	}
	for _, kind := range []string{"Deployment", "StatefulSet"} {
		target := Target{Kind: kind, LabelSelector: config.ImageOfLabel}
		c.addPodAnnotation(target, config.RedeployAnnotation, c.plan.Redeployed.UTC().Format(time.RFC3339))
	}
}

// withRedeploy returns a row with the time of the last request to redeploy; zero without one. The patches are the first
// ones and need no configuration, so this works also for an environment that can't be composed now. A row that has that
// time already is returned as it is.
func (r Row) withRedeploy(at time.Time) Row {
	c := composer{plan: Plan{Redeployed: at}}
	c.addRedeploy()
	others := slices.IndexFunc(r.Kustomize.Patches, func(p Patch) bool { return p.Target.LabelSelector != config.ImageOfLabel })
	if others < 0 {
		others = len(r.Kustomize.Patches)
	}
	if !slices.Equal(r.Kustomize.Patches[:others], c.kustomize.Patches) {
		r.Kustomize.Patches = slices.Concat(c.kustomize.Patches, r.Kustomize.Patches[others:])
	}
	return r
}
