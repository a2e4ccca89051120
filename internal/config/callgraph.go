package config

import (
	"cmp"
	"maps"
	"slices"

	"github.com/bmatcuk/doublestar/v4"
)

// Matches reports whether any of the changed paths matches one of the service's patterns.
func (s *Service) Matches(paths []string) bool {
	for _, pattern := range s.Paths {
		for _, p := range paths {
			if doublestar.MatchUnvalidated(pattern, p) {
				return true
			}
		}
	}
	return false
}

// RunSet returns the services that run in an environment: those of its profile, and the changed ones.
func (c *Config) RunSet(p Profile, changed []string) map[string]bool {
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

// pathsFromPublic returns the services on a path of calls from a public service to a target. If there is no such path,
// it returns the first public service, so that the environment has an address.
func (c *Config) pathsFromPublic(targets []string) map[string]bool {
	run := reachable(targets, c.calls.callers)
	maps.DeleteFunc(run, func(s string, _ bool) bool { return !c.calls.fromPublic[s] })
	if len(run) == 0 && c.calls.public != "" && len(targets) > 0 {
		run[c.calls.public] = true
	}
	return run
}

// callGraph has the calls between services. Every environment needs it, so it is computed once.
type callGraph struct {
	callers    map[string][]string
	fromPublic map[string]bool // public services, and the services that they reach by calls
	public     string          // the first public service
}

func newCallGraph(services Services) callGraph {
	k, callees := callGraph{callers: map[string][]string{}}, map[string][]string{}
	var public []string
	for _, s := range services {
		callees[s.Name] = s.Calls
		for _, callee := range s.Calls {
			k.callers[callee] = append(k.callers[callee], s.Name)
		}
		if s.Public {
			public = append(public, s.Name)
			k.public = cmp.Or(k.public, s.Name)
		}
	}
	k.fromPublic = reachable(public, callees)
	return k
}

// reachable returns the start nodes and all nodes that edges lead to from them.
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

// Refs returns the refs that a service may run at: its default, and those of environment files.
func (c *Config) Refs(s *Service) []Ref {
	var refs []Ref
	if s.Default != nil {
		refs = append(refs, *s.Default)
	}
	for _, e := range c.Environments {
		if ref, ok := e.Services[s.Name]; ok {
			refs = append(refs, ref)
		}
	}
	return refs
}
