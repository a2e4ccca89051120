package preview

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// holdForSecrets holds the members of a named environment that can't run together with the others because of secrets:
// code from a fork never runs where secrets are, and secrets never come where code from a fork ran
// (docs/decisions/0019-no-secrets-for-forks.md). Such a member doesn't hold the others.
func holdForSecrets(cfg *config.Config, w *desired) {
	mark := SecretsMark("")
	if w.previous != nil {
		mark = w.previous.Row.SecretsMark()
	}
	why := secretsReason(cfg, w, mark)
	for _, m := range w.members {
		switch {
		case m.hold != nil:
		case m.isFork() && why != "":
			m.hold = &hold{
				rule: RuleFork, reason: "it comes from a fork, and " + why,
				remedy: fmt.Sprintf("label it only %q: its own environment has no secrets. Or %s",
					cfg.Policy.PullRequests.Label, pushBranchRemedy),
			}
		case mark == SecretsNever:
			m.hold = requiredHold(cfg, w.name, slices.Sorted(maps.Keys(m.heads)))
		}
	}
}

// secretsReason returns why code from a fork can't come into an environment: it has secrets, or a service that people
// ask for needs them.
func secretsReason(cfg *config.Config, w *desired, mark SecretsMark) string {
	switch mark {
	case SecretsAllowed:
		return "environment " + w.name + " has secrets, which code from a fork never gets"
	case SecretsNever:
		return ""
	}
	asked := slices.Collect(maps.Keys(w.file.Services))
	for _, m := range w.members {
		if m.hold == nil && !m.isFork() {
			asked = append(asked, slices.Collect(maps.Keys(m.heads))...)
		}
	}
	if name := firstRequired(cfg, sortedSet(asked)); name != "" {
		return fmt.Sprintf("service %s of environment %s can't run without secrets, which code from a fork never gets", name,
			w.name)
	}
	return ""
}

// firstRequired returns the first of some services that can't run without secrets, or "".
func firstRequired(cfg *config.Config, services []string) string {
	for _, name := range services {
		if s := cfg.Policy.Services.Get(name); s != nil && s.Secrets == config.SecretsRequired {
			return name
		}
	}
	return ""
}

// requiredHold holds what asks for a service that can't run without secrets, in an environment that gets none.
func requiredHold(cfg *config.Config, environment string, services []string) *hold {
	name := firstRequired(cfg, services)
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
func checkSecrets(d *plannedEnvironment) *hold {
	w := d.desired
	mark := SecretsMark("")
	if w.previous != nil {
		mark = w.previous.Row.SecretsMark()
	}
	d.noteOrigins()
	isFork := markOf(Plan{Run: d.run}) == SecretsNever
	if mark == SecretsAllowed {
		if isFork {
			return &hold{
				rule: RuleFork,
				reason: fmt.Sprintf("a service would run a commit from a fork, and environment %s has secrets, which code from "+
					"a fork never gets", w.name),
				remedy: "run that commit in another environment, or push its branch to the repository itself",
			}
		}
		return nil
	}
	if mark != SecretsNever && !mayBeFromFork(d.run) {
		return nil
	}
	if h := requiredHold(d.in.cfg, w.name, d.askedServices()); h != nil {
		return h
	}
	d.linkRequired()
	if isFork || mark == SecretsNever {
		d.noteLeftOut()
	}
	return nil
}

// askedServices returns the running services that a pull request changes, that the file names, that ran before, or that
// can't be linked.
func (d *plannedEnvironment) askedServices() []string {
	var asked []string
	for name := range d.run {
		_, isChanged := d.heads[name]
		_, isNamed := d.desired.file.Services[name]
		isRunning := false
		if d.desired.previous != nil {
			_, isRunning = d.desired.previous.Run[name]
		}
		if isChanged || isNamed || isRunning || !d.in.cfg.HasLink(name) {
			asked = append(asked, name)
		}
	}
	slices.Sort(asked)
	return asked
}

// linkRequired links the services that can't run without secrets.
func (d *plannedEnvironment) linkRequired() {
	for _, name := range slices.Sorted(maps.Keys(d.run)) {
		if firstRequired(d.in.cfg, []string{name}) == "" {
			continue
		}
		delete(d.run, name)
		delete(d.set, name)
		d.notes = append(d.notes, fmt.Sprintf("service %s is linked, because it can't run without secrets, and code from "+
			"forks gets none", name))
	}
}

// noteLeftOut says which running services don't get their secrets.
func (d *plannedEnvironment) noteLeftOut() {
	for _, name := range slices.Sorted(maps.Keys(d.run)) {
		if config.HasSecrets(d.in.cfg, "services", name) {
			d.notes = append(d.notes, fmt.Sprintf("service %s runs without its secrets, because the environment has code from "+
				"a fork", name))
		}
	}
}

// noteOrigins finds the origins of commits that a state of an earlier version doesn't have.
func (d *plannedEnvironment) noteOrigins() {
	for name, ref := range d.run {
		if ref.Number == 0 || ref.Origin != "" {
			continue
		}
		repository, isRead := d.in.readRepository(strings.ToLower(d.in.cfg.Policy.Services.Get(name).Repository))
		if pr, isOpen := openPullRequest(repository, ref.Number); isRead && isOpen {
			ref.Origin = pr.headRef().Origin
			d.run[name] = ref
		}
	}
}
