package overlay

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/previewset/previewset/internal/config"
)

// wanted is an environment that exists or may exist, with the file that gives it its name.
type wanted struct{ name, file, remedy string }

// hostConflicts returns a problem for each pair of environments that could want one host: only the first one would run.
// It compares the environments of files and slots, and for each repository a sample pull request.
func hostConflicts(c *config.Config) config.Problems {
	var found config.Problems
	takenBy := map[string]wanted{}
	for _, e := range wantedEnvironments(c) {
		for _, host := range possibleHosts(c.Policy, e.name) {
			other, isTaken := takenBy[host]
			if !isTaken {
				takenBy[host] = e
				continue
			}
			found = append(found, config.Problem{
				File: e.file, Path: e.name, Remedy: e.remedy,
				Message: fmt.Sprintf("could want host %s, which environment %s could want too", host, other.name),
			})
		}
	}
	return found
}

func wantedEnvironments(c *config.Config) []wanted {
	var found []wanted
	seen := map[string]bool{}
	add := func(e wanted) {
		if !seen[e.name] {
			found = append(found, e)
		}
		seen[e.name] = true
	}
	for _, repository := range c.Repositories() {
		add(wanted{
			config.PullRequestName(c.Policy, repository, 1), policyFile, "give one of the repositories another alias",
		})
	}
	if c.Slots != nil {
		for _, name := range slices.Sorted(maps.Keys(c.Slots.Slots)) {
			add(wanted{name, config.SlotsFile, "give the slot another name"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Environments)) {
		if c.Environments[name].PullRequest == "" {
			add(wanted{name, path.Join(overlaysFolder, name, environmentFile), "rename the folder"})
		}
	}
	return found
}

// possibleHosts returns the hosts that an environment can get. The first public service always gets the main host.
func possibleHosts(policy *config.Policy, name string) []string {
	hosts := environmentHosts(policy, name)
	if len(hosts) < 2 {
		return hosts
	}
	return slices.Delete(hosts, 1, 2)
}
