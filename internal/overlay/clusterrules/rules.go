// Package clusterrules checks the objects of one build by the rules of the cluster: what the API server refuses, and
// objects that it accepts but that don't work, such as a route to a Service that doesn't exist.
//
// It has one file for each rule. It doesn't know how objects are built, or which builds exist. The package admission
// has the rules of the admission policies.
package clusterrules

// rule returns the problems in a build that one rule finds, at most one for each object.
type rule func(*Build) []Problem

// refused are the rules of the API server, and dead those about objects that it accepts and that don't work. Both are
// in the order of their problems.
var (
	refused = []rule{
		refuseUnknownFields, refuseValues, refuseCustom, refusePodSecurity, refuseOverLimits, refuseOverQuota,
	}
	dead = []rule{
		findDeadServices, findDeadRoutes, findImmutableJobs, findChangingFields, findFixedAddresses, findSharedNames,
		findBlockedUpdates,
	}
)

// Refusals returns the objects that the API server refuses, or whose Pods it refuses.
func (b *Build) Refusals() []Problem { return b.problems(refused) }

// Problems returns the problems that all rules find in a build.
func (b *Build) Problems() []Problem { return append(b.Refusals(), b.problems(dead)...) }

func (b *Build) problems(rules []rule) []Problem {
	var found []Problem
	for _, r := range rules {
		found = append(found, r(b)...)
	}
	return found
}
