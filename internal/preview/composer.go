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
	// Secrets is whether the environment had secrets, or code from a fork, before.
	Secrets SecretsMark
}

// composer composes one environment.
type composer struct {
	*config.Config
	baseline  map[string]linkPatches
	plan      Plan
	kustomize Kustomize
	hosts     map[string]string // of the public services that run
	first     string            // the public service with the environment's own host
}

func (p *Plan) equal(other *Plan) bool {
	return p.Name == other.Name && p.Owner == other.Owner && p.Profile == other.Profile &&
		p.Dataset == other.Dataset && p.State == other.State && p.Secrets == other.Secrets &&
		slices.Equal(p.Editors, other.Editors) &&
		maps.EqualFunc(p.Reset, other.Reset, time.Time.Equal) &&
		slices.Equal(p.Components, other.Components) && maps.Equal(p.Run, other.Run) && maps.Equal(p.Links, other.Links) &&
		maps.EqualFunc(p.From, other.From, slices.Equal)
}

// Labels and annotations of workloads and their Pods.
const (
	// imageOf is the label of workloads that run the image of a service.
	imageOf = "previewset.dev/image-of"
	// commitAnnotation is the annotation of Pods with the deployed commit.
	commitAnnotation = "previewset.dev/commit"
	// resetAnnotation is the annotation of a store's Pods with the time at which it started anew.
	resetAnnotation = "previewset.dev/reset"
)

// component adds a folder of kustomize-base, relative to an overlay's folder. All environments share its text.
func (c *composer) component(parts ...string) {
	p := c.ComponentPath(parts...)
	if !slices.Contains(c.kustomize.Components, p) {
		c.kustomize.Components = append(c.kustomize.Components, p)
	}
}

// host returns the host of a public service. The first one that runs has the environment's own host.
func (c *composer) host(service string) string {
	if c.first == "" {
		c.first = service
		return c.plan.Name + "." + c.Policy.Domain
	}
	return service + "-" + c.plan.Name + "." + c.Policy.Domain
}

func (c *composer) patch(target Target, patch any) {
	c.kustomize.Patches = append(c.kustomize.Patches, Patch{Patch: compact(patch), Target: target})
}

// annotatePods adds an annotation to the Pod templates of workloads. Kustomize ignores the name in the patch.
func (c *composer) annotatePods(target Target, key, value string) {
	template := map[string]any{"metadata": map[string]any{"annotations": map[string]string{key: value}}}
	c.patch(target, map[string]any{
		"apiVersion": "apps/v1", "kind": target.Kind, "metadata": map[string]string{"name": "any"},
		"spec": map[string]any{"template": template},
	})
}

func (c *composer) url() string {
	if c.first == "" {
		return ""
	}
	return "https://" + c.hosts[c.first]
}
