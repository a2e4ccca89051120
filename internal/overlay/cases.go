package overlay

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// What the made-up environments of a check are called and run at.
const (
	sampleName = "check"
	sampleSHA  = "0123456789abcdef0123456789abcdef01234567"
)

// example is one environment that a check builds.
type example struct {
	title string
	plan  preview.Plan
}

// examples are the environments that show whether everything fits together: every profile, everything run, everything
// linked, each service alone run and alone linked, every dataset and feature, and what every folder of overlays makes.
func (r *Repo) examples(c *preview.Config) []example {
	all := services(c.Policy)
	found := []example{{"everything run", plan(all)}, {"everything linked", plan(nil)}}
	for _, name := range slices.Sorted(maps.Keys(c.Policy.Profiles)) {
		found = append(found, example{"profile " + name, planOfProfile(c.Policy, name, all)})
	}
	for _, s := range all {
		without := slices.DeleteFunc(slices.Clone(all), func(other string) bool { return other == s })
		found = append(found, example{s + " alone run", plan([]string{s})}, example{s + " alone linked", plan(without)})
	}
	for _, dataset := range r.datasets() {
		p := plan(all)
		p.Dataset = dataset
		found = append(found, example{"dataset " + dataset, p})
	}
	for _, feature := range r.features() {
		p := plan(all)
		p.Components = []string{feature}
		found = append(found, example{"component " + feature, p})
	}
	return append(found, r.environments(c)...)
}

func services(p *preview.Policy) []string {
	names := make([]string, 0, len(p.Services))
	for _, s := range p.Services {
		names = append(names, s.Name)
	}
	return names
}

// plan runs the given services at a made-up pull request, so that every image is pinned.
func plan(run []string) preview.Plan {
	p := preview.Plan{Name: sampleName, Owner: "octocat", Run: map[string]preview.Pin{}}
	for _, s := range run {
		p.Run[s] = preview.Pin{SHA: sampleSHA, Branch: "check", Number: 1}
	}
	return p
}

// planOfProfile takes `changed` for a pull request that changes everything.
func planOfProfile(policy *preview.Policy, name string, all []string) preview.Plan {
	profile := policy.Profiles[name]
	run := all
	if profile.Run.Mode == "list" {
		run = profile.Run.Services
	}
	p := plan(run)
	p.Profile, p.Dataset, p.Components = name, profile.Dataset, profile.Components
	return p
}

// Plan is what the environment of overlays/<name> consists of according to its file: the profile's services and its
// own, all at made-up commits. A folder without a file runs everything.
func Plan(c *preview.Config, name string) preview.Plan {
	e := c.Environments[name]
	if e == nil {
		e = &preview.Environment{}
	}
	p := planOfProfile(c.Policy, cmp.Or(e.Profile, c.Policy.PullRequests.Profile), services(c.Policy))
	for s := range e.Services {
		p.Run[s] = preview.Pin{SHA: sampleSHA, Branch: "check", Number: 1}
	}
	p.Links = map[string]string{}
	for s, l := range e.Links {
		delete(p.Run, s)
		p.Links[s] = c.Policy.NamespacePrefix + targetOf(c.Policy, l)
	}
	p.Name, p.Owner, p.Dataset = name, e.Owner, cmp.Or(e.Dataset, p.Dataset)
	p.Components = slices.Concat(p.Components, e.Components)
	return p
}

// targetOf is the environment that a link leads to.
func targetOf(p *preview.Policy, l preview.Link) string {
	if repository, number, ok := preview.ParsePullRequest(l.PullRequest); ok {
		return preview.PullRequestName(p, repository, number)
	}
	return l.Environment
}

// environments are the folders of overlays that belong to an environment. One that adds nothing of its own is built
// under the made-up name, so that a thousand alike are built once.
func (r *Repo) environments(c *preview.Config) []example {
	var found []example
	for _, name := range r.tree.list(overlaysFolder) {
		dir := path.Join(overlaysFolder, name)
		if r.tree.kind(dir) != isDir || r.isFixed(c, name) {
			continue
		}
		p := Plan(c, name)
		if !r.addsSomething(dir) {
			p.Name, p.Owner = sampleName, "octocat"
		}
		found = append(found, example{dir, p})
	}
	return found
}

// isFixed is true of the folders that are no environment's: the shared overlay, and those that an Application of their
// own applies as they are, like the baseline.
func (r *Repo) isFixed(c *preview.Config, name string) bool {
	dir := path.Join(overlaysFolder, name)
	hasFile := c.Environments[name] != nil || r.tree.kind(dir+"/environment.yaml") != isAbsent
	return dir == defaultOverlay || (!hasFile && !isPullRequestName(name))
}

func isPullRequestName(name string) bool {
	i := strings.LastIndex(name, "-pr-")
	return i > 0 && strings.Trim(name[i+len("-pr-"):], "0123456789") == "" && !strings.HasSuffix(name, "-")
}

func (r *Repo) addsSomething(dir string) bool {
	if r.kustomizationFile(dir) == "" {
		return false
	}
	k := r.folder(dir).k
	onlyShared := slices.Equal(k.Resources, []string{"../preview"})
	k.Resources, k.APIVersion, k.Kind = nil, "", ""
	return !onlyShared || k.CheckEmpty() == nil
}

// fixed are the overlays that are applied as they are.
func (r *Repo) fixed(c *preview.Config) []string {
	var found []string
	for _, name := range r.tree.list(overlaysFolder) {
		if dir := path.Join(overlaysFolder, name); dir != defaultOverlay && r.isFixed(c, name) && r.kustomizationFile(dir) != "" {
			found = append(found, dir)
		}
	}
	return found
}

// datasets are the names of all datasets of all stores.
func (r *Repo) datasets() []string {
	var found []string
	for _, store := range r.tree.list(baseFolder + "/data") {
		found = append(found, r.tree.list(path.Join(baseFolder, "data", store, "datasets"))...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// features are the components besides guardrails, which every environment has.
func (r *Repo) features() []string {
	return slices.DeleteFunc(r.tree.list(baseFolder+"/components"), func(name string) bool {
		return name == "guardrails" || r.kustomizationFile(path.Join(baseFolder, "components", name)) == ""
	})
}
