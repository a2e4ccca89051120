package clusterrules

import (
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// refusePodSecurity evaluates Pod Security for every Pod template, at the level and version of the build's Namespace.
// The API server accepts a workload with such a template, but none of its Pods.
func refusePodSecurity(b *Build) []Problem {
	level, ok := b.podSecurityLevel()
	if !ok {
		return nil // the admission policies require the label
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		return []Problem{{Message: err.Error()}}
	}
	var found []Problem
	for _, o := range b.Objects {
		t, ok := o.template()
		if !ok {
			continue
		}
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, t.metadata, t.spec))
		if !result.Allowed {
			found = append(found, Problem{
				Object: o.String(), Field: t.field,
				Message: "violates PodSecurity \"" + level.String() + "\": " + result.ForbiddenDetail(),
				Remedy:  "set these fields; no Pod of it may start without them",
			})
		}
	}
	return found
}

// podSecurityLevel returns the enforced level of the build's Namespace. ok is false without a valid one.
func (b *Build) podSecurityLevel() (level api.LevelVersion, ok bool) {
	for _, o := range b.Objects {
		if o.Kind != "Namespace" || o.Group != "" || o.Labels[api.EnforceLevelLabel] == "" {
			continue
		}
		p, errs := api.PolicyToEvaluate(o.Labels, api.Policy{Enforce: api.LevelVersion{
			Level: api.LevelPrivileged, Version: api.LatestVersion(),
		}})
		return p.Enforce, len(errs) == 0
	}
	return api.LevelVersion{}, false
}
