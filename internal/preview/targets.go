package preview

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// linkTargets finds the environments that links lead to.
type linkTargets struct {
	in            *input
	environments  map[string]*Remembered
	environmentOf func(subject string) string // of a pull request; "" if it is in none
}

// liveTargets are the targets by this snapshot, as far as it is known.
func liveTargets(in *input, live *liveSet) linkTargets {
	return linkTargets{in, live.environments, func(subject string) string { return live.environmentOf[subject] }}
}

// previousTargets are the targets by the last snapshot.
func previousTargets(in *input, ids *identities) linkTargets {
	return linkTargets{in, in.previous, func(subject string) string {
		if m, ok := ids.memberships[subject]; ok {
			return m.environment.Row.Name
		}
		return ""
	}}
}

// target returns the environment that a link names, or that its pull request is in.
func (t linkTargets) target(l config.Link) string {
	repository, number, ok := config.ParsePullRequest(l.PullRequest)
	if !ok {
		return l.Environment
	}
	if current := t.environmentOf(subject(repository, number)); current != "" {
		return current
	}
	return config.PullRequestName(t.in.cfg.Policy, repository, number)
}

// follow returns the environment in which a linked service runs, from link to link. If there is none, the service leads
// to the baseline: problem says why, unless the file says so.
func (t linkTargets) follow(name, service string) (target, problem string) {
	seen := map[string]bool{name: true}
	for link := t.in.file(name).Links[service]; ; {
		target = t.target(link)
		to := t.environments[target]
		switch {
		case seen[target]:
			return "", "its links lead in a circle"
		case to == nil:
			return "", fmt.Sprintf("environment %s is not live", target)
		case !t.in.file(target).Shared:
			return "", fmt.Sprintf("environment %s is not shared; its owner shares it with previewctl set %s --shared",
				target, target)
		}
		if _, isHere := to.Run[service]; isHere {
			return target, ""
		}
		next, ok := t.in.file(target).Links[service]
		if !ok {
			return "", fmt.Sprintf("it doesn't run in environment %s", target)
		}
		link, seen[target] = next, true
	}
}

// cycleHold holds an environment with links that lead back to it.
func cycleHold(in *input, desired *desiredEnvironment) *hold {
	targets := linkTargets{in: in, environmentOf: func(string) string { return "" }}
	for _, service := range slices.Sorted(maps.Keys(desired.file.Links)) {
		seen := []string{desired.name}
		for link, ok := desired.file.Links[service]; ok; link, ok = in.file(seen[len(seen)-1]).Links[service] {
			next := targets.target(link)
			if slices.Contains(seen, next) {
				return &hold{
					rule: RuleLink,
					reason: fmt.Sprintf("its links of service %s lead in a circle: %s", service,
						strings.Join(append(seen, next), " → ")),
					remedy: "run the service in one of them, or take one of the links out",
				}
			}
			seen = append(seen, next)
		}
	}
	return nil
}
