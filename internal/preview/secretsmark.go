package preview

import (
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/config"
)

// The patches are the same in all environments, so all share their texts.
const (
	markStart = `{"apiVersion":"v1","kind":"Namespace","metadata":{"labels":{"` + config.SecretsLabel + `":"`
	markEnd   = `"},"name":"any"}}`

	withoutExternalSecrets = `{"$patch":"delete","apiVersion":"external-secrets.io/v1","kind":"ExternalSecret",` +
		`"metadata":{"name":"any"}}`
	withoutSealedSecrets = `{"$patch":"delete","apiVersion":"bitnami.com/v1alpha1","kind":"SealedSecret",` +
		`"metadata":{"name":"any"}}`
)

// addSecrets adds the components with secrets, if all code is known to come from the repositories themselves. Where code
// comes from a fork it also deletes the secrets that an overlay or another component brings.
func (c *composer) addSecrets() {
	mark := markOf(c.plan)
	if mark != SecretsNever && !mayBeFromFork(c.plan.Run) && c.addSecretComponents() {
		mark = SecretsAllowed
	}
	if mark == "" {
		return
	}
	c.kustomize.Patches = append(c.kustomize.Patches, Patch{markStart + string(mark) + markEnd, Target{Kind: "Namespace"}})
	if mark == SecretsNever {
		c.kustomize.Patches = append(c.kustomize.Patches,
			Patch{withoutExternalSecrets, Target{Kind: "ExternalSecret"}},
			Patch{withoutSealedSecrets, Target{Kind: "SealedSecret"}})
	}
}

// addSecretComponents adds the components with the secrets of all environments, of the running services, of their stores
// and of their datasets. It returns false if there are none.
func (c *composer) addSecretComponents() bool {
	before := len(c.kustomize.Components)
	add := func(parts ...string) {
		if config.HasSecrets(c.Config, parts...) {
			c.addComponent(append(parts, config.SecretsFolder)...)
		}
	}
	add()
	for _, s := range c.Policy.Services {
		if _, runs := c.plan.Run[s.Name]; !runs {
			continue
		}
		add("services", s.Name)
		for _, store := range s.Data {
			add("data", store)
			add("data", store, "datasets", datasetOf(c.Config, c.plan, store))
		}
	}
	return len(c.kustomize.Components) > before
}

// markOf returns the mark that an environment has, or gets because of code from a fork.
func markOf(p Plan) SecretsMark {
	for _, ref := range p.Run {
		if ref.Origin == config.OriginFork {
			return SecretsNever
		}
	}
	return p.Secrets
}

// mayBeFromFork reports whether a commit comes from a fork, or from a pull request of unknown origin.
func mayBeFromFork(run map[string]config.ServiceRef) bool {
	for _, ref := range run {
		if !ref.MayGetSecrets() {
			return true
		}
	}
	return false
}

// SecretsMark returns the mark of a row.
func (r Row) SecretsMark() SecretsMark {
	i := slices.IndexFunc(r.Kustomize.Patches, func(p Patch) bool {
		return p.Target == Target{Kind: "Namespace"} && strings.HasPrefix(p.Patch, markStart)
	})
	if i < 0 {
		return ""
	}
	return SecretsMark(strings.TrimSuffix(strings.TrimPrefix(r.Kustomize.Patches[i].Patch, markStart), markEnd))
}

// origin returns the origin of the commits of pull requests in a marked environment.
func (m SecretsMark) origin() config.Origin {
	switch m {
	case SecretsAllowed:
		return config.OriginOwn
	case SecretsNever:
		return config.OriginFork
	}
	return ""
}
