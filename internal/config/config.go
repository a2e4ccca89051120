package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Paths and names in a GitOps repository.
const (
	PolicyFile          = "previewset.yaml"
	SlotsFile           = "slots.yaml"
	OverlaysFolder      = "overlays"
	SharedOverlay       = "overlays/preview"
	BaseFolder          = "kustomize-base"
	EnvironmentFile     = "environment.yaml"
	maxEnvironments     = 5000
	DefaultDataset      = "empty"
	defaultProfile      = "changed"
	Guardrails          = "guardrails" // the component that every environment has
	SharedComponent     = "shared"     // the component that lets other environments in
	WhenFullSleepIdlest = "sleep-idlest"
)

// Config is the configuration of one commit of the config branch. An environment file that has problems is replaced by
// its last valid version.
type Config struct {
	// Commit is the loaded commit of the config branch.
	Commit string
	Policy *Policy
	Slots  *SlotPool // nil without slots.yaml
	// Environments has the files overlays/<name>/environment.yaml by name.
	Environments map[string]*Environment
	// Problems are the mistakes in environment files. Those files are not in force; the rest of the configuration is.
	Problems Problems
	// Broken has the first problem of each environment file that is not in force, by the environment's name.
	Broken map[string]string

	prefix      string
	ancestors   map[string]bool
	catalog     catalog
	folders     map[string]bool            // overlays/<name> with a kustomization file
	pins        map[string]overlayRevision // by overlay name; "" for environments without a folder
	notInForce  []string
	issueKey    *regexp.Regexp
	repoByLower map[string][]*Service
	paths       map[string]string // paths of the components, so that equal paths share their text
	calls       callGraph
	rules       map[string]*LifetimeSettings // by profile
}

// overlayRevision is the commit at which the trees that make up an overlay last changed. catalog lists the components
// of kustomize-base. Load reads the configuration of one commit. It returns Problems as its error if previewset.yaml or
// slots.yaml is invalid; the caller then keeps the previous configuration. An invalid environment file is listed in
// Config.Problems, and the version of that file in prev (nil at the first load) stays in force.
func Load(t Tree, prev *Config) (*Config, error) {
	c := &Config{
		Commit:    t.Commit,
		Policy:    defaultPolicy(),
		prefix:    t.Prefix,
		catalog:   catalogOf(t),
		paths:     map[string]string{},
		folders:   map[string]bool{},
		ancestors: map[string]bool{},
	}
	for folder := range t.Kustomizations {
		if component, ok := strings.CutPrefix(folder, BaseFolder+"/"); ok {
			path := componentPath(component)
			c.paths[path] = path
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
				Remedy: "run previewctl init, or name its folder: check DIR, --dir for render and plan, " +
					"--config-path for the others",
			},
		}
	}
	d := decodeFile(PolicyFile, file, c.Policy)
	if len(d.problems) == 0 {
		(&validator{decoder: d, cfg: c}).validate()
	}
	problems := slices.Concat(d.problems, c.loadSlots(t))
	if err := problems.Err(); err != nil {
		return nil, err
	}
	c.index()
	c.notInForce = unmeasured(c.Policy, d)
	c.pinOverlays(t, prev)
	c.loadEnvironments(t, prev)
	return c, nil
}

func (c *Config) index() {
	if c.Policy.PullRequests.IssueKey != "" {
		c.issueKey = regexp.MustCompile(c.Policy.PullRequests.IssueKey) // validated
	}
	c.calls, c.rules = newCallGraph(c.Policy.Services), lifetimeByProfile(c.Policy)
	c.repoByLower = map[string][]*Service{}
	for i := range c.Policy.Services {
		s := &c.Policy.Services[i]
		key := strings.ToLower(s.Repository)
		c.repoByLower[key] = append(c.repoByLower[key], s)
	}
}

// Follows reports whether a commit of the config branch is the loaded one or is known to come before it. The commit may
// be abbreviated.
func (c *Config) Follows(commit string) bool {
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

// NotInForce lists the settings that have no effect, with the reason, one line for each.
func (c *Config) NotInForce() []string { return c.notInForce }

// header checks apiVersion and kind.
func (d *decoder) header(apiVersion, kind, want string) {
	if apiVersion != APIVersion {
		d.at("apiVersion", fmt.Sprintf("%q is an unknown version", Printable(apiVersion)), "write "+APIVersion)
	}
	if kind != want {
		d.at("kind", fmt.Sprintf("%q is the wrong kind for this file", Printable(kind)), "write "+want)
	}
}

// unused formats a line of NotInForce.
func (d *decoder) unused(path, why string) string {
	return fmt.Sprintf("%s:%d: %s: %s", d.file, d.lines[path], path, why)
}

// pinOverlays finds the commit at which the trees of each overlay last changed: the commit in prev if the trees are
// equal, otherwise this one. So an unrelated commit changes no environment. Overlay returns the path of an
// environment's overlay and the commit that Argo CD syncs.
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
		c.pins[name], c.folders[name] = prev.pins[name], prev.folders[name]
	}
}

func defaultPolicy() *Policy {
	return &Policy{
		NamespacePrefix: "preview-",
		Baseline:        Baseline{Namespace: "staging"},
		Slots:           "off",
		PullRequests: PullRequestPolicy{
			Label: "preview", JoinLabel: "preview-with", KeepLabel: "preview-keep",
			Drafts: "skip", Forks: "never", Profile: defaultProfile,
		},
		Limits: Limits{WhenFull: "queue"},
	}
}

// IsAncestor reports whether a commit of the config branch is known to come before the loaded one.
func (c *Config) IsAncestor(commit string) bool { return c.ancestors[commit] }

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
func EmptyConfig() *Config { return &Config{Policy: &Policy{}, rules: lifetimeByProfile(&Policy{})} }
