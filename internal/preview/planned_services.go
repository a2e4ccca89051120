package preview

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// chooseServices notes the services that run.
func chooseServices(planned *plannedEnvironment) *hold {
	if planned.desired.isDedicated {
		return planned.chooseDedicated()
	}
	return planned.chooseNamed()
}

// chooseDedicated chooses what the profile and the file say, and what the pull request changes.
func (p *plannedEnvironment) chooseDedicated() *hold {
	desired, profile := p.desired, p.in.cfg.Policy.Profiles[p.profile]
	changed := desired.members[0].changed
	if profile.Run.Mode == "changed" && len(changed) == 0 && len(desired.file.RefServices()) == 0 {
		return &hold{rule: RuleUnchanged, reason: "it changes no service", remedy: runAllRemedy(p.in.cfg.Policy)}
	}
	set := p.in.cfg.RunSet(profile, changed)
	for name := range desired.file.EachRef() {
		set[name] = true
	}
	for name := range desired.file.Links {
		delete(set, name)
	}
	for _, name := range changed {
		set[name] = true
	}
	if desired.previous != nil {
		addRunning(set, desired.previous, p.in.cfg.Policy.Services) // guard services-stay: skip
	}
	p.runSet = set
	return nil
}

// chooseNamed chooses what the profile and the file say, and what the members change. A service in the file counts as
// changed.
func (p *plannedEnvironment) chooseNamed() *hold {
	desired, services := p.desired, p.in.cfg.Policy.Services
	targets := slices.Sorted(maps.Keys(p.heads))
	for _, name := range desired.file.RefServices() {
		if services.Get(name) != nil {
			targets = append(targets, name)
		}
	}
	p.runSet = p.in.cfg.RunSet(p.in.cfg.Policy.Profiles[p.profile], targets)
	for name := range desired.file.Links {
		if _, ok := p.heads[name]; ok {
			p.note("service %s runs here, because a pull request changes it, and isn't linked", name)
			continue
		}
		delete(p.runSet, name)
	}
	if len(p.runSet) == 0 {
		return p.emptyHold()
	}
	return nil
}

func (p *plannedEnvironment) emptyHold() *hold {
	desired, policy := p.desired, p.in.cfg.Policy
	h := &hold{
		rule:   RuleUnchanged,
		reason: "it has nothing to run",
		remedy: fmt.Sprintf("previewctl set %s --profile full, or --service <service>=branch:<branch>", desired.name),
	}
	switch {
	case desired.claim != nil:
		h.remedy = fmt.Sprintf("label a pull request of %s %q, or add %s/%s/%s",
			strings.Join(desired.claim.Holders, " or "), policy.PullRequests.Label, config.OverlaysFolder, desired.name,
			config.EnvironmentFile)
	case !desired.isFromFile:
		h.reason, h.remedy = "it changes no service", runAllRemedy(policy)
	}
	return h
}

// runAllRemedy returns how a pull request without a changed service gets an environment.
func runAllRemedy(policy *config.Policy) string {
	for _, name := range slices.Sorted(maps.Keys(policy.Profiles)) {
		if policy.Profiles[name].Run.Mode == "all" {
			return fmt.Sprintf("label it %q to run all", policy.PullRequests.Label+":"+name)
		}
	}
	return "change a service's files, or add a profile with run: all to " + config.PolicyFile
}

// resolveServices notes the commit of each service that runs.
func resolveServices(planned *plannedEnvironment) *hold {
	planned.run = map[string]config.ServiceRef{}
	for i := range planned.in.cfg.Policy.Services {
		s := &planned.in.cfg.Policy.Services[i]
		if !planned.runSet[s.Name] {
			continue
		}
		ref, ok := planned.heads[s.Name]
		if !ok {
			var h *hold
			if ref, h = planned.resolveService(s); h != nil {
				return h
			}
		}
		planned.run[s.Name] = ref
	}
	return nil
}

// resolveService returns the commit of a service that no member changes: of the ref in the file, else of its default.
// If that isn't known or ready, a running service stays at its commit.
func (p *plannedEnvironment) resolveService(s *config.Service) (config.ServiceRef, *hold) {
	ref, file, isChosen := s.Default, config.PolicyFile, false
	if own, ok := p.desired.file.RefOf(s.Name); ok {
		ref, file, isChosen = &own, path.Join(config.OverlaysFolder, p.desired.name, config.EnvironmentFile), true
	}
	resolved, h := resolveRef(p.in, s, ref, file)
	if h == nil && resolved.SHA != "" {
		if h = readyHold(p.in.facts, s, resolved.SHA); h == nil && !isChosen {
			p.readyDefaults[s.Name] = resolved
		}
	}
	if h == nil {
		return resolved, nil
	}
	if desired := p.desired; desired.previous != nil {
		if last, runs := desired.previous.Run[s.Name]; runs {
			if isChosen || h.rule == RuleRef {
				p.note("service %s stays at %s: %s",
					s.Name, cmp.Or(short(last.SHA), "kustomize-base's image"), h.reason)
			}
			return last, nil
		}
	}
	if last, ok := p.in.memory.Defaults[s.Name]; ok && !isChosen && h.rule == RuleReady {
		return last, nil
	}
	return config.ServiceRef{}, h
}
