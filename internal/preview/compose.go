package preview

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/config"
)

// Compose returns everything of a Row that follows from configuration. It fails if the plan has an unknown service,
// or an invalid image tag.
func Compose(cfg *config.Config, p Plan) (Row, error) {
	c, err := composePlan(cfg, baselineLinks(cfg), p)
	if err != nil {
		return Row{}, err
	}
	return c.row(), nil
}

func composePlan(cfg *config.Config, baseline map[string]linkPatches, p Plan) (*composer, error) {
	c := &composer{Config: cfg, baseline: baseline, plan: p, hosts: map[string]string{}}
	c.kustomize = Kustomize{
		Namespace:  cfg.Policy.NamespacePrefix + p.Name,
		Components: []string{}, Images: []string{}, Patches: []Patch{},
	}
	if err := c.checkServices(); err != nil {
		return nil, err
	}
	c.addServices()
	if err := c.addImages(); err != nil {
		return nil, err
	}
	c.addRedeploy()
	c.addCommits()
	c.addContainers()
	c.addDebuggers()
	c.addStores()
	c.addCloud()
	c.addSecrets()
	if len(p.From) > 0 {
		c.addComponent("components", config.SharedComponent)
	}
	for _, f := range p.Components {
		isBuiltIn := f == config.DebugComponent && !config.HasComponent(cfg, f)
		if f != config.Guardrails && !isBuiltIn { // guardrails last, so that nothing undoes them
			c.addComponent("components", f)
		}
	}
	c.addAccess()
	c.addComponent("components", config.Guardrails)
	c.addQuota()
	c.addEnvironmentPatch()
	c.addHosts()
	c.addLinks()
	c.allowIngressFromLinks()
	c.addStatePatches()
	// Rows stay in memory: without spare capacity.
	c.kustomize.Components = slices.Clone(c.kustomize.Components)
	c.kustomize.Patches = slices.Clone(c.kustomize.Patches)
	return c, nil
}

func (c *composer) checkServices() error {
	for name := range c.plan.Run {
		if c.Policy.Services.Get(name) == nil {
			return fmt.Errorf("there is no service %q", config.Printable(name))
		}
	}
	return nil
}

func (c *composer) addServices() {
	for _, s := range c.Policy.Services {
		if _, runs := c.plan.Run[s.Name]; !runs {
			if link := c.baseline[s.Name].component; link != "" {
				c.kustomize.Components = append(c.kustomize.Components, link)
			}
			continue
		}
		c.addComponent("services", s.Name, "run")
		if s.Public {
			c.hosts[s.Name] = c.assignHost(s.Name)
		}
	}
}

func (c *composer) addImages() error {
	for _, s := range c.Policy.Services {
		ref, runs := c.plan.Run[s.Name]
		if !runs || ref == (config.ServiceRef{}) {
			continue
		}
		tag, err := s.ImageTag(ref)
		if err != nil {
			return err
		}
		c.kustomize.Images = append(c.kustomize.Images, s.Image+":"+tag)
	}
	return nil
}

// addStores adds the data stores of the running services with their datasets.
func (c *composer) addStores() {
	for _, s := range c.Policy.Services {
		if _, runs := c.plan.Run[s.Name]; !runs {
			continue
		}
		for _, store := range s.Data {
			c.addComponent("data", store)
			if dataset := datasetOf(c.Config, c.plan, store); dataset != "" {
				c.addComponent("data", store, "datasets", dataset)
			}
			for _, preset := range config.Exporters(c.Config, store) {
				c.addComponent("data", store, "exporters", preset)
			}
			c.addReset(store)
		}
	}
}

// datasetOf returns the dataset of a store: the chosen one, else the default one, else "". Code from a fork never gets
// data for which its store needs secrets.
func datasetOf(cfg *config.Config, p Plan, store string) string {
	dataset, sets := cmp.Or(p.Dataset, config.DefaultDataset), cfg.Datasets(store)
	isForbidden := markOf(p) == SecretsNever && config.HasSecrets(cfg, "data", store, "datasets", dataset)
	switch {
	case sets[dataset] && !isForbidden:
		return dataset
	case sets[config.DefaultDataset]:
		return config.DefaultDataset
	}
	return ""
}

// addEnvironmentPatch fills ConfigMap environment, which Pods read.
func (c *composer) addEnvironmentPatch() {
	commits := map[string]string{}
	for name, ref := range c.plan.Run {
		if ref.SHA != "" {
			commits[name] = ref.SHA
		}
	}
	owner := c.plan.Owner
	if !config.IsLogin(owner) {
		owner = config.LabelSlug(owner) // an owner that is no login
	}
	data := map[string]string{
		"name": c.plan.Name, "namespace": c.kustomize.Namespace, "owner": owner, "url": c.url(),
		"hosts": compact(c.hosts), "commits": compact(commits),
	}
	maps.Copy(data, c.cloudData)
	c.addPatch(Target{Kind: "ConfigMap", Name: "environment"}, map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]string{"name": "environment"}, "data": data,
	})
}

// addHosts sets the hosts of the running public services in their Ingresses and HTTPRoutes.
func (c *composer) addHosts() {
	for _, name := range slices.Sorted(maps.Keys(c.hosts)) {
		selector := config.PublicLabel + "=" + name
		c.addPatch(Target{Kind: "Ingress", LabelSelector: selector}, replace("/spec/rules/0/host", c.hosts[name]))
		c.addPatch(Target{Kind: "HTTPRoute", LabelSelector: selector}, replace("/spec/hostnames", []string{c.hosts[name]}))
	}
}

// addLinks adds the patches of all services that don't run in the environment. Links to the baseline are the same in all
// environments, and most of a row, so all share their texts.
func (c *composer) addLinks() {
	c.kustomize.Patches = slices.Grow(c.kustomize.Patches, 2*(len(c.Policy.Services)-len(c.plan.Run)))
	for _, s := range c.Policy.Services {
		if _, runs := c.plan.Run[s.Name]; runs {
			continue
		}
		l := c.baseline[s.Name]
		if namespace := c.plan.Links[s.Name]; namespace != "" {
			l = linkTo(c.Config, s.Name, namespace)
		}
		c.kustomize.Patches = append(c.kustomize.Patches, l.patches...)
	}
}

// allowIngressFromLinks allows ingress to linked services from exactly the namespaces that link to them.
func (c *composer) allowIngressFromLinks() {
	var namespaces []string
	for _, list := range c.plan.From {
		namespaces = append(namespaces, list...)
	}
	if len(namespaces) == 0 {
		return
	}
	pods := map[string]any{"matchExpressions": []any{map[string]any{
		"key": "app.kubernetes.io/name", "operator": "In", "values": slices.Sorted(maps.Keys(c.plan.From)),
	}}}
	c.addPatch(Target{Kind: "NetworkPolicy", Name: "allow-links"}, []map[string]any{
		{"op": "add", "path": "/spec/podSelector", "value": pods},
		{"op": "add", "path": "/spec/ingress/0/from", "value": peersOf(namespaces)},
	})
	for _, service := range slices.Sorted(maps.Keys(c.plan.From)) {
		target := Target{Kind: "NetworkPolicy", LabelSelector: config.SharedLabel + "=" + service}
		c.addPatch(target, replace("/spec/ingress/0/from", peersOf(c.plan.From[service])))
	}
}

// peersOf returns the peers of a NetworkPolicy for all Pods of some namespaces.
func peersOf(namespaces []string) []any {
	peers := []any{}
	for _, n := range sortedSet(namespaces) {
		peers = append(peers, map[string]any{
			"namespaceSelector": map[string]any{"matchLabels": map[string]string{"kubernetes.io/metadata.name": n}},
		})
	}
	return peers
}

// contents returns the running services and the links, in the order of the configuration.
func (c *composer) contents() (services []RunningService, links []Link) {
	services, links = make([]RunningService, 0, len(c.plan.Run)), []Link{}
	for _, s := range c.Policy.Services {
		if ref, runs := c.plan.Run[s.Name]; runs {
			services = append(services, RunningService{Service: s.Name, Commit: ref.SHA, Host: c.hosts[s.Name]})
		} else {
			links = addLink(links, cmp.Or(c.plan.Links[s.Name], c.Policy.Baseline.Namespace), s.Name)
		}
	}
	return services, links
}

func (c *composer) row() Row {
	overlay, revision := c.Overlay(c.plan.Name)
	services, links := c.contents()
	return Row{
		Name: c.plan.Name, Namespace: c.kustomize.Namespace, Path: overlay, Revision: revision,
		Owner: config.Printable(c.plan.Owner), OwnerSlug: config.LabelSlug(c.plan.Owner), Profile: c.plan.Profile,
		State: cmp.Or(c.plan.State, Awake), URL: c.url(),
		Services: services, Links: links, Labels: []string{}, Kustomize: c.kustomize, Info: []Info{},
		IgnoreDifferences: []IgnoreDifference{}, SyncOptions: []string{},
	}
}

// addCommits writes the deployed commit of a service into the Pod template of its workloads, where the image's tag doesn't
// contain it. A new commit has the same tag there, and Kubernetes would not start new Pods. A tag with the commit needs
// no annotation.
func (c *composer) addCommits() {
	for _, s := range c.Policy.Services {
		ref, runs := c.plan.Run[s.Name]
		if !runs || ref.SHA == "" || s.TagHasCommit() {
			continue
		}
		for _, kind := range []string{"Deployment", "StatefulSet"} {
			c.addPodAnnotation(Target{Kind: kind, LabelSelector: config.ImageOfLabel + "=" + s.Name}, config.CommitAnnotation, ref.SHA)
		}
	}
}

// addReset adds the component that empties a store's volume before the store starts, if the environment's file asks for
// it. The component remembers in the volume the time for which it did that. A new time changes the Pod template, so
// Argo CD's sync starts a new Pod. A copy of a snapshot is never emptied, because the store can't load it again, and a
// store in the baseline's server has no volume here.
func (c *composer) addReset(store string) {
	at, ok := c.plan.Reset[store]
	if !ok || !config.CanReset(c.Config, store) || !config.CanLoadAgain(c.Config, store, datasetOf(c.Config, c.plan, store)) {
		return
	}
	c.addComponent("data", store, "reset")
	for _, kind := range []string{"Deployment", "StatefulSet"} {
		target := Target{Kind: kind, Name: store}
		if !slices.ContainsFunc(c.kustomize.Patches, func(p Patch) bool { return p.Target == target }) {
			c.addPodAnnotation(target, config.ResetAnnotation, at.UTC().Format(time.RFC3339))
		}
	}
}
