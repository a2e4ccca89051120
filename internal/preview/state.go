package preview

import (
	"slices"

	"github.com/previewset/previewset/internal/config"
)

// addStatePatches adds the patches that stop an environment or close its routes. They are the same in every environment, because
// Kustomize ignores a patch without a matching target. They come after the patches of the overlay.
//
// A Job isn't stopped: a migration that is stopped half way would leave its data half done. An autoscaler is off while
// its target has no replicas.
func (c *composer) addStatePatches() {
	if c.plan.State == Asleep {
		isNotKeptAwake := config.KeepAwakeLabel + "!=true"
		c.scaleDown(Target{LabelSelector: isNotKeptAwake, AnnotationSelector: isNotKeptAwake})
	}
	if c.plan.State == Asleep || c.plan.State == Waking {
		c.removeRoutes("Ingress", "networking.k8s.io/v1")
		c.removeRoutes("HTTPRoute", "gateway.networking.k8s.io/v1")
	}
}

// everyName selects all objects of a kind, also those with config.KeepAwakeLabel. Only stopped environments have such patches.
const everyName = ".*"

// scaleDown stops the workloads that a target selects.
func (c *composer) scaleDown(target Target) {
	sleeps := func(kind, patch string) {
		target.Kind = kind
		c.kustomize.Patches = append(c.kustomize.Patches, Patch{Patch: patch, Target: target})
	}
	sleeps("Deployment", `[{"op":"add","path":"/spec/replicas","value":0}]`)
	sleeps("StatefulSet", `[{"op":"add","path":"/spec/replicas","value":0}]`)
	sleeps("CronJob", `[{"op":"add","path":"/spec/suspend","value":true}]`)
}

// removeRoutes removes the public routes of a kind, in any version. The wildcard route of appsets/ has the hosts
// then.
func (c *composer) removeRoutes(kind, apiVersion string) {
	patch := `{"$patch":"delete","apiVersion":"` + apiVersion + `","kind":"` + kind + `","metadata":{"name":"any"}}`
	c.kustomize.Patches = append(c.kustomize.Patches,
		Patch{Patch: patch, Target: Target{Kind: kind, LabelSelector: config.PublicLabel}})
}

// withState returns a row in another state. The patches of a state are the last ones and the same in every
// environment, so this works also for an environment that can't be composed now. A stopped row runs no workload at all.
func (r Row) withState(state State, isStopped bool) Row {
	of := func(state State, isStopped bool) []Patch {
		c := composer{plan: Plan{State: state}}
		c.addStatePatches()
		if isStopped {
			c.scaleDown(Target{Name: everyName})
		}
		return c.kustomize.Patches
	}
	all := of(Asleep, true)
	patches := slices.DeleteFunc(slices.Clone(r.Kustomize.Patches), func(p Patch) bool {
		return slices.ContainsFunc(all, func(of Patch) bool { return of.Target == p.Target })
	})
	r.Kustomize.Patches, r.State = slices.Concat(patches, of(state, isStopped)), state
	return r
}

func (r Row) isStopped() bool {
	return slices.ContainsFunc(r.Kustomize.Patches, func(p Patch) bool { return p.Target.Name == everyName })
}
