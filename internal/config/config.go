// Package config decodes and validates the configuration in the GitOps repository: previewset.yaml, slots.yaml,
// access.yaml and the environment files. It also has the rules that follow from the configuration alone: names,
// lifetimes, slots and roles.
//
// Package configtree finds the files. This package reads no file and knows no pull request.
package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Files and folders in a GitOps repository, relative to the configuration's folder.
const (
	PolicyFile      = "previewset.yaml"
	SlotsFile       = "slots.yaml"
	BaseFolder      = "kustomize-base"
	OverlaysFolder  = "overlays"
	SharedOverlay   = OverlaysFolder + "/preview" // the overlay of environments without their own
	EnvironmentFile = "environment.yaml"
)

// Names with a fixed meaning.
const (
	Guardrails          = "guardrails" // the component that every environment has
	SharedComponent     = "shared"     // the component that lets other environments in
	SecretsFolder       = "secrets"    // the component with the secrets of a service or a store, or of all environments
	SecretsRequired     = "required"   // a value of services.<service>.secrets
	DebugComponent      = "debug"      // the component that starts remote debuggers
	AccessComponent     = "access"     // the component with the RoleBindings of people
	DefaultDataset      = "empty"
	defaultProfile      = "changed"
	WhenFullSleepIdlest = "sleep-idlest" // a value of limits.whenFull
)

// maxEnvironments limits the number of environment files that are read.
const maxEnvironments = 5000

// Config is the configuration of one commit of the config branch. An environment file that has problems is replaced by
// its last valid version.
type Config struct {
	// Commit is the loaded commit of the config branch.
	Commit string
	Policy *Policy
	Slots  *SlotPool // nil without slots.yaml
	Access *Access   // nil without access.yaml; the last valid one if it is invalid
	// Environments has the files overlays/<name>/environment.yaml by name.
	Environments map[string]*Environment
	// Problems are the mistakes in access.yaml, environment files and overlays. The rest of the configuration is used
	// without them.
	Problems Problems
	// SlotProblems are the mistakes in single claims of slots.yaml. The other claims are used.
	SlotProblems Problems
	// Broken maps the name of each environment with an invalid file or overlay to its first problem.
	Broken map[string]string

	prefix           string
	ancestors        map[string]bool
	catalog          catalog
	folders          map[string]bool            // overlays/<name> with a kustomization file
	overlayRevisions map[string]overlayRevision // by overlay name; "" for environments without a folder
	withoutEffect    []Unused
	issueKey         *regexp.Regexp
	repoByLower      map[string][]*Service
	sharedTexts      map[string]string // paths of the components; equal paths share their text to save memory
	calls            callGraph
	lifetimes        map[string]*LifetimeSettings // by profile
}

// Load reads the configuration of one commit. It returns Problems as its error if previewset.yaml or slots.yaml is
// invalid; the caller then keeps the previous configuration. An invalid access.yaml or environment file is listed in
// Config.Problems, and the last valid version of that file, from prev (nil at the first load), is used.
func Load(t Tree, prev *Config) (*Config, error) {
	c := &Config{
		Commit:      t.Commit,
		Policy:      defaultPolicy(),
		prefix:      t.Prefix,
		catalog:     catalogOf(t),
		sharedTexts: map[string]string{},
		folders:     map[string]bool{},
		ancestors:   map[string]bool{},
	}
	for folder := range t.Kustomizations {
		if component, ok := strings.CutPrefix(folder, BaseFolder+"/"); ok {
			path := componentPath(component)
			c.sharedTexts[path] = path
		}
	}
	for _, commit := range t.Ancestors {
		c.ancestors[commit] = true
	}
	file, ok := t.Files[PolicyFile]
	if !ok {
		return nil, Problems{
			{
				File:    PolicyFile,
				Message: "is missing",
				Remedy: "run previewctl init, or name the folder of previewset.yaml: with check as argument, " +
					"with render and plan by --dir, otherwise by --config-path",
			},
		}
	}
	d := decodeFile(PolicyFile, file, c.Policy)
	if len(d.problems) == 0 {
		(&validator{decoder: d, cfg: c}).validate()
	}
	problems := slices.Concat(t.Problems, changedBaseProblems(t, prev), d.problems, c.loadSlots(t, prev))
	if t.CheckoutProblem != nil && !isPinned(prev) {
		problems = append(problems, *t.CheckoutProblem) // there is no earlier commit to pin overlays to
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	c.index()
	c.withoutEffect = settingsWithoutActivity(c.Policy, d)
	c.Problems = slices.Concat(t.Ignored, t.BaseProblems)
	if c.Slots != nil && c.Policy.Slots.Mode == slotsOff {
		c.withoutEffect = append(c.withoutEffect,
			Unused{SlotsFile, "slots are off; write slots: on in " + PolicyFile + ", or delete the file"})
	}
	loadAccess(c, t, prev)
	c.setOverlayRevisions(t, prev)
	c.loadEnvironments(t, prev)
	c.keepBrokenOverlays(t, prev)
	return c, nil
}

func (c *Config) index() {
	if c.Policy.PullRequests.IssueKey != "" {
		c.issueKey = regexp.MustCompile(c.Policy.PullRequests.IssueKey) // validated
	}
	c.calls, c.lifetimes = newCallGraph(c.Policy.Services), lifetimeByProfile(c.Policy)
	c.repoByLower = map[string][]*Service{}
	for i := range c.Policy.Services {
		s := &c.Policy.Services[i]
		if key := strings.ToLower(s.Repository); key != "" {
			c.repoByLower[key] = append(c.repoByLower[key], s)
		}
	}
}

// IsAncestor reports whether a commit of the config branch is known to come before the loaded one.
func (c *Config) IsAncestor(commit string) bool { return c.ancestors[commit] }

// IsAtOrAfter reports whether the loaded commit is the given commit of the config branch, or is known to come after it.
// The given commit may be abbreviated.
func (c *Config) IsAtOrAfter(commit string) bool {
	if strings.HasPrefix(c.Commit, commit) {
		return true
	}
	for before := range c.ancestors {
		if strings.HasPrefix(before, commit) {
			return true
		}
	}
	return false
}

// Repositories returns the configured repositories, "owner/name" in lower case, sorted.
func (c *Config) Repositories() []string { return slices.Sorted(maps.Keys(c.repoByLower)) }

// WithoutEffect lists the settings that have no effect.
func (c *Config) WithoutEffect() []Unused { return c.withoutEffect }

// loadAccess loads access.yaml. If it is invalid, the last valid one stays.
func loadAccess(c *Config, t Tree, prev *Config) {
	file, ok := t.Files[AccessFile]
	if !ok {
		return
	}
	access, problems := decodeAccess(file)
	if access == nil && prev != nil {
		access = prev.Access
	}
	c.Access, c.Problems = access, append(c.Problems, problems...)
}

// loadEnvironments loads the environment files, at most maxEnvironments.
func (c *Config) loadEnvironments(t Tree, prev *Config) {
	c.Environments, c.Broken = map[string]*Environment{}, map[string]string{}
	paths := slices.DeleteFunc(
		slices.Sorted(maps.Keys(t.Files)),
		func(p string) bool { return !strings.HasPrefix(p, OverlaysFolder+"/") },
	)
	if len(paths) > maxEnvironments {
		c.Problems = append(c.Problems, Problem{
			File:    OverlaysFolder,
			Message: fmt.Sprintf("holds %d environments; at most %d are read", len(paths), maxEnvironments),
			Remedy:  "delete some",
		})
		paths = paths[:maxEnvironments]
	}
	for _, path := range paths {
		c.loadEnvironment(path, t.Files[path], prev)
	}
}

// loadEnvironment loads one environment file. If it is invalid, the previous version stays, with the revision of its
// overlay.
func (c *Config) loadEnvironment(path string, f File, prev *Config) {
	name := strings.TrimSuffix(strings.TrimPrefix(path, OverlaysFolder+"/"), "/"+EnvironmentFile)
	e := &Environment{}
	d := decodeFile(path, f, e)
	if len(d.problems) == 0 {
		(&validator{decoder: d, cfg: c}).validateEnvironment(name, e)
	}
	if len(d.problems) == 0 {
		c.Environments[name] = e
		return
	}
	c.Problems = append(c.Problems, d.problems...)
	c.Broken[name] = d.problems[0].Error()
	if prev != nil && prev.Environments[name] != nil {
		c.Environments[name] = prev.Environments[name]
		c.overlayRevisions[name], c.folders[name] = prev.overlayRevisions[name], prev.folders[name]
	}
}

func defaultPolicy() *Policy {
	return &Policy{
		NamespacePrefix: "preview-",
		Baseline:        Baseline{Namespace: "staging"},
		Slots:           SlotPolicy{Mode: slotsOff},
		Visits:          "anyone",
		PullRequests: PullRequestPolicy{
			Label: "preview", JoinLabel: "preview-with", KeepLabel: "preview-keep",
			DebugLabel: "preview-debug",
			Drafts:     "skip", Forks: "never", Profile: defaultProfile,
		},
		Limits: Limits{WhenFull: "queue"},
	}
}

// ServicesOf returns the services of a repository ("owner/name" in any case), nil if the repository isn't configured.
func (c *Config) ServicesOf(repository string) []*Service {
	return c.repoByLower[strings.ToLower(repository)]
}

// IssueKey returns the first match of pullRequests.issueKey in the texts, or "".
func (c *Config) IssueKey(texts ...string) string {
	if c.issueKey == nil {
		return ""
	}
	for _, text := range texts {
		if key := c.issueKey.FindString(text); key != "" {
			return Printable(key)
		}
	}
	return ""
}

// EmptyConfig returns a configuration without services or environments, with the default lifetime settings.
func EmptyConfig() *Config {
	return &Config{Policy: &Policy{}, lifetimes: lifetimeByProfile(&Policy{})}
}
