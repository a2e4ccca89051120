package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

func (v *validator) validateServices() {
	if v.lines["services"] == 0 {
		v.mistake("services", "is missing", "write services: {}, and add services with previewctl service add")
	}
	images := map[string]*Service{}
	for i := range v.cfg.Policy.Services {
		s := &v.cfg.Policy.Services[i]
		at := "services." + s.Name
		v.validateService(at, s)
		// Without repositories no commit changes the image of either.
		if other := images[s.Image]; other != nil && other.Repository+s.Repository != "" {
			v.mistake(
				at+".image",
				"is also the image of "+other.Name,
				"make them one service with several workloads, because images are replaced by name",
			)
		}
		if other := images[s.Image]; other == nil || other.Repository == "" {
			images[s.Image] = s
		}
	}
}

func (v *validator) validateService(at string, s *Service) {
	if !IsDNSLabel(s.Name, maxServiceName) {
		v.mistake(at, "is not a service name", fmt.Sprintf("write at most %d of a to z, 0 to 9 and -", maxServiceName))
	}
	v.validateServiceRepository(at, s)
	if len(s.Image) > maxImage || !imagePattern.MatchString(s.Image) {
		v.mistake(
			at+".image",
			fmt.Sprintf("%q is not an image name", Printable(s.Image)),
			"write the name that kustomize-base uses, without tag",
		)
	}
	if err := tagProblem(s.Tag); err != "" {
		v.mistake(at+".tag", err, tagRemedy)
	}
	for i, pattern := range s.Paths {
		if !doublestar.ValidatePattern(pattern) || pattern == "" || strings.HasPrefix(pattern, "/") ||
			strings.HasPrefix(pattern, "./") {
			v.mistake(
				fmt.Sprintf("%s.paths[%d]", at, i),
				"is not a path pattern",
				`write one like "orders/**", from the repository's top`,
			)
		}
	}
	v.validateReferences(at, s)
	if s.Secrets == SecretsRequired && !HasSecrets(v.cfg, "services", s.Name) {
		v.mistake(at+".secrets", fmt.Sprintf("%s/services/%s/%s is missing", BaseFolder, s.Name, SecretsFolder),
			"add the component with its secrets, or remove secrets here")
	}
	v.validateContainer(at+".container", s)
	v.validateDebug(at+".debug", s)
	v.validateReady(at+".ready", s.Ready)
	v.validateDefault(at, s)
}

func (s Service) canDebug() bool { return s.Debug != nil }

// validateDebug checks the debugger of a service, and fills in its defaults.
func (v *validator) validateDebug(at string, s *Service) {
	d := s.Debug
	switch {
	case d == nil:
		return
	case d.Language == "":
		v.mistake(at, "needs language", "write language: python, node, jvm or go")
	case len(d.Command) == 0 && (d.Language == "python" || d.Language == "go"):
		v.mistake(at, "needs command", `write the command with the debugger, such as `+debugCommands[d.Language])
	case len(d.Command) > 0 && d.Language != "python" && d.Language != "go":
		v.mistake(at+".command", "has no effect for "+d.Language+", which gets a variable", "remove it")
	}
	if slices.Contains(d.Command, "") {
		v.mistake(at+".command", "has an empty text", "remove it")
	}
	d.Port, d.Container = cmp.Or(d.Port, debugPorts[d.Language]), cmp.Or(d.Container, s.MainContainer())
	if d.Language != "" && (d.Port < 1 || d.Port > 65535) {
		v.mistake(at+".port", fmt.Sprintf("%d is not a port", d.Port), "write 1 to 65535")
	}
	if !IsDNSLabel(d.Container, maxKubernetesName) {
		v.mistake(at+".container", "is not a container's name", "write the name in the service's workload")
	}
}

// debugCommands are examples.
var debugCommands = map[string]string{
	"python": `[python, -m, debugpy, --listen, "127.0.0.1:5678", -m, orders]`,
	"go": `[dlv, exec, /orders, --headless, "--listen=127.0.0.1:2345", --api-version=2, --accept-multiclient, ` +
		`--continue]`,
}

func (v *validator) validateReady(at string, r *Ready) {
	const example = "write {check: image, app: github-actions}"
	switch {
	case r == nil:
	case r.Check == "" || r.App == "" && r.UserID == 0:
		v.mistake(at, "needs check and app", example)
	case r.UserID != 0 && (r.App != "" || r.AppID != 0):
		v.mistake(at, "names both an App and a user", example+", or {check: image, userID: 583231}")
	}
}

// validateServiceRepository checks the repository of a service. Without one, no pull request changes the service, and
// it has no branch, tag or check.
func (v *validator) validateServiceRepository(at string, s *Service) {
	if v.lines[at+".repository"] != 0 {
		if !IsRepository(s.Repository) {
			v.mistake(at+".repository", fmt.Sprintf("%q is not a repository", Printable(s.Repository)), "write owner/name")
		}
		return
	}
	for _, key := range []string{"paths", "ready", "default"} {
		if v.lines[at+"."+key] != 0 {
			v.mistake(at+"."+key, "has no meaning without repository", "add repository: owner/name, or remove it")
		}
	}
}

func (v *validator) validateReferences(at string, s *Service) {
	for i, name := range s.Calls {
		if v.cfg.Policy.Services.Get(name) == nil {
			v.mistake(
				fmt.Sprintf("%s.calls[%d]", at, i),
				fmt.Sprintf("there is no service %q", Printable(name)),
				v.knownServices(),
			)
		}
	}
	for i, store := range s.Data {
		if v.cfg.catalog.datasets[store] == nil {
			v.mistake(
				fmt.Sprintf("%s.data[%d]", at, i),
				fmt.Sprintf("there is no store %q in kustomize-base/data", Printable(store)),
				KnownNames(v.cfg.catalog.datasets),
			)
		}
	}
	for i, name := range s.Cloud {
		if _, ok := v.cfg.Policy.Cloud[name]; !ok {
			v.mistake(fmt.Sprintf("%s.cloud[%d]", at, i), fmt.Sprintf("there is no cloud resource %q", Printable(name)),
				KnownNames(v.cfg.Policy.Cloud))
		}
	}
	if !v.cfg.catalog.run[s.Name] {
		v.mistake(at, fmt.Sprintf("kustomize-base/services/%s/run is missing", s.Name), "add the component that runs it")
	}
	if !v.cfg.catalog.link[s.Name] && v.cfg.Policy.Services.isCalled(s.Name) {
		v.mistake(
			at,
			fmt.Sprintf("kustomize-base/services/%s/link is missing, but other services call %s", s.Name, s.Name),
			"add the component that links to it, or remove it from calls",
		)
	}
	for i, name := range s.AlsoNamed {
		if !IsDNSLabel(name, maxKubernetesName) || v.cfg.Policy.Services.Get(name) != nil {
			v.mistake(
				fmt.Sprintf("%s.alsoNamed[%d]", at, i),
				fmt.Sprintf("%q is not the name of a further Kubernetes Service", Printable(name)),
				"write a DNS label that is no service of its own",
			)
		}
	}
}

func (v *validator) validateDefault(at string, s *Service) {
	if s.Default == nil {
		return
	}
	if refProblem := s.Default.invalidity(); refProblem != "" || s.Default.PullRequest != 0 {
		v.mistake(
			at+".default",
			"must name exactly one branch, tag or commit",
			"write {branch: main}, {tag: dev} or {sha: …}",
		)
	}
	if s.TagUses("Number") {
		v.mistake(at+".tag", "uses .Number, but default has no pull request number", "use .SHA, or remove default")
	}
	if s.TagUses("Branch") && s.Default.Tag != "" {
		v.mistake(at+".tag", "uses .Branch, but default is a tag", "use .SHA, or name a branch in default")
	}
}

func (v *validator) validateRepositories() {
	used, slugs, written := map[string]bool{}, map[string]string{}, map[string]string{}
	for _, s := range v.cfg.Policy.Services {
		if s.Repository != "" {
			used[strings.ToLower(s.Repository)] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.cfg.Policy.Repositories)) {
		alias := v.cfg.Policy.Repositories[name].Alias
		if !used[strings.ToLower(name)] {
			v.mistake("repositories."+name, "no service is in that repository", "remove it, or correct the name")
		}
		if other, ok := written[strings.ToLower(name)]; ok {
			v.mistake(
				"repositories."+name,
				"is the same repository as "+other,
				"keep one of them; names are compared without case",
			)
		}
		written[strings.ToLower(name)] = name
		if alias != "" && !IsDNSLabel(alias, maxAlias) {
			v.mistake(
				"repositories."+name+".alias",
				fmt.Sprintf("%q is not an alias", Printable(alias)),
				fmt.Sprintf("write at most %d of a to z, 0 to 9 and -", maxAlias),
			)
		}
	}
	for _, repository := range slices.Sorted(maps.Keys(used)) {
		slug := RepositoryPart(v.cfg.Policy, repository)
		if other, ok := slugs[slug]; ok {
			v.mistake(
				"repositories",
				fmt.Sprintf("%s and %s would share the environment names %s-pr-…", other, repository, slug),
				"give one of them an alias: repositories: {"+repository+": {alias: …}}",
			)
		}
		slugs[slug] = repository
	}
}

func (v *validator) knownServices() string {
	names := make([]string, len(v.cfg.Policy.Services))
	for i, s := range v.cfg.Policy.Services {
		names[i] = s.Name
	}
	return someOf(names)
}
