package config

import (
	"slices"
	"time"
)

// Policy is the content of previewset.yaml: which pull requests get a preview, with which services, data and limits.
type Policy struct {
	// APIVersion is the version of the format.
	APIVersion string `yaml:"apiVersion"`
	// Kind is the kind of the file.
	Kind string `yaml:"kind"`
	// Domain is the domain of all previews: https://<environment>.<domain>. In DNS, *.<domain> leads to the Gateway.
	Domain string `yaml:"domain" jsonschema:"format=hostname,example=preview.example.dev"`
	// NamespacePrefix is the beginning of the names of each environment's namespace and Application. Default: preview-.
	NamespacePrefix string `yaml:"namespacePrefix" jsonschema:"example=preview-"`
	// Baseline is the shared namespace that links lead to by default.
	Baseline Baseline `yaml:"baseline"`
	// ProtectedNamespaces are patterns (path.Match) of namespaces that no environment gets. The namespaces of the service,
	// of Argo CD and of the baseline are always protected.
	ProtectedNamespaces []string `yaml:"protectedNamespaces"`
	// Repositories are settings of single repositories, by "owner/name". An entry is optional.
	Repositories map[string]RepositoryPolicy `yaml:"repositories"`
	// Services are the services of the system by name, a DNS label of at most 22 characters. The first public service that
	// runs gets the environment's main host, so the order matters. {} is a system without services.
	Services Services `yaml:"services"`
	// Cloud has the things outside of the cluster that custom resources create, by the name of their folder in
	// kustomize-base/cloud.
	Cloud map[string]CloudResource `yaml:"cloud"`
	// Sizes are the sizes of environments by name: s, m or l. A profile picks one.
	Sizes map[string]Size `yaml:"sizes"`
	// Profiles are the profiles by name, a DNS label of at most 20 characters. The label "<label>:<profile>" picks one.
	Profiles map[string]Profile `yaml:"profiles"`
	// PullRequests says which pull requests get a preview.
	PullRequests PullRequestPolicy `yaml:"pullRequests"`
	// Slots switches slots on: off, on, or required (a pull request gets a preview only in a slot). Default: off. A
	// mapping with mode and maxClaim also limits how long a claim lasts: {mode: on, maxClaim: 72h}.
	Slots SlotPolicy `yaml:"slots"`
	// Lifetime says when environments sleep and expire.
	Lifetime Lifetime `yaml:"lifetime"`
	// Activity names the source of activity. Without it every environment counts as used.
	Activity Activity `yaml:"activity"`
	// Limits bound the number of environments.
	Limits Limits `yaml:"limits"`
	// Visits says who wakes a sleeping environment by a visit: anyone, or only people who have signed in (signed-in). Default:
	// anyone.
	Visits string `yaml:"visits" enum:"anyone,signed-in"`
}

// VisitsSignedIn is the value of visits with which only people who have signed in wake environments.
const VisitsSignedIn = "signed-in"

// Baseline is the shared namespace that links lead to by default.
type Baseline struct {
	// Namespace is the namespace in which all services of the baseline run. Default: staging.
	Namespace string `yaml:"namespace" jsonschema:"example=staging"`
}

// RepositoryPolicy has the settings of one repository.
type RepositoryPolicy struct {
	// Alias replaces the repository's short name in environment names; a DNS label of at most 20 characters.
	Alias string `yaml:"alias" jsonschema:"example=shop"`
}

// Services are the services of the system in the order of the file, because the first public one gets the main host.
type Services []Service

// Service is one deployable part of the system.
type Service struct {
	// Name is the key under `services`; a DNS label of at most 22 characters.
	Name string `yaml:"-"`
	// Repository is the repository with the service's code, "owner/name" in any case. Without it, no pull request changes
	// the service, and it always runs the image of kustomize-base.
	Repository string `yaml:"repository" jsonschema:"example=acme/shop"`
	// Paths are doublestar patterns. A pull request changes the service when it changes one of these paths. Without them,
	// any change counts.
	Paths []string `yaml:"paths"`
	// Image is the image's name in kustomize-base, without a tag.
	Image string `yaml:"image" jsonschema:"example=ghcr.io/acme/orders"`
	// Tag is the template of a commit's image tag: text with {{ .SHA }}, {{ .ShortSHA }} (7 characters), {{ .Branch }} or
	// {{ .Number }}. Default: {{ .SHA }}.
	Tag string `yaml:"tag"`
	// Public services get a host. The first one that runs gets the environment's main host.
	Public bool `yaml:"public"`
	// Calls are the services that this service calls. When one of them changes, this service runs too.
	Calls []string `yaml:"calls"`
	// Data are the stores in kustomize-base/data that run beside this service.
	Data []string `yaml:"data"`
	// Cloud are the cloud resources of `cloud` that run beside this service.
	Cloud []string `yaml:"cloud"`
	// AlsoNamed are further Kubernetes Services of the service in kustomize-base. A link replaces them too.
	AlsoNamed []string `yaml:"alsoNamed"`
	// Container is the container that runs the image, in each Deployment and StatefulSet with the label
	// previewset.dev/image-of. Sizes and variables change it. Default: the service's name.
	Container string `yaml:"container" jsonschema:"example=orders"`
	// Debug is the service's remote debugger. Component debug starts it.
	Debug *Debug `yaml:"debug"`
	// Secrets says whether the service runs without kustomize-base/services/<service>/secrets, which environments with code
	// from a fork don't get: optional, or required (there the service doesn't run). Default: optional.
	Secrets string `yaml:"secrets" enum:"optional,required"`
	// Ready is a check that must be green on a commit before the commit is deployed. Without it, no check is needed.
	Ready *Ready `yaml:"ready"`
	// Default is the ref of the service in environments that name none: a branch, tag or commit. Without it, the image tag
	// in kustomize-base is used.
	Default *Ref `yaml:"default"`
}

// Ready is a commit status or check run, and the App or user that reports it.
type Ready struct {
	// Check is the name of the check run, or the context of the commit status.
	Check string `yaml:"check" jsonschema:"example=image"`
	// App is the slug of the GitHub App that must report it, as in github.com/apps/<slug>. A user with this login isn't
	// the App.
	App string `yaml:"app" jsonschema:"example=github-actions"`
	// AppID is the numeric ID that the App must have. Only check runs have it, so commit statuses don't count then.
	AppID int `yaml:"appID" jsonschema:"example=15368"`
	// UserID is the numeric ID of the user who must set the commit status, instead of an App:
	// `gh api users/<login> --jq .id`.
	UserID int `yaml:"userID" jsonschema:"example=583231"`
}

// Debug is how a service runs with a remote debugger. It listens inside of the Pod only, for kubectl port-forward.
type Debug struct {
	// Language chooses the debugger: python (debugpy), node (inspector), jvm (JDWP) or go (Delve).
	Language string `yaml:"language" enum:"python,node,jvm,go"`
	// Port is the debugger's port. Default: 5678 for python, 9229 for node, 5005 for jvm, 2345 for go.
	Port int `yaml:"port"`
	// Command starts the service with its debugger. python and go need one; node and jvm get a variable.
	Command []string `yaml:"command"`
	// Container is the container that the debugger starts. Default: the service's container.
	Container string `yaml:"container"`
}

// debugPorts are the usual ports by language.
var debugPorts = map[string]int{"python": 5678, "node": 9229, "jvm": 5005, "go": 2345}

// Ref is exactly one of a pull request, branch, tag or commit of the service's repository.
type Ref struct {
	// PullRequest is the number of a pull request. The service follows its head commit.
	PullRequest int `yaml:"pullRequest"`
	// Branch is a branch. The service follows its newest commit.
	Branch string `yaml:"branch" jsonschema:"example=main"`
	// Tag is a Git tag.
	Tag string `yaml:"tag" jsonschema:"example=v1.2"`
	// SHA is a full commit SHA that a branch or tag of the repository contains.
	SHA string `yaml:"sha"`
}

// Profile is a named choice of services, data, components and lifetime settings.
type Profile struct {
	// Run says which services run: changed (the changed ones and their callers), all, or a list. The changed ones are
	// added to a list.
	Run RunSet `yaml:"run"`
	// Dataset is the dataset in kustomize-base/data/<store>/datasets that stores start with. Default: empty.
	Dataset string `yaml:"dataset"`
	// Components are components in kustomize-base/components that are added.
	Components []string `yaml:"components"`
	// Size is a size of sizes. Without it, the resources in kustomize-base stay.
	Size string `yaml:"size" enum:"s,m,l"`
	// Lifetime overrides single settings of the policy's lifetime.
	Lifetime *Lifetime `yaml:"lifetime"`
}

// CloudResource is a thing outside of the cluster, such as a bucket, that a custom resource creates for an environment.
type CloudResource struct {
	// Name is the template of its name outside of the cluster. It contains {{environment}}, which becomes the environment's
	// name and 5 characters that differ each time the environment is made anew.
	Name string `yaml:"name" jsonschema:"example=acme-uploads-{{environment}}"`
	// Field is the field of the custom resource with the name. Default: metadata.annotations[crossplane.io/external-name].
	Field string `yaml:"field" jsonschema:"example=spec.queueName"`
}

// Size has the resources of each service's container, and of the whole environment.
type Size struct {
	// Requests are the requests of each service's container: cpu, memory and ephemeral-storage.
	Requests map[string]string `yaml:"requests"`
	// Limits are its limits.
	Limits map[string]string `yaml:"limits"`
	// Quota are values of ResourceQuota guardrails, such as requests.memory or pods. The others stay as in kustomize-base.
	Quota map[string]string `yaml:"quota"`
}

// RunSet is "changed", "all" or a list of services.
type RunSet struct {
	// Mode is "changed", "all" or "list".
	Mode     string
	Services []string
}

// PullRequestPolicy says which pull requests get a preview.
type PullRequestPolicy struct {
	// Label is the label that requests a preview; "<label>:<profile>" picks a profile. Default: preview.
	Label string `yaml:"label" jsonschema:"example=preview"`
	// JoinLabel is the label with which pull requests join one environment: "<joinLabel>:<environment>". Default:
	// preview-with.
	JoinLabel string `yaml:"joinLabel" jsonschema:"example=preview-with"`
	// KeepLabel is the label that disables deleteAfterIdle for the pull request's environment. Default: preview-keep.
	KeepLabel string `yaml:"keepLabel" jsonschema:"example=preview-keep"`
	// DebugLabel is the label that adds component debug to the pull request's environment. Default: preview-debug.
	DebugLabel string `yaml:"debugLabel" jsonschema:"example=preview-debug"`
	// Drafts reports whether drafts get a preview: skip or include. Default: skip.
	Drafts string `yaml:"drafts" enum:"skip,include"`
	// Forks says whether pull requests from forks get a preview: never, or approved (only a commit that a person with
	// write permission has approved). Default: never.
	Forks string `yaml:"forks" enum:"never,approved"`
	// ApprovalGrace is the time between the loss of a fork's approval and the stop of its environments. Default: 1h.
	ApprovalGrace *Duration `yaml:"approvalGrace"`
	// Profile is the profile of pull requests that pick none. Default: changed.
	Profile string `yaml:"profile" jsonschema:"example=changed"`
	// IssueKey is a regular expression (RE2) that finds the key of an issue in the branch or the title.
	IssueKey string `yaml:"issueKey" jsonschema:"format=regex,example=[A-Z]+-[0-9]+"`
}

// AcceptsForks reports whether a pull request from a fork gets a preview after an approval.
func (p PullRequestPolicy) AcceptsForks() bool { return p.Forks == "approved" }

// SlotPolicy switches slots on, and limits claims.
type SlotPolicy struct {
	// Mode is off, on, or required. Default: off.
	Mode string `yaml:"mode" enum:"off,on,required"`
	// MaxClaim is the longest time for which a claim holds a slot, from its since. Without it, a claim may last forever.
	MaxClaim *Duration `yaml:"maxClaim"`
}

// Activity names the source of activity.
type Activity struct {
	// Prometheus is the Prometheus server that measures activity.
	Prometheus *PrometheusActivity `yaml:"prometheus"`
}

// IsMeasured reports whether there is a source of activity. Without one, every environment counts as used.
func (a Activity) IsMeasured() bool { return a.Prometheus != nil }

// PrometheusActivity is a Prometheus server and exactly one of a preset, several presets or a query.
type PrometheusActivity struct {
	// URL is the server's address, without user and password.
	URL string `yaml:"url" jsonschema:"format=uri,example=http://prometheus.monitoring:9090"`
	// Preset is the Gateway, ingress controller, mesh or database exporter that knows about use.
	Preset string `yaml:"preset" enum:"ingress-nginx,traefik,istio,envoy-gateway,nginx-gateway-fabric,postgresql,redis"`
	// Presets are several of them. A use by one of them counts; an environment is idle if all of them report that.
	Presets []string `yaml:"presets" enum:"ingress-nginx,traefik,istio,envoy-gateway,nginx-gateway-fabric,postgresql,redis"`
	// Query is PromQL that returns one number for each label `namespace`: above 0 is used, 0 is unused, none is unknown.
	Query string `yaml:"query"`
}

// AllPresets returns the presets, none with a query.
func (p *PrometheusActivity) AllPresets() []string {
	if p.Preset != "" {
		return []string{p.Preset}
	}
	return p.Presets
}

// Equal reports whether two sources are the same.
func (a Activity) Equal(b Activity) bool {
	x, y := a.Prometheus, b.Prometheus
	if x == nil || y == nil {
		return x == y
	}
	return x.URL == y.URL && x.Query == y.Query && slices.Equal(x.AllPresets(), y.AllPresets())
}

// Limits bound the number of environments. At a limit new environments wait; a limit never removes one. Without a
// value, or with 0, there is no limit, except for the two of deletions.
type Limits struct {
	// Environments is the highest number of environments.
	Environments int `yaml:"environments"`
	// Awake is the highest number of environments that are awake or waking.
	Awake int `yaml:"awake"`
	// PerOwner is the highest number of environments of one owner.
	PerOwner int `yaml:"perOwner"`
	// PerRepository is the highest number of environments of one repository's pull requests.
	PerRepository int `yaml:"perRepository"`
	// Leases is the highest number of leases (previewctl lease). They don't count for the three limits above.
	Leases int `yaml:"leases"`
	// DeletionsAtOnce is the highest number of removals within 10 minutes; more wait for previewctl confirm. Default: 10,
	// also for 0.
	DeletionsAtOnce int `yaml:"deletionsAtOnce"`
	// DeletionsAtOncePercent is the highest share of removals within 10 minutes, in percent of all environments and of
	// those of each repository. It counts from 4 removals on; more wait for previewctl confirm. 100 means no such share.
	// Default: 50, also for 0.
	DeletionsAtOncePercent int `yaml:"deletionsAtOncePercent"`
	// WhenFull is the effect of the limit awake: queue (wait), or sleep-idlest (the idlest environment sleeps). Default:
	// queue.
	WhenFull string `yaml:"whenFull" enum:"queue,sleep-idlest"`
}

// Environment is the content of overlays/<name>/environment.yaml. It defines a named environment, or changes the
// environment of a pull request.
type Environment struct {
	// APIVersion is the version of the format.
	APIVersion string `yaml:"apiVersion"`
	// Kind is the kind of the file.
	Kind string `yaml:"kind"`
	// Owner is the GitHub login that the environment belongs to.
	Owner string `yaml:"owner" jsonschema:"example=alice"`
	// Purpose is a text of at most 200 characters that says why the environment exists.
	Purpose string `yaml:"purpose" jsonschema:"example=checkout redesign"`
	// Profile is a profile of previewset.yaml.
	Profile string `yaml:"profile" jsonschema:"example=full"`
	// Components are components in kustomize-base/components, in addition to the profile's.
	Components []string `yaml:"components"`
	// Services are services that run here at a ref, in addition to the profile's, and variables of services.
	Services map[string]EnvironmentService `yaml:"services"`
	// Links are the targets of services that don't run here. Default: the baseline.
	Links map[string]Link `yaml:"links"`
	// Dataset is the dataset that stores start with, instead of the profile's.
	Dataset string `yaml:"dataset" jsonschema:"example=truncated"`
	// Reset are data stores that start anew with their dataset, each with the time of the request. Their old data is
	// deleted. previewctl reset writes it.
	Reset map[string]time.Time `yaml:"reset"`
	// Shared reports whether other environments may link to this one. Default: false.
	Shared bool `yaml:"shared"`
	// Handover are services with workloads that Argo CD leaves alone, so that a developer's tool can replace them.
	Handover []string `yaml:"handover"`
	// Lifetime is the expiry of this environment, and whether it sleeps.
	Lifetime EnvironmentLifetime `yaml:"lifetime"`
	// Lease says whether a program has the environment for a time: it counts for limits.leases only, sleeps for others at
	// limits.awake, and its end needs no confirmation. It needs lifetime.expires. previewctl lease writes it.
	Lease bool `yaml:"lease"`
	// PullRequest is the pull request, "owner/name#number", that this file adjusts the environment of.
	PullRequest string `yaml:"pullRequest" jsonschema:"example=acme/shop#7"`
	// Adopted says whether the environment stays after its pull request is closed, with the refs in services. previewctl
	// adopt writes it.
	Adopted bool `yaml:"adopted"`
}

// EnvironmentService is the ref of a service, its variables, or both.
type EnvironmentService struct {
	Ref
	// Env are variables of the service's container, in place of those in kustomize-base. A variable that comes from a Secret
	// or ConfigMap can't be replaced.
	Env map[string]string `yaml:"env" json:",omitempty"`
}

// Link is exactly one of an environment or a pull request.
type Link struct {
	// Environment is the name of a shared environment.
	Environment string `yaml:"environment" jsonschema:"example=alice"`
	// PullRequest is a pull request, "owner/name#number". The link leads to its environment.
	PullRequest string `yaml:"pullRequest" jsonschema:"example=acme/shop#7"`
}

// EnvironmentLifetime is the expiry of one environment, and whether it sleeps.
type EnvironmentLifetime struct {
	// Expires is the time at which the environment is removed. It overrides expireAfter.
	Expires *time.Time `yaml:"expires" jsonschema:"example=2026-12-24T18:00:00Z"`
	// KeepAwake reports whether the environment never sleeps. Default: false.
	KeepAwake bool `yaml:"keepAwake"`
	// IdleAfter is the sleep.idleAfter of this environment, at all hours. Default: that of the profile. A slot has it in
	// its file too.
	IdleAfter *Duration `yaml:"idleAfter"`
}

// SlotPool is the content of slots.yaml: the slots, their claims and the queue.
type SlotPool struct {
	// APIVersion is the version of the format.
	APIVersion string `yaml:"apiVersion"`
	// Kind is the kind of the file.
	Kind string `yaml:"kind"`
	// Slots are the slots by name. {} is a free slot.
	Slots map[string]Claim `yaml:"slots"`
	// Queue has the claims that wait for a free slot, the first one first.
	Queue []Claim `yaml:"queue"`

	// Longest is slots.maxClaim of the policy; 0 for no limit.
	Longest time.Duration `yaml:"-" json:"-"`
	// Unknown are the slots with an invalid claim and no known earlier one. No claim of the queue gets them.
	Unknown map[string]bool `yaml:"-" json:",omitempty"`
}

// Claim says who holds a slot, why, and until when.
type Claim struct {
	// Holders are the GitHub logins of the people. All their labelled pull requests run in the slot.
	Holders []string `yaml:"holders"`
	// Purpose is a text that says why. The service shows 200 characters of it.
	Purpose string `yaml:"purpose" jsonschema:"example=checkout redesign"`
	// Since is the time at which the claim began.
	Since *time.Time `yaml:"since"`
	// Until is the time at which the claim ends. Without it, the claim ends with previewctl slot release.
	Until *time.Time `yaml:"until"`
}
