// Package networkpolicy has only tests. They build the example repository's environments, baseline and service, and
// evaluate their NetworkPolicies and their Pods' settings. Neither a build nor a test cluster enforces those.
package networkpolicy
