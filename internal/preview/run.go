package preview

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// changedServices are the services of a repository that a pull request changes. ok is false where that isn't known.
func (c *Config) changedServices(repository string, pr PullRequest) (names []string, ok bool) {
	for _, s := range c.repoByLower[strings.ToLower(repository)] {
		switch {
		case len(s.Paths) == 0:
			names = append(names, s.Name)
		case pr.Changes == nil:
			return nil, false
		case pr.Changes.All || s.matchesAny(pr.Changes.Paths):
			names = append(names, s.Name)
		}
	}
	return names, true
}

func (s *Service) matchesAny(paths []string) bool {
	for _, pattern := range s.Paths {
		for _, p := range paths {
			if doublestar.MatchUnvalidated(pattern, p) {
				return true
			}
		}
	}
	return false
}

// runSet are the services that run in an environment: what its profile says, and what the pull request changes.
func (c *Config) runSet(p Profile, changed []string) map[string]bool {
	run := map[string]bool{}
	for _, s := range changed {
		run[s] = true
	}
	switch p.Run.Mode {
	case "all":
		for _, s := range c.Policy.Services {
			run[s.Name] = true
		}
	case "list":
		for _, s := range p.Run.Services {
			run[s] = true
		}
	default:
		maps.Copy(run, c.pathsFromPublic(changed))
	}
	return run
}

// pathsFromPublic are the services on any path of calls from a public service to one of the targets; if no path leads
// to any, the first public service, so that there is something to open.
func (c *Config) pathsFromPublic(targets []string) map[string]bool {
	calls, callers := map[string][]string{}, map[string][]string{}
	var public []string
	for _, s := range c.Policy.Services {
		calls[s.Name] = s.Calls
		for _, callee := range s.Calls {
			callers[callee] = append(callers[callee], s.Name)
		}
		if s.Public {
			public = append(public, s.Name)
		}
	}
	run := reachable(public, calls)
	towards := reachable(targets, callers)
	maps.DeleteFunc(run, func(s string, _ bool) bool { return !towards[s] })
	if len(run) == 0 && len(public) > 0 && len(targets) > 0 {
		run[public[0]] = true
	}
	return run
}

// reachable are the nodes that a graph's edges lead to from any of the given ones, those included.
func reachable(from []string, edges map[string][]string) map[string]bool {
	seen := map[string]bool{}
	queue := slices.Clone(from)
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		if !seen[n] {
			seen[n] = true
			queue = append(queue, edges[n]...)
		}
	}
	return seen
}

// Wants is what must be read of a repository for Resolve to decide about its pull requests.
func (c *Config) Wants(repository string) Wants {
	w := Wants{Changes: func(PullRequest) bool { return false }}
	for _, s := range c.repoByLower[strings.ToLower(repository)] {
		if s.Default != nil {
			w.add(*s.Default)
		}
		admitted := func(pr PullRequest) bool { _, h := c.admit(pr); return h == nil }
		if len(s.Paths) > 0 {
			w.Changes = admitted
		}
		if c.Policy.PullRequests.Forks == "approved" {
			w.Approvals = func(pr PullRequest) bool { return pr.isFork() && admitted(pr) }
		}
		pinned := s.Default != nil
		for _, e := range c.Environments {
			ref, ok := e.Services[s.Name]
			pinned = pinned || ok
			w.add(ref)
		}
		if s.Ready != nil {
			w.Checks, w.BranchChecks = admitted, w.BranchChecks || pinned
		}
	}
	w.Branches, w.Tags = sortedSet(w.Branches), sortedSet(w.Tags)
	return w
}

func (w *Wants) add(r Ref) {
	if r.Branch != "" {
		w.Branches = append(w.Branches, r.Branch)
	}
	if r.Tag != "" {
		w.Tags = append(w.Tags, r.Tag)
	}
}

func sortedSet(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// pinOf resolves what a service is to run at where no pull request says. known is false where the ref doesn't exist.
func pinOf(r Repository, ref *Ref) (p Pin, known bool) {
	switch {
	case ref == nil || ref.SHA != "" || ref.PullRequest != 0:
		return Pin{}, true
	case ref.Branch != "":
		sha, ok := r.Branches[ref.Branch]
		return Pin{SHA: sha, Branch: ref.Branch}, ok
	}
	sha, ok := r.Tags[ref.Tag]
	return Pin{SHA: sha}, ok
}

func (r Ref) String() string {
	switch {
	case r.Branch != "":
		return fmt.Sprintf("branch %q", Printable(r.Branch))
	case r.Tag != "":
		return fmt.Sprintf("tag %q", Printable(r.Tag))
	}
	return "commit " + r.SHA
}
