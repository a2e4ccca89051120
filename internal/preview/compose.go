package preview

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/previewset/previewset/internal/config"
)

// Plan is the input of the composition of one environment.
type Plan struct {
	Name    string
	Owner   string // a GitHub login, or ""
	Profile string
	Dataset string // "" for the default one
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
}

// composer composes one environment.
type composer struct {
	*config.Config
	baseline map[string]linkPatches
	plan     Plan
	k        Kustomize
	hosts    map[string]string // of the public services that run
	first    string            // the public service with the environment's own host
}

// Compose returns everything of a Row that follows from configuration. It fails if the plan has an unknown service,
// or an invalid image tag.
func Compose(c *config.Config, p Plan) (Row, error) {
	k, err := composePlan(c, baselineLinks(c), p)
	if err != nil {
		return Row{}, err
	}
	return k.row(), nil
}

func composePlan(c *config.Config, baseline map[string]linkPatches, p Plan) (*composer, error) {
	k := &composer{Config: c, baseline: baseline, plan: p, hosts: map[string]string{}}
	k.k = Kustomize{Namespace: c.Policy.NamespacePrefix + p.Name, Components: []string{}, Images: []string{}, Patches: []Patch{}}
	if err := k.unknown(); err != nil {
		return nil, err
	}
	k.services()
	if err := k.images(); err != nil {
		return nil, err
	}
	k.stores()
	if len(p.From) > 0 {
		k.component("components", config.SharedComponent)
	}
	for _, f := range p.Components {
		if f != config.Guardrails { // last, so that nothing undoes it
			k.component("components", f)
		}
	}
	k.component("components", config.Guardrails)
	k.environment()
	k.routes()
	k.links()
	k.allowIngressFromLinks()
	k.state()
	k.k.Components, k.k.Patches = slices.Clone(k.k.Components), slices.Clone(k.k.Patches) // without spare capacity
	return k, nil
}

func (p *Plan) equal(other *Plan) bool {
	return p.Name == other.Name && p.Owner == other.Owner && p.Profile == other.Profile && p.Dataset == other.Dataset && p.State == other.State &&
		slices.Equal(p.Components, other.Components) && maps.Equal(p.Run, other.Run) && maps.Equal(p.Links, other.Links) &&
		maps.EqualFunc(p.From, other.From, slices.Equal)
}

func (k *composer) unknown() error {
	for name := range k.plan.Run {
		if k.Policy.Services.Get(name) == nil {
			return fmt.Errorf("there is no service %q", config.Printable(name))
		}
	}
	return nil
}

// component adds a folder of kustomize-base, relative to an overlay's folder. All environments share its text.
func (k *composer) component(parts ...string) {
	p := k.ComponentPath(parts...)
	if !slices.Contains(k.k.Components, p) {
		k.k.Components = append(k.k.Components, p)
	}
}

func (k *composer) services() {
	for _, s := range k.Policy.Services {
		if _, runs := k.plan.Run[s.Name]; !runs {
			k.k.Components = append(k.k.Components, k.baseline[s.Name].component)
			continue
		}
		k.component("services", s.Name, "run")
		if s.Public {
			k.hosts[s.Name] = k.host(s.Name)
		}
	}
}

// host returns the host of a public service. The first one that runs has the environment's own host.
func (k *composer) host(service string) string {
	if k.first == "" {
		k.first = service
		return k.plan.Name + "." + k.Policy.Domain
	}
	return service + "-" + k.plan.Name + "." + k.Policy.Domain
}

func (k *composer) images() error {
	for _, s := range k.Policy.Services {
		pin, runs := k.plan.Run[s.Name]
		if !runs || pin == (config.ServiceRef{}) {
			continue
		}
		tag, err := s.ImageTag(pin)
		if err != nil {
			return err
		}
		k.k.Images = append(k.k.Images, s.Image+":"+tag)
	}
	return nil
}

// stores adds the data stores of the running services with the chosen dataset. A store without it gets the default.
func (k *composer) stores() {
	dataset := k.plan.Dataset
	if dataset == "" {
		dataset = config.DefaultDataset
	}
	for _, s := range k.Policy.Services {
		if _, runs := k.plan.Run[s.Name]; !runs {
			continue
		}
		for _, store := range s.Data {
			k.component("data", store)
			if sets := k.Datasets(store); sets[dataset] {
				k.component("data", store, "datasets", dataset)
			} else if sets[config.DefaultDataset] {
				k.component("data", store, "datasets", config.DefaultDataset)
			}
		}
	}
}

// environment fills ConfigMap environment, which Pods read.
func (k *composer) environment() {
	commits := map[string]string{}
	for name, pin := range k.plan.Run {
		if pin.SHA != "" {
			commits[name] = pin.SHA
		}
	}
	owner := k.plan.Owner
	if !config.IsLogin(owner) {
		owner = config.LabelSlug(owner) // whatever that is, it is no login
	}
	k.patch(Target{Kind: "ConfigMap", Name: "environment"}, map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]string{"name": "environment"},
		"data": map[string]string{
			"name": k.plan.Name, "namespace": k.k.Namespace, "owner": owner, "url": k.url(),
			"hosts": compact(k.hosts), "commits": compact(commits),
		},
	})
}

// routes sets the hosts of the running public services, in both kinds of routes.
func (k *composer) routes() {
	for _, name := range slices.Sorted(maps.Keys(k.hosts)) {
		selector := "previewset.dev/public=" + name
		k.patch(Target{Kind: "Ingress", LabelSelector: selector}, replace("/spec/rules/0/host", k.hosts[name]))
		k.patch(Target{Kind: "HTTPRoute", LabelSelector: selector}, replace("/spec/hostnames", []string{k.hosts[name]}))
	}
}

// linkPatches take the place of a service that doesn't run in the environment: a component, and patches with its
// target.
type linkPatches struct {
	component string
	patches   []Patch
}

// baselineLinks returns the link of each service to the baseline.
func baselineLinks(c *config.Config) map[string]linkPatches {
	links := make(map[string]linkPatches, len(c.Policy.Services))
	for _, s := range c.Policy.Services {
		links[s.Name] = linkTo(c, s.Name, c.Policy.Baseline.Namespace)
	}
	return links
}

// linkTo points the Service to a namespace, and allows the Pods to reach it there.
func linkTo(c *config.Config, service, namespace string) linkPatches {
	selector := "previewset.dev/link=" + service
	return linkPatches{component: c.ComponentPath("services", service, "link"), patches: []Patch{
		{compact(replace("/spec/externalName", service+"."+namespace+".svc.cluster.local")), Target{Kind: "Service", LabelSelector: selector}},
		{compact(replace("/spec/egress/0/to/0/namespaceSelector/matchLabels/kubernetes.io~1metadata.name", namespace)), Target{Kind: "NetworkPolicy", LabelSelector: selector}},
	}}
}

// links adds the patches of all services that don't run in the environment. Links to the baseline are the same in all
// environments, and most of a row, so all share their texts.
func (k *composer) links() {
	k.k.Patches = slices.Grow(k.k.Patches, 2*(len(k.Policy.Services)-len(k.plan.Run)))
	for _, s := range k.Policy.Services {
		if _, runs := k.plan.Run[s.Name]; runs {
			continue
		}
		l := k.baseline[s.Name]
		if namespace := k.plan.Links[s.Name]; namespace != "" {
			l = linkTo(k.Config, s.Name, namespace)
		}
		k.k.Patches = append(k.k.Patches, l.patches...)
	}
}

// allowIngressFromLinks allows ingress to linked services from exactly the namespaces that link to them.
func (k *composer) allowIngressFromLinks() {
	var namespaces []string
	for _, list := range k.plan.From {
		namespaces = append(namespaces, list...)
	}
	if len(namespaces) == 0 {
		return
	}
	from := []any{}
	for _, n := range sortedSet(namespaces) {
		from = append(from, map[string]any{"namespaceSelector": map[string]any{"matchLabels": map[string]string{"kubernetes.io/metadata.name": n}}})
	}
	pods := map[string]any{"matchExpressions": []any{map[string]any{
		"key": "app.kubernetes.io/name", "operator": "In", "values": slices.Sorted(maps.Keys(k.plan.From)),
	}}}
	k.patch(Target{Kind: "NetworkPolicy", Name: "allow-links"}, []map[string]any{
		{"op": "add", "path": "/spec/podSelector", "value": pods},
		{"op": "add", "path": "/spec/ingress/0/from", "value": from},
	})
}

// replace returns an RFC 6902 patch of one value. The operation "add" also replaces.
func replace(pointer string, value any) any {
	return []map[string]any{{"op": "add", "path": pointer, "value": value}}
}

func (k *composer) patch(target Target, patch any) {
	k.k.Patches = append(k.k.Patches, Patch{Patch: compact(patch), Target: target})
}

// compact returns JSON with sorted keys. Composed values always marshal.
func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (k *composer) url() string {
	if k.first == "" {
		return ""
	}
	return "https://" + k.hosts[k.first]
}

func (k *composer) row() Row {
	overlay, revision := k.Overlay(k.plan.Name)
	return Row{
		Name: k.plan.Name, Namespace: k.k.Namespace, Path: overlay, Revision: revision,
		Owner: config.Printable(k.plan.Owner), OwnerSlug: config.LabelSlug(k.plan.Owner), Profile: k.plan.Profile, State: cmp.Or(k.plan.State, Awake), URL: k.url(),
		Labels: []string{}, Kustomize: k.k, Info: []Info{}, IgnoreDifferences: []IgnoreDifference{}, SyncOptions: []string{},
	}
}
