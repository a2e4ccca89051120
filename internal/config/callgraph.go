package config

import (
	"cmp"
	"maps"
	"slices"
)

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
	g, callees := callGraph{callers: map[string][]string{}}, map[string][]string{}
	var public []string
	for _, s := range services {
		callees[s.Name] = s.Calls
		for _, callee := range s.Calls {
			g.callers[callee] = append(g.callers[callee], s.Name)
		}
		if s.Public {
			public = append(public, s.Name)
			g.public = cmp.Or(g.public, s.Name)
		}
	}
	g.fromPublic = reachable(public, callees)
	return g
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
