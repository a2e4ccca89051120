package preview

import (
	"fmt"
	"maps"
	"slices"
)

// linkGraph are the links between live environments, as namespaces.
type linkGraph struct {
	to    map[string]map[string]string          // environment → service → namespace
	from  map[string]map[string]map[string]bool // environment → service → namespaces that link to it
	notes map[string][]string                   // why services lead to the baseline, by environment
}

// linkResult is the result of the link step.
type linkResult struct {
	rows         map[string]Row // of environments with links
	notes        map[string][]string
	compositions compositions
}

// linkEnvironments points the created and updated environments to each other. It is last, because a target must be
// live.
func linkEnvironments(in *input, live *liveSet, results []*result, last compositions) linkResult {
	planned := map[string]*plannedEnvironment{}
	for _, res := range results {
		if res.planned != nil {
			planned[res.desired.name] = res.planned
		}
	}
	graph := buildLinkGraph(in, live, planned)
	next := compositions{
		cfg: in.cfg, baseline: last.baseline, plain: make(map[string]*composition, len(planned)),
		linked: map[string]*composition{},
	}
	l := linkResult{rows: map[string]Row{}, notes: graph.notes, compositions: next}
	for name, planned := range planned {
		next.plain[name] = planned.composed
		if len(graph.to[name])+len(graph.from[name]) == 0 {
			continue
		}
		parts := planned.composed.ingredients
		parts.plan.Links, parts.plan.From = graph.to[name], graph.peers(name)
		made, err := last.compose(&parts, last.linked[name], in.previous[name])
		if err != nil {
			continue // links add nothing that can fail
		}
		l.rows[name], next.linked[name] = made.environment.Row, made
	}
	return l
}

func buildLinkGraph(in *input, live *liveSet, planned map[string]*plannedEnvironment) linkGraph {
	g := linkGraph{
		to: map[string]map[string]string{}, from: map[string]map[string]map[string]bool{},
		notes: map[string][]string{},
	}
	targets := liveTargets(in, live)
	for _, name := range slices.Sorted(maps.Keys(planned)) {
		planned := planned[name]
		for _, service := range slices.Sorted(maps.Keys(planned.desired.file.Links)) {
			if _, isHere := planned.run[service]; isHere || in.cfg.Policy.Services.Get(service) == nil {
				continue
			}
			target, problem := targets.follow(name, service)
			if problem != "" {
				g.notes[name] = append(g.notes[name], fmt.Sprintf("service %s leads to the baseline: %s", service, problem))
			}
			if target != "" {
				g.connect(name, planned.row().Namespace, service, target, live.environments[target].Row.Namespace)
			}
		}
	}
	return g
}

func (g linkGraph) connect(name, namespace, service, target, targetNamespace string) {
	if g.to[name] == nil {
		g.to[name] = map[string]string{}
	}
	g.to[name][service] = targetNamespace
	if g.from[target] == nil {
		g.from[target] = map[string]map[string]bool{}
	}
	if g.from[target][service] == nil {
		g.from[target][service] = map[string]bool{}
	}
	g.from[target][service][namespace] = true
}

// peers returns the namespaces that link to each service of an environment.
func (g linkGraph) peers(name string) map[string][]string {
	peers := map[string][]string{}
	for service, namespaces := range g.from[name] {
		peers[service] = slices.Sorted(maps.Keys(namespaces))
	}
	return peers
}
