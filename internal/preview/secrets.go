package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// holdForSecrets holds the members of a named environment that can't run together with the others because of secrets:
// code from a fork never runs where secrets are, and secrets never come where code from a fork ran
// (docs/decisions/0019-no-secrets-for-forks.md). Such a member doesn't hold the others.
func holdForSecrets(cfg *config.Config, desired *desiredEnvironment) {
	mark := desired.secretsMark()
	why := secretsReason(cfg, desired, mark)
	for _, m := range desired.members {
		switch {
		case m.hold != nil:
		case m.isFork() && why != "":
			m.hold = &hold{
				rule: RuleFork, reason: "it comes from a fork, and " + why,
				remedy: fmt.Sprintf("label it only %q: its own environment has no secrets. Or %s",
					cfg.Policy.PullRequests.Label, pushBranchRemedy),
			}
		case mark == SecretsNever:
			m.hold = requiredSecretsHold(cfg, desired.name, slices.Sorted(maps.Keys(m.heads)))
		}
	}
}

// secretsReason returns why code from a fork can't come into an environment: it has secrets, or a service that people
// ask for needs them.
func secretsReason(cfg *config.Config, desired *desiredEnvironment, mark SecretsMark) string {
	switch mark {
	case SecretsAllowed:
		return "environment " + desired.name + " has secrets, which code from a fork never gets"
	case SecretsNever:
		return ""
	}
	asked := desired.file.RefServices()
	for _, m := range desired.members {
		if m.hold == nil && !m.isFork() {
			asked = append(asked, slices.Collect(maps.Keys(m.heads))...)
		}
	}
	if name := firstWithRequiredSecrets(cfg, sortedSet(asked)); name != "" {
		return fmt.Sprintf("service %s of environment %s can't run without secrets, which code from a fork never gets", name,
			desired.name)
	}
	return ""
}

// firstWithRequiredSecrets returns the first of some services that can't run without secrets, or "".
func firstWithRequiredSecrets(cfg *config.Config, services []string) string {
	for _, name := range services {
		if s := cfg.Policy.Services.Get(name); s != nil && s.Secrets == config.SecretsRequired {
			return name
		}
	}
	return ""
}

// requiredSecretsHold holds a request for a service that can't run without secrets, in an environment that gets none.
func requiredSecretsHold(cfg *config.Config, environment string, services []string) *hold {
	name := firstWithRequiredSecrets(cfg, services)
	if name == "" {
		return nil
	}
	return &hold{
		rule: RuleFork,
		reason: fmt.Sprintf("service %s can't run without secrets, and environment %s gets none, because it has code from "+
			"a fork", name, environment),
		remedy: "run it in another environment, without the pull request from the fork",
	}
}

// checkSecrets holds an environment with secrets into which its file brings code from a fork. In an environment without
// secrets, a service that can't run without them is linked if only the profile asks for it.
func checkSecrets(planned *plannedEnvironment) *hold {
	desired := planned.desired
	mark := desired.secretsMark()
	planned.addOrigins()
	isFork := markOf(Plan{Run: planned.run}) == SecretsNever
	if mark == SecretsAllowed {
		if isFork {
			return &hold{
				rule: RuleFork,
				reason: fmt.Sprintf("a service would run a commit from a fork, and environment %s has secrets, which code from "+
					"a fork never gets", desired.name),
				remedy: "run that commit in another environment, or push its branch to the repository itself",
			}
		}
		return nil
	}
	if mark != SecretsNever && !mayBeFromFork(planned.run) {
		return nil
	}
	if h := requiredSecretsHold(planned.in.cfg, desired.name, planned.requestedServices()); h != nil {
		return h
	}
	planned.linkServicesWithRequiredSecrets()
	if isFork || mark == SecretsNever {
		planned.noteMissingSecrets()
	}
	return nil
}

// requestedServices returns the running services that a pull request changes, that the file names, that ran before, or that
// can't be linked.
func (p *plannedEnvironment) requestedServices() []string {
	var asked []string
	for name := range p.run {
		_, isChanged := p.heads[name]
		_, isNamed := p.desired.file.RefOf(name)
		isRunning := false
		if p.desired.previous != nil {
			_, isRunning = p.desired.previous.Run[name]
		}
		if isChanged || isNamed || isRunning || !p.in.cfg.HasLink(name) {
			asked = append(asked, name)
		}
	}
	slices.Sort(asked)
	return asked
}

// linkServicesWithRequiredSecrets links the services that can't run without secrets.
func (p *plannedEnvironment) linkServicesWithRequiredSecrets() {
	for _, name := range slices.Sorted(maps.Keys(p.run)) {
		if firstWithRequiredSecrets(p.in.cfg, []string{name}) == "" {
			continue
		}
		delete(p.run, name)
		delete(p.runSet, name)
		p.note("service %s is linked, because it can't run without secrets, and code from forks gets none",
			name)
	}
}

// noteMissingSecrets notes which running services don't get their secrets, and which of their stores not the dataset.
func (p *plannedEnvironment) noteMissingSecrets() {
	chosen := cmp.Or(p.desired.file.Dataset, p.in.cfg.Policy.Profiles[p.profile].Dataset, config.DefaultDataset)
	var stores []string
	for _, name := range slices.Sorted(maps.Keys(p.run)) {
		if config.HasSecrets(p.in.cfg, "services", name) {
			p.note("service %s runs without its secrets, because the environment is for code from a fork", name)
		}
		stores = append(stores, p.in.cfg.Policy.Services.Get(name).Data...)
	}
	for _, store := range sortedSet(stores) {
		if config.HasSecrets(p.in.cfg, "data", store, "datasets", chosen) {
			p.note("store %s doesn't load dataset %s, which needs secrets, because the environment is for code from a fork", store, chosen)
		}
	}
}

// addOrigins adds the origin of each commit of a pull request, which saved state of an earlier version lacks.
func (p *plannedEnvironment) addOrigins() {
	for name, ref := range p.run {
		if ref.Number == 0 || ref.Origin != "" {
			continue
		}
		repository, isRead := p.in.readRepository(strings.ToLower(p.in.cfg.Policy.Services.Get(name).Repository))
		if pr, isOpen := openPullRequest(repository, ref.Number); isRead && isOpen {
			ref.Origin = pr.headRef().Origin
			p.run[name] = ref
		}
	}
}
