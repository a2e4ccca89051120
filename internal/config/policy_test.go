package config_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestLoadFillsInDefaults(t *testing.T) {
	t.Parallel()
	got := testfixture.LoadPolicy(t, `apiVersion: previewset.dev/v1alpha1
kind: PreviewConfig
domain: preview.example.dev
services:
  gateway: {repository: acme/gateway, image: ghcr.io/acme/gateway}
`).Policy
	want := &config.Policy{
		APIVersion: "previewset.dev/v1alpha1", Kind: "PreviewConfig", Domain: "preview.example.dev",
		NamespacePrefix: "preview-", Baseline: config.Baseline{Namespace: "staging"}, Slots: config.SlotPolicy{Mode: "off"},
		Services: config.Services{
			{Name: "gateway", Repository: "acme/gateway", Image: "ghcr.io/acme/gateway", Tag: "{{ .SHA }}"},
		},
		Profiles: map[string]config.Profile{"changed": {Run: config.RunSet{Mode: "changed"}}},
		PullRequests: config.PullRequestPolicy{
			Label: "preview", JoinLabel: "preview-with", KeepLabel: "preview-keep", DebugLabel: "preview-debug",
			Drafts: "skip", Forks: "never", Profile: "changed",
		},
		Limits: config.Limits{WhenFull: "queue"}, Visits: "anyone",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

// wholePolicy has all fields of the format.
const wholePolicy = `apiVersion: previewset.dev/v1alpha1
kind: PreviewConfig
domain: preview.example.dev
namespacePrefix: preview-
baseline: {namespace: staging}
protectedNamespaces: [default, "kube-*", argocd, staging, prod]
repositories:
  acme/shop: {alias: shop}
services:
  gateway:
    repository: acme/gateway
    image: ghcr.io/acme/gateway
    tag: "{{ .SHA }}"
    public: true
    calls: [orders, products]
    data: [redis]
    ready: {check: image, app: github-actions}
  orders:
    repository: acme/shop
    paths: ["orders/**", "lib/**"]
    image: ghcr.io/acme/orders
    default: {branch: main}
    data: [postgres, rabbitmq]
  products: {repository: acme/shop, paths: ["products/**", "lib/**"], image: ghcr.io/acme/products, data: [postgres]}
profiles:
  changed:  {run: changed}
  full:     {run: all, dataset: truncated, components: [spot], lifetime: {deleteAfterIdle: 48h}}
  checkout: {run: [gateway, orders]}
pullRequests:
  label: preview
  joinLabel: preview-with
  keepLabel: preview-keep
  drafts: skip
  forks: never
  profile: changed
  issueKey: "[A-Z][A-Z0-9]+-[0-9]+"
slots: off
lifetime:
  deleteAfterIdle: 168h
  expireAfter: 336h
  maxExtension: 336h
  grace: 1h
  sleep:
    idleAfter: 1h
    maxAwake: 24h
    workingHours:
      {days: [mon, tue, wed, thu, fri], from: "08:00", to: "19:00", timezone: Europe/Berlin, idleAfter: 2h, asleepOutside: false}
activity: {prometheus: {url: "http://prometheus:9090", preset: ingress-nginx}}
limits: {environments: 50, awake: 20, perOwner: 3, perRepository: 20, deletionsAtOnce: 10, whenFull: queue}
visits: signed-in
`

// wantWholePolicy returns the values of wholePolicy.
func wantWholePolicy() *config.Policy {
	length := func(d time.Duration) *config.Duration { return (*config.Duration)(&d) }
	return &config.Policy{
		APIVersion: "previewset.dev/v1alpha1", Kind: "PreviewConfig", Domain: "preview.example.dev",
		NamespacePrefix: "preview-", Baseline: config.Baseline{Namespace: "staging"},
		ProtectedNamespaces: []string{"default", "kube-*", "argocd", "staging", "prod"},
		Repositories:        map[string]config.RepositoryPolicy{"acme/shop": {Alias: "shop"}},
		Services: config.Services{
			{
				Name: "gateway", Repository: "acme/gateway", Image: "ghcr.io/acme/gateway", Tag: "{{ .SHA }}", Public: true,
				Calls: []string{"orders", "products"}, Data: []string{"redis"},
				Ready: &config.Ready{Check: "image", App: "github-actions"},
			},
			{
				Name: "orders", Repository: "acme/shop", Paths: []string{"orders/**", "lib/**"}, Image: "ghcr.io/acme/orders",
				Tag: "{{ .SHA }}", Default: &config.Ref{Branch: "main"}, Data: []string{"postgres", "rabbitmq"},
			},
			{
				Name: "products", Repository: "acme/shop", Paths: []string{"products/**", "lib/**"}, Image: "ghcr.io/acme/products",
				Tag: "{{ .SHA }}", Data: []string{"postgres"},
			},
		},
		Profiles: map[string]config.Profile{
			"changed": {Run: config.RunSet{Mode: "changed"}},
			"full": {
				Run: config.RunSet{Mode: "all"}, Dataset: "truncated", Components: []string{"spot"},
				Lifetime: &config.Lifetime{DeleteAfterIdle: length(48 * time.Hour)},
			},
			"checkout": {Run: config.RunSet{Mode: "list", Services: []string{"gateway", "orders"}}},
		},
		PullRequests: config.PullRequestPolicy{
			Label: "preview", JoinLabel: "preview-with", KeepLabel: "preview-keep", DebugLabel: "preview-debug", Drafts: "skip", Forks: "never",
			Profile: "changed", IssueKey: "[A-Z][A-Z0-9]+-[0-9]+",
		},
		Slots: config.SlotPolicy{Mode: "off"},
		Lifetime: config.Lifetime{
			DeleteAfterIdle: length(168 * time.Hour), ExpireAfter: length(336 * time.Hour),
			MaxExtension: length(336 * time.Hour), Grace: length(time.Hour),
			Sleep: &config.Sleep{
				IdleAfter: length(time.Hour), MaxAwake: length(24 * time.Hour),
				WorkingHours: &config.WorkingHours{
					Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "08:00", To: "19:00",
					Timezone: "Europe/Berlin", IdleAfter: length(2 * time.Hour),
				},
			},
		},
		Activity: config.Activity{
			Prometheus: &config.PrometheusActivity{URL: "http://prometheus:9090", Preset: "ingress-nginx"},
		},
		Limits: config.Limits{
			Environments: 50, Awake: 20, PerOwner: 3, PerRepository: 20, DeletionsAtOnce: 10, WhenFull: "queue",
		},
		Visits: config.VisitsSignedIn,
	}
}

func TestLoadReadsTheWholeFormat(t *testing.T) {
	t.Parallel()
	got := testfixture.LoadPolicy(t, wholePolicy).Policy
	if diff := cmp.Diff(wantWholePolicy(), got); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

// wholeEnvironment and wholeSlots have all fields of their formats.
const (
	wholeEnvironment = `apiVersion: previewset.dev/v1alpha1
kind: Environment
owner: jakub
purpose: checkout redesign
profile: full
components: [debug]
services:
  products: {tag: dev}
  orders:   {branch: main}
  gateway:  {pullRequest: 12}
links:
  mailer: {environment: alice}
  web: {pullRequest: acme/shop#7}
dataset: truncated
shared: false
handover: [gateway]
lifetime: {expires: 2026-12-24T18:00:00Z, keepAwake: false}
`
	wholeSlots = `apiVersion: previewset.dev/v1alpha1
kind: SlotPool
slots:
  bulbasaur: {holders: [alice, bob], purpose: checkout redesign, since: 2026-11-20T09:00:00Z, until: 2026-11-22T18:00:00Z}
  ivysaur: {}
queue: [{holders: [carol], purpose: load test, since: 2026-11-20T10:00:00Z}]
`
)

func TestLoadReadsAnEnvironmentAndSlots(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
		"overlays/jakub/environment.yaml": wholeEnvironment,
		config.SlotsFile:                  wholeSlots,
	}), nil)
	at := func(text string) *time.Time {
		v, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return &v
	}
	wantEnvironment := &config.Environment{
		APIVersion: config.APIVersion, Kind: "Environment", Owner: "jakub", Purpose: "checkout redesign", Profile: "full",
		Components: []string{"debug"},
		Services: map[string]config.EnvironmentService{
			"products": {Ref: config.Ref{Tag: "dev"}}, "orders": {Ref: config.Ref{Branch: "main"}},
			"gateway": {Ref: config.Ref{PullRequest: 12}},
		},
		Links:   map[string]config.Link{"mailer": {Environment: "alice"}, "web": {PullRequest: "acme/shop#7"}},
		Dataset: "truncated", Handover: []string{"gateway"}, Lifetime: config.EnvironmentLifetime{Expires: at("2026-12-24T18:00:00Z")},
	}
	if diff := cmp.Diff(wantEnvironment, c.Environments["jakub"]); diff != "" {
		t.Errorf("environment (-want +got):\n%s\nproblems: %v", diff, c.Problems)
	}
	wantSlots := &config.SlotPool{
		APIVersion: config.APIVersion, Kind: "SlotPool",
		Slots: map[string]config.Claim{
			"bulbasaur": {
				Holders: []string{"alice", "bob"}, Purpose: "checkout redesign",
				Since: at("2026-11-20T09:00:00Z"), Until: at("2026-11-22T18:00:00Z"),
			},
			"ivysaur": {},
		},
		Queue: []config.Claim{{Holders: []string{"carol"}, Purpose: "load test", Since: at("2026-11-20T10:00:00Z")}},
	}
	if diff := cmp.Diff(wantSlots, c.Slots); diff != "" {
		t.Errorf("slots (-want +got):\n%s", diff)
	}
}
