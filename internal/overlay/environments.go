package overlay

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// linkProblems returns the links of environment files that lead to no shared environment. The service holds those
// environments. Links to pull requests aren't checked, because only the service knows their environments.
func (r *Repo) linkProblems(cfg *config.Config) config.Problems {
	var problems config.Problems
	for _, name := range slices.Sorted(maps.Keys(cfg.Environments)) {
		links := cfg.Environments[name].Links
		for _, service := range slices.Sorted(maps.Keys(links)) {
			message, remedy := r.linkProblem(cfg, links[service].Environment)
			if message == "" {
				continue
			}
			problems = append(problems, config.Problem{
				File: path.Join(overlaysFolder, name, environmentFile), Path: "links." + service, Message: message, Remedy: remedy,
			})
		}
	}
	return problems
}

func (r *Repo) linkProblem(cfg *config.Config, target string) (message, remedy string) {
	e := cfg.Environments[target]
	switch {
	case target == "" || config.IsPullRequestName(target) || cfg.Broken[target] != "":
		return "", ""
	case e == nil && cfg.Slots != nil && hasKey(cfg.Slots.Slots, target):
		return "", ""
	case e != nil && !e.Shared:
		return "leads to " + target + ", which is not shared",
			"ask its owner to share it: previewctl set " + target + " --shared"
	case e != nil:
		return "", ""
	}
	suggestion := ""
	if near := config.Nearest(target, r.Names()); near != "" {
		suggestion = " (did you mean " + near + "?)"
	}
	return "leads to " + config.Printable(target) + ", which doesn't exist" + suggestion,
		"link to an environment that was created with --shared, or remove the link"
}

func hasKey[V any](m map[string]V, key string) bool {
	_, ok := m[key]
	return ok
}

// Expired returns a note for each environment file with an expiry that has passed. Such an environment doesn't run.
func (r *Repo) Expired(now time.Time) []string {
	cfg, err := r.Load()
	if err != nil {
		return nil
	}
	var names []string
	for name, e := range cfg.Environments {
		if at := e.Lifetime.Expires; at != nil && !at.After(now) {
			names = append(names, fmt.Sprintf("%s: lifetime.expires: %s is in the past, so the environment doesn't run; "+
				"delete it, or write a later time", path.Join(overlaysFolder, name, environmentFile), at.Format(time.RFC3339)))
		}
	}
	slices.SortFunc(names, strings.Compare)
	return names
}
