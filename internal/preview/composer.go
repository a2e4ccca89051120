package preview

import (
	"maps"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// Plan is the input of the composition of one environment.
type Plan struct {
	Name    string
	Owner   string // a GitHub login, or ""
	Profile string
	Dataset string // "" for the default one
	// Reset are the stores that start anew, each with the time of the request.
	Reset map[string]time.Time
	// Redeployed is the time of the last request to start new Pods of all services; zero without one.
	Redeployed time.Time
	// Env are variables of services. Those of services that don't run here have no effect.
	Env map[string]map[string]string
	// Components are folders of kustomize-base/components, in this order.
	Components []string
	// Run are the services that run in the environment, with their commits.
	Run map[string]config.ServiceRef
	// Links are the namespaces of linked services. A service that is neither here nor in Run links to the baseline.
	Links map[string]string
	// From are the namespaces that link to services of the environment.
	From map[string][]string
	// State is Awake, Waking or Asleep; "" is Awake.
	State State
	// Editors are GitHub logins of people who may change the environment's workloads with kubectl.
	Editors []string
	// Generation is a text that differs each time the environment is made anew; "" for an environment that doesn't exist.
	Generation string
	// Secrets is whether the environment had secrets, or code from a fork, before, or is for a fork.
	Secrets SecretsMark
}

// SecretsMark says whether an environment gets secrets. It is a label of its Namespace, which the admission policies
// and the secret store read. Once set, it never changes in the life of an environment: a Pod could otherwise still
// read a Secret that is being deleted, or read one after code from a fork ran beside it.
type SecretsMark string

// The marks. An environment without one has no secrets yet.
const (
	SecretsAllowed SecretsMark = "allowed" // it has secrets; no code from a fork may come into it
	SecretsNever   SecretsMark = "never"   // code from a fork ran in it
)

// composer composes one environment.
type composer struct {
	*config.Config
	baseline    map[string]linkPatches
	plan        Plan
	kustomize   Kustomize
	hosts       map[string]string // of the public services that run
	mainService string            // the public service with the environment's own host
	cloudData   map[string]string // the values for the Pods about cloud resources
}

func (p *Plan) equal(other *Plan) bool {
	return p.Name == other.Name && p.Owner == other.Owner && p.Profile == other.Profile &&
		p.Dataset == other.Dataset && p.State == other.State && p.Secrets == other.Secrets &&
		p.Generation == other.Generation && p.Redeployed.Equal(other.Redeployed) &&
		slices.Equal(p.Editors, other.Editors) &&
		maps.EqualFunc(p.Env, other.Env, maps.Equal) &&
		maps.EqualFunc(p.Reset, other.Reset, time.Time.Equal) &&
		slices.Equal(p.Components, other.Components) && maps.Equal(p.Run, other.Run) && maps.Equal(p.Links, other.Links) &&
		maps.EqualFunc(p.From, other.From, slices.Equal)
}

// addComponent adds a folder of kustomize-base, relative to an overlay's folder. All environments share its text.
func (c *composer) addComponent(parts ...string) {
	p := c.ComponentPath(parts...)
	if !slices.Contains(c.kustomize.Components, p) {
		c.kustomize.Components = append(c.kustomize.Components, p)
	}
}

// assignHost returns the host of a public service. The first one that runs has the environment's own host.
func (c *composer) assignHost(service string) string {
	if c.mainService == "" {
		c.mainService = service
		return c.plan.Name + "." + c.Policy.Domain
	}
	return service + "-" + c.plan.Name + "." + c.Policy.Domain
}

func (c *composer) url() string {
	if c.mainService == "" {
		return ""
	}
	return "https://" + c.hosts[c.mainService]
}
