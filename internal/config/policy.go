package config

import "time"

// APIVersion is the version of every file format of the GitOps repository.
const APIVersion = "previewset.dev/v1alpha1"

// Policy is previewset.yaml: what may become a preview, and what is in one.
type Policy struct {
	APIVersion          string                      `yaml:"apiVersion"`
	Kind                string                      `yaml:"kind"` // PreviewConfig
	Domain              string                      `yaml:"domain"`
	NamespacePrefix     string                      `yaml:"namespacePrefix"`
	Baseline            Baseline                    `yaml:"baseline"`
	ProtectedNamespaces []string                    `yaml:"protectedNamespaces"`
	Repositories        map[string]RepositoryPolicy `yaml:"repositories"`
	Services            Services                    `yaml:"services"`
	Profiles            map[string]Profile          `yaml:"profiles"`
	PullRequests        PullRequestPolicy           `yaml:"pullRequests"`
	Slots               string                      `yaml:"slots" enum:"off,on,required"`
	Lifetime            Lifetime                    `yaml:"lifetime"`
	Activity            Activity                    `yaml:"activity"`
	Limits              Limits                      `yaml:"limits"`
}

// Baseline is the shared namespace that links point to by default.
type Baseline struct {
	Namespace string `yaml:"namespace"`
}

// RepositoryPolicy is what is said of one repository.
type RepositoryPolicy struct {
	// Alias replaces the repository's short name in environment names; a DNS label of at most 20 characters.
	Alias string `yaml:"alias"`
}

// Services are the deployables of the system in the order of the file, which decides which public one is "the first".
type Services []Service

// Service is one deployable of the system.
type Service struct {
	// Name is the key under `services`; a DNS label of at most 22 characters.
	Name string `yaml:"-"`
	// Repository is "owner/name"; compared case-insensitively.
	Repository string `yaml:"repository"`
	// Paths are doublestar patterns that tell services of one repository apart; none means: any change counts.
	Paths []string `yaml:"paths"`
	// Image is the image name used in kustomize-base, without tag.
	Image string `yaml:"image"`
	// Tag is the image's tag: literals and {{ .SHA }}, {{ .ShortSHA }}, {{ .Branch }}, {{ .Number }}.
	Tag string `yaml:"tag"`
	// Public services get a host; the first public one gets the environment's own.
	Public bool `yaml:"public"`
	// Calls are the services that this one calls.
	Calls []string `yaml:"calls"`
	// Data are the stores under kustomize-base/data that this service needs.
	Data []string `yaml:"data"`
	// Ready names what must be green on a commit before it is deployed.
	Ready *Ready `yaml:"ready"`
	// Default is what the service runs at where nobody pins it; absent: the image that kustomize-base pins.
	Default *Ref `yaml:"default"`
}

// Ready names a commit status or check run, and the app that must have set it.
type Ready struct {
	Check string `yaml:"check"`
	App   string `yaml:"app"`
}

// Ref pins a service to exactly one of a pull request (its number, in the service's repository), branch, tag or commit.
type Ref struct {
	PullRequest int    `yaml:"pullRequest"`
	Branch      string `yaml:"branch"`
	Tag         string `yaml:"tag"`
	SHA         string `yaml:"sha"`
}

// Profile is a named choice of what to run, with which data and features.
type Profile struct {
	Run        RunSet    `yaml:"run"`
	Dataset    string    `yaml:"dataset"`
	Components []string  `yaml:"components"`
	Lifetime   *Lifetime `yaml:"lifetime"`
}

// RunSet is "changed", "all" or a list of services.
type RunSet struct {
	// Mode is "changed", "all" or "list".
	Mode     string
	Services []string
}

// PullRequestPolicy says which pull requests get a preview.
type PullRequestPolicy struct {
	Label     string `yaml:"label"`
	JoinLabel string `yaml:"joinLabel"`
	KeepLabel string `yaml:"keepLabel"`
	Drafts    string `yaml:"drafts" enum:"skip,include"`
	Forks     string `yaml:"forks" enum:"never,approved"`
	Profile   string `yaml:"profile"`
	IssueKey  string `yaml:"issueKey"` // RE2
}

// Lifetime says when an environment sleeps and when it is over. A nil field was not written.
type Lifetime struct {
	DeleteAfterIdle *Duration `yaml:"deleteAfterIdle"`
	ExpireAfter     *Duration `yaml:"expireAfter"`
	MaxExtension    *Duration `yaml:"maxExtension"`
	Grace           *Duration `yaml:"grace"`
	Sleep           *Sleep    `yaml:"sleep"`
}

// Sleep says when an environment's workloads go to zero replicas.
type Sleep struct {
	IdleAfter    *Duration     `yaml:"idleAfter"`
	MaxAwake     *Duration     `yaml:"maxAwake"`
	WorkingHours *WorkingHours `yaml:"workingHours"`
}

// WorkingHours are the hours with another idleness, in the IANA time zone named. Hours that end before they begin end on the
// next day.
type WorkingHours struct {
	Days          []string  `yaml:"days"`
	From          string    `yaml:"from"` // "08:00"
	To            string    `yaml:"to"`
	Timezone      string    `yaml:"timezone"`
	IdleAfter     *Duration `yaml:"idleAfter"`
	AsleepOutside bool      `yaml:"asleepOutside"`
}

// Activity says where it is measured whether an environment is used.
type Activity struct {
	Prometheus *PrometheusActivity `yaml:"prometheus"`
}

// PrometheusActivity is one Prometheus server and what to ask it: a preset or a PromQL query with a namespace label.
type PrometheusActivity struct {
	URL    string `yaml:"url"`
	Preset string `yaml:"preset" enum:"ingress-nginx,traefik,istio,envoy-gateway,nginx-gateway-fabric,postgresql"`
	Query  string `yaml:"query"`
}

// Limits bound how many environments there are. Zero means: no limit written.
type Limits struct {
	Environments    int    `yaml:"environments"`
	Awake           int    `yaml:"awake"`
	PerOwner        int    `yaml:"perOwner"`
	PerRepository   int    `yaml:"perRepository"`
	DeletionsAtOnce int    `yaml:"deletionsAtOnce"`
	WhenFull        string `yaml:"whenFull" enum:"queue,sleep-idlest"`
}

// Environment is overlays/<name>/environment.yaml: an environment made by hand, or what adjusts a pull request's.
type Environment struct {
	APIVersion  string              `yaml:"apiVersion"`
	Kind        string              `yaml:"kind"` // Environment
	Owner       string              `yaml:"owner"`
	Purpose     string              `yaml:"purpose"`
	Profile     string              `yaml:"profile"`
	Components  []string            `yaml:"components"`
	Services    map[string]Ref      `yaml:"services"`
	Links       map[string]Link     `yaml:"links"`
	Dataset     string              `yaml:"dataset"`
	Shared      bool                `yaml:"shared"`
	Handover    []string            `yaml:"handover"`
	Lifetime    EnvironmentLifetime `yaml:"lifetime"`
	PullRequest string              `yaml:"pullRequest"` // owner/name#number
	// Adopted keeps a pull request's environment after its close, at what Services say.
	Adopted bool `yaml:"adopted"`
}

// Link points a service's name to another environment or to a pull request's.
type Link struct {
	Environment string `yaml:"environment"`
	PullRequest string `yaml:"pullRequest"` // owner/name#number
}

// EnvironmentLifetime is what one environment says of its own end.
type EnvironmentLifetime struct {
	Expires   *time.Time `yaml:"expires"`
	KeepAwake bool       `yaml:"keepAwake"`
}

// SlotPool is slots.yaml: named, fixed environments and who holds them.
type SlotPool struct {
	APIVersion string           `yaml:"apiVersion"`
	Kind       string           `yaml:"kind"` // SlotPool
	Slots      map[string]Claim `yaml:"slots"`
	Queue      []Claim          `yaml:"queue"`
}

// Claim is who holds, or waits for, a slot, and until when.
type Claim struct {
	Holders []string   `yaml:"holders"`
	Purpose string     `yaml:"purpose"`
	Since   *time.Time `yaml:"since"`
	Until   *time.Time `yaml:"until"`
}
