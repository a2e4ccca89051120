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
func chooseServices(d *plannedEnvironment) *hold {
	if d.desired.isDedicated {
		return d.chooseDedicated()
	}
	return d.chooseNamed()
}

// chooseDedicated chooses what the profile and the file say, and what the pull request changes.
func (d *plannedEnvironment) chooseDedicated() *hold {
	w, profile := d.desired, d.in.cfg.Policy.Profiles[d.profile]
	changed := w.members[0].changed
	if profile.Run.Mode == "changed" && len(changed) == 0 && len(w.file.Services) == 0 {
		return &hold{rule: RuleUnchanged, reason: "it changes no service", remedy: runAllRemedy(d.in.cfg.Policy)}
	}
	set := d.in.cfg.RunSet(profile, changed)
	for name := range w.file.Services {
		set[name] = true
	}
	for name := range w.file.Links {
		delete(set, name)
	}
	for _, name := range changed {
		set[name] = true
	}
	if w.previous != nil {
		addRunning(set, w.previous, d.in.cfg.Policy.Services) // guard services-stay: skip
	}
	d.set = set
	return nil
}

// chooseNamed chooses what the profile and the file say, and what the members change. A service in the file counts as
// changed.
func (d *plannedEnvironment) chooseNamed() *hold {
	w, services := d.desired, d.in.cfg.Policy.Services
	targets := slices.Sorted(maps.Keys(d.heads))
	for _, name := range slices.Sorted(maps.Keys(w.file.Services)) {
		if services.Get(name) != nil {
			targets = append(targets, name)
		}
	}
	d.set = d.in.cfg.RunSet(d.in.cfg.Policy.Profiles[d.profile], targets)
	for name := range w.file.Links {
		if _, ok := d.heads[name]; ok {
			d.notes = append(d.notes, fmt.Sprintf("service %s runs here, because a pull request changes it, and isn't linked",
				name))
			continue
		}
		delete(d.set, name)
	}
	if len(d.set) == 0 {
		return d.nothingRuns()
	}
	return nil
}

func (d *plannedEnvironment) nothingRuns() *hold {
	w, policy := d.desired, d.in.cfg.Policy
	h := &hold{
		rule:   RuleUnchanged,
		reason: "it has nothing to run",
		remedy: fmt.Sprintf("previewctl set %s --profile full, or --service <service>=branch:<branch>", w.name),
	}
	switch {
	case w.claim != nil:
		h.remedy = fmt.Sprintf("label a pull request of %s %q, or add %s/%s/%s",
			strings.Join(w.claim.Holders, " or "), policy.PullRequests.Label, config.OverlaysFolder, w.name,
			config.EnvironmentFile)
	case !w.isFromFile:
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
func resolveServices(d *plannedEnvironment) *hold {
	d.run = map[string]config.ServiceRef{}
	for i := range d.in.cfg.Policy.Services {
		s := &d.in.cfg.Policy.Services[i]
		if !d.set[s.Name] {
			continue
		}
		ref, ok := d.heads[s.Name]
		if !ok {
			var h *hold
			if ref, h = d.resolveService(s); h != nil {
				return h
			}
		}
		d.run[s.Name] = ref
	}
	return nil
}

// resolveService returns the commit of a service that no member changes: of the ref in the file, else of its default.
// If that isn't known or ready, a running service stays at its commit.
func (d *plannedEnvironment) resolveService(s *config.Service) (config.ServiceRef, *hold) {
	ref, file, isChosen := s.Default, config.PolicyFile, false
	if own, ok := d.desired.file.Services[s.Name]; ok {
		ref, file, isChosen = &own, path.Join(config.OverlaysFolder, d.desired.name, config.EnvironmentFile), true
	}
	resolved, h := resolveRef(d.in, s, ref, file)
	if h == nil && resolved.SHA != "" {
		if h = readyHold(d.in.facts, s, resolved.SHA); h == nil && !isChosen {
			d.readyDefaults[s.Name] = resolved
		}
	}
	if h == nil {
		return resolved, nil
	}
	if w := d.desired; w.previous != nil {
		if last, runs := w.previous.Run[s.Name]; runs {
			if isChosen || h.rule == RuleRef {
				d.notes = append(d.notes, fmt.Sprintf("service %s stays at %s: %s",
					s.Name, cmp.Or(short(last.SHA), "kustomize-base's image"), h.reason))
			}
			return last, nil
		}
	}
	if last, ok := d.in.memory.Defaults[s.Name]; ok && !isChosen && h.rule == RuleReady {
		return last, nil
	}
	return config.ServiceRef{}, h
}
