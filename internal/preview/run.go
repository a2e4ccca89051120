package preview

import (
	"cmp"
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
	run := reachable(targets, c.calls.callers)
	maps.DeleteFunc(run, func(s string, _ bool) bool { return !c.calls.fromPublic[s] })
	if len(run) == 0 && c.calls.public != "" && len(targets) > 0 {
		run[c.calls.public] = true
	}
	return run
}

// calls are who calls whom. Every environment asks for it, so it is made once.
type calls struct {
	callers    map[string][]string
	fromPublic map[string]bool // what calls of public services lead to, those included
	public     string          // the first one
}

func callsOf(services Services) calls {
	k, callees := calls{callers: map[string][]string{}}, map[string][]string{}
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
	admitted := func(pr PullRequest) bool { _, h := c.admit(pr); return h == nil }
	w := Wants{
		Changes:    func(PullRequest) bool { return false },
		Labellings: func(pr PullRequest) bool { return pr.Bot && admitted(pr) },
	}
	pinned := map[int]bool{}
	deployed := func(pr PullRequest) bool { return pinned[pr.Number] || admitted(pr) }
	for _, s := range c.repoByLower[strings.ToLower(repository)] {
		refs := c.refs(s)
		for _, ref := range refs {
			w.add(ref)
			if ref.PullRequest != 0 {
				pinned[ref.PullRequest] = true
			}
		}
		if len(s.Paths) > 0 {
			w.Changes = admitted
		}
		if c.Policy.PullRequests.Forks == "approved" {
			w.Approvals = func(pr PullRequest) bool { return pr.isFork() && deployed(pr) }
		}
		if s.Ready != nil {
			w.Checks, w.BranchChecks = deployed, w.BranchChecks || len(refs) > 0
		}
	}
	w.Branches, w.Tags, w.Commits = sortedSet(w.Branches), sortedSet(w.Tags), sortedSet(w.Commits)
	return w
}

// refs are what a service may be pinned to: by its default, and by files.
func (c *Config) refs(s *Service) []Ref {
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

func (w *Wants) add(r Ref) {
	if r.Branch != "" {
		w.Branches = append(w.Branches, r.Branch)
	}
	if r.Tag != "" {
		w.Tags = append(w.Tags, r.Tag)
	}
	if r.SHA != "" {
		w.Commits = append(w.Commits, r.SHA)
	}
}

func sortedSet(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

func (r Ref) String() string {
	switch {
	case r.Branch != "":
		return fmt.Sprintf("branch %q", Printable(r.Branch))
	case r.Tag != "":
		return fmt.Sprintf("tag %q", Printable(r.Tag))
	case r.PullRequest != 0:
		return fmt.Sprintf("open pull request #%d", r.PullRequest)
	}
	return "commit " + r.SHA
}
