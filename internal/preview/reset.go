package preview

import (
	"slices"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// resetAnnotation is the annotation of a store's Pods with the time at which it started anew.
const resetAnnotation = "previewset.dev/reset"

// reset adds the component that empties a store's volume before the store starts, if the environment's file asks for
// it. The component remembers in the volume the time for which it did that. A new time changes the Pod template, so
// Argo CD's sync starts a new Pod.
func (c *composer) reset(store string) {
	at, ok := c.plan.Reset[store]
	if !ok || !config.CanReset(c.Config, store) {
		return
	}
	c.component("data", store, "reset")
	for _, kind := range []string{"Deployment", "StatefulSet"} {
		target := Target{Kind: kind, Name: store}
		if !slices.ContainsFunc(c.kustomize.Patches, func(p Patch) bool { return p.Target == target }) {
			c.annotatePods(target, resetAnnotation, at.UTC().Format(time.RFC3339))
		}
	}
}
