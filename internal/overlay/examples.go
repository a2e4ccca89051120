package overlay

import (
	"maps"
	"path"
	"slices"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/overlay/build"
	"github.com/previewset/previewset/internal/overlay/filetree"
	"github.com/previewset/previewset/internal/preview"
)

// example is one environment that a check builds.
type example struct {
	title string
	plan  preview.Plan
	// config is another configuration than the repository's, if it isn't nil.
	config *config.Config
	// missing are the names of the Secrets that an environment with code from a fork doesn't get.
	missing []string
}

// examples returns the environments that together use every part of a repository: every profile, all services run, all
// linked, only one service, and only one linked, every dataset and component, and every folder of overlays.
func (r *Repo) examples(c *config.Config) []example {
	all := serviceNames(c.Policy)
	found := []example{{title: titleEverythingRun, plan: planOf(all)}, {title: "no service", plan: planOf(nil)}}
	for _, name := range slices.Sorted(maps.Keys(c.Policy.Profiles)) {
		found = append(found, example{title: "profile " + name, plan: planOfProfile(c.Policy, name)})
	}
	for _, s := range all {
		found = append(found, serviceExamples(all, s)...)
	}
	for _, dataset := range r.datasets() {
		p := planOf(all)
		p.Dataset = dataset
		found = append(found, example{title: "dataset " + dataset, plan: p})
	}
	for _, component := range r.optionalComponents() {
		p := planOf(all)
		p.Components = []string{component}
		found = append(found, example{title: "component " + component, plan: p})
	}
	return slices.Concat(found, exporterExamples(c), resetExamples(r.tree, c), debugExamples(r, c), forkExamples(r, c), r.environmentExamples(c))
}

// exporterExamples returns an environment with the exporters of all stores, if some have one.
func exporterExamples(c *config.Config) []example {
	all := config.WithExporters(c)
	if all == nil {
		return nil
	}
	return []example{{title: "exporters of all data stores", plan: planOf(serviceNames(c.Policy)), config: all}}
}

// serviceExamples returns an environment that runs only one service, and one that links only that service.
func serviceExamples(all []string, service string) []example {
	others := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == service })
	return []example{
		{title: "only " + service, plan: planOf([]string{service})},
		{title: titleAloneLinked(service), plan: planOf(others)},
	}
}

// environmentExamples returns the environments of the folders of overlays. All folders without own content share one
// name, so that a thousand of them are built once.
func (r *Repo) environmentExamples(c *config.Config) []example {
	var found []example
	for _, name := range r.tree.List(overlaysFolder) {
		dir := path.Join(overlaysFolder, name)
		if r.tree.Kind(dir) != filetree.Folder || r.isFixed(c, name) {
			continue
		}
		p := Plan(c, name)
		if !r.hasOwnContent(dir) {
			p.Name, p.Owner = sampleName, sampleOwner
		}
		found = append(found, example{title: dir, plan: p})
	}
	return found
}

// isFixed reports whether a folder belongs to no environment: the shared overlay, and each overlay that an Application
// deploys as it is, such as the baseline.
func (r *Repo) isFixed(c *config.Config, name string) bool {
	dir := path.Join(overlaysFolder, name)
	hasFile := c.Environments[name] != nil || r.tree.Kind(path.Join(dir, environmentFile)) != filetree.Absent
	return dir == defaultOverlay || (!hasFile && !config.IsPullRequestName(name))
}

// hasOwnContent reports whether an overlay adds anything to the shared one.
func (r *Repo) hasOwnContent(dir string) bool {
	if r.graph.File(dir) == "" {
		return false
	}
	k := r.graph.Folder(dir).Kustomization
	onlyShared := slices.Equal(k.Resources, []string{"../preview"})
	k.Resources, k.APIVersion, k.Kind = nil, "", ""
	return !onlyShared || k.CheckEmpty() == nil
}

// fixedOverlays returns the overlays that are deployed as they are.
func (r *Repo) fixedOverlays(c *config.Config) []string {
	var found []string
	for _, name := range r.tree.List(overlaysFolder) {
		if dir := path.Join(overlaysFolder, name); dir != defaultOverlay && r.isFixed(c, name) && r.graph.File(dir) != "" {
			found = append(found, dir)
		}
	}
	return found
}

// FixedOverlay returns the folder of an overlay that its own Application deploys as it is, such as the baseline. It
// returns "" for environments and unknown names.
func FixedOverlay(r *Repo, name string) string {
	cfg, err := r.Config(name)
	if err != nil {
		return ""
	}
	if dir := path.Join(overlaysFolder, name); slices.Contains(r.fixedOverlays(cfg), dir) {
		return dir
	}
	return ""
}

// BuildFixed returns the manifests of such an overlay, as Argo CD's repo-server builds them.
func BuildFixed(r *Repo, dir string) ([]byte, error) {
	b, err := r.builder.Overlay(dir)
	if err != nil {
		return nil, err
	}
	m, err := b.RunWithin(build.MaxTime)
	if err != nil {
		return nil, err
	}
	return m.AsYaml()
}

// datasets returns the names of the datasets of all stores.
func (r *Repo) datasets() []string {
	var found []string
	for _, store := range r.tree.List(baseFolder + "/data") {
		found = append(found, r.tree.List(path.Join(baseFolder, "data", store, "datasets"))...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// optionalComponents returns the components without guardrails, which every environment has.
func (r *Repo) optionalComponents() []string {
	return slices.DeleteFunc(r.tree.List(baseFolder+"/components"), func(name string) bool {
		return name == "guardrails" || r.graph.File(path.Join(baseFolder, "components", name)) == ""
	})
}
