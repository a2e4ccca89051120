package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestLoadRefusesWhatIsNotStrictlyTheFormat(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, policy string
		want         []string
	}{
		{
			"a misspelt field gets the one that was meant", testfixture.DemoPolicy + "limit: {awake: 3}\n",
			[]string{"previewset.yaml:17: limit: unknown field; did you mean limits?"},
		},
		{
			"the nearest field is suggested, not the first", testfixture.Replace(t, testfixture.DemoPolicy, "dataset: truncated", "datasets: truncated"),
			[]string{"previewset.yaml:14: profiles.full.datasets: unknown field; did you mean dataset?"},
		},
		{
			"an unknown field that is near nothing gets the known ones", testfixture.DemoPolicy + "baseline: {cluster: a}\n",
			[]string{"previewset.yaml:17: baseline.cluster: unknown field; known here: namespace"},
		},
		{
			"fields are told apart by case", testfixture.Replace(t, testfixture.DemoPolicy, "domain:", "Domain:"),
			[]string{"previewset.yaml:3: Domain: unknown field; did you mean domain?"},
		},
		{
			"a list where a text is due", testfixture.Replace(t, testfixture.DemoPolicy, "domain: preview.example.dev", "domain: [a]"),
			[]string{"previewset.yaml:3: domain: a list stands where a text is due; quote it if it is meant as text"},
		},
		{
			"a number where a text is due", testfixture.Replace(t, testfixture.DemoPolicy, `tag: "{{ .SHA }}"`, "tag: 1.10"),
			[]string{`previewset.yaml:12: services.mailer.tag: "1.10" stands where a text is due; quote it if it is meant as text`},
		},
		{
			"a text where true or false is due", testfixture.Replace(t, testfixture.DemoPolicy, "public: true", `public: "yes"`),
			[]string{`previewset.yaml:8: services.web.public: "yes" stands where true or false is due; write one of them, without quotes`},
		},
		{
			"a text where a number is due", testfixture.DemoPolicy + "limits: {awake: many}\n",
			[]string{`previewset.yaml:17: limits.awake: "many" stands where a whole number is due; write one like 20, without quotes`},
		},
		{
			"a number below nothing", testfixture.DemoPolicy + "limits: {awake: -1}\n",
			[]string{`previewset.yaml:17: limits.awake: "-1" stands where a whole number is due; write one like 20, without quotes`},
		},
		{
			"a number with a fraction", testfixture.DemoPolicy + "limits: {awake: 1.5}\n",
			[]string{`previewset.yaml:17: limits.awake: "1.5" stands where a whole number is due; write one like 20, without quotes`},
		},
		{
			"a text where a list is due", testfixture.Replace(t, testfixture.DemoPolicy, "calls: [gateway]", "calls: gateway"),
			[]string{`previewset.yaml:8: services.web.calls: "gateway" stands where a list is due; write [a, b] or one item a line, each after a dash`},
		},
		{
			"a list where keys are due", testfixture.DemoPolicy + "baseline: [staging]\n",
			[]string{"previewset.yaml:17: baseline: a list stands where keys and values are due; write key: value pairs"},
		},
		{
			"services as a list", testfixture.Replace(t, testfixture.DemoPolicy, "services:\n  web:", "services:\n - web:", "  gateway: {", " - gateway: {", "  orders: {", " - orders: {", "  products: {", " - products: {", "  mailer: {", " - mailer: {"),
			[]string{"previewset.yaml:8: services: a list stands where keys and values are due; write key: value pairs"},
		},
		{
			"a text for a whole file", "preview",
			[]string{`previewset.yaml:1: "preview" stands where keys and values are due; write key: value pairs`},
		},
		{
			"a key that is a list", testfixture.DemoPolicy + "[a]: b\n",
			[]string{"previewset.yaml:17: has a key that is not a plain text; quote the key"},
		},
		{
			"a key that merges", testfixture.DemoPolicy + "<<: {slots: off}\n",
			[]string{"previewset.yaml:17: has a key that is not a plain text; quote the key"},
		},
		{
			"a value that is none of the choices", testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {drafts: maybe, "),
			[]string{`previewset.yaml:16: pullRequests.drafts: "maybe" is not one of the choices; write one of skip, include`},
		},
		{
			"an empty choice", testfixture.DemoPolicy + "slots: ''\n",
			[]string{`previewset.yaml:17: slots: "" is not one of the choices; write one of off, on, required`},
		},
		{
			"a length of time without unit", testfixture.DemoPolicy + "lifetime: {grace: 60}\n",
			[]string{`previewset.yaml:17: lifetime.grace: "60" is not a length of time; write it like "90m" or "168h"`},
		},
		{
			"a length of time below nothing", testfixture.DemoPolicy + "lifetime: {grace: -1h}\n",
			[]string{`previewset.yaml:17: lifetime.grace: "-1h" is not a length of time; write it like "90m" or "168h"`},
		},
		{
			"a choice of services that is none", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: some"),
			[]string{`previewset.yaml:14: profiles.full.run: "some" is not a choice of services; write changed, all, or a list of services`},
		},
		{
			"keys for a choice of services", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: {all: true}"),
			[]string{`previewset.yaml:14: profiles.full.run: a set of keys is not a choice of services; write changed, all, or a list of services`},
		},
		{
			"a key twice", testfixture.DemoPolicy + "slots: off\nslots: on\n",
			[]string{"previewset.yaml:18: slots: stands twice; keep one of them"},
		},
		{
			"a service twice", testfixture.Replace(t, testfixture.DemoPolicy, "profiles:\n", "  web: {repository: acme/web, image: web}\nprofiles:\n"),
			[]string{"previewset.yaml:13: services.web: stands twice; keep one of them"},
		},
		{
			"a profile twice", testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests:", "  full: {run: changed}\npullRequests:"),
			[]string{"previewset.yaml:16: profiles.full: stands twice; keep one of them"},
		},
		{
			"an anchor", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: &a all"),
			[]string{"previewset.yaml:14: uses an anchor or alias; write the value out"},
		},
		{
			"an anchor and an alias, each", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: &a all", "run: [gateway, orders]", "run: *a"),
			[]string{"previewset.yaml:14: uses an anchor or alias; write the value out", "previewset.yaml:15: uses an anchor or alias; write the value out"},
		},
		{
			"a tag of YAML's", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: !!str all"),
			[]string{`previewset.yaml:14: uses a tag like "!!str"; write the value alone, quoted where it is a text`},
		},
		{
			"a tag of somebody's own on a whole section", testfixture.Replace(t, testfixture.DemoPolicy, "profiles:", "profiles: !include"),
			[]string{`previewset.yaml:13: uses a tag like "!include"; write the value alone, quoted where it is a text`},
		},
		{
			"a second document", testfixture.DemoPolicy + "---\nkind: PreviewConfig\n",
			[]string{"previewset.yaml:17: has more than one document; keep one; a file describes one thing"},
		},
		{
			"a second document that is no YAML", testfixture.DemoPolicy + "---\n}\n",
			[]string{"previewset.yaml:18: is not YAML: did not find expected node content; mend the syntax there or in the line above"},
		},
		{
			"no YAML at all", testfixture.DemoPolicy + "slots: [off\n",
			[]string{"previewset.yaml:17: is not YAML: did not find expected ',' or ']'; mend the syntax there or in the line above"},
		},
		{
			"no YAML in the first line", "}",
			[]string{"previewset.yaml:1: is not YAML: did not find expected node content; mend the syntax there or in the line above"},
		},
		{
			"a tab where blanks indent", testfixture.DemoPolicy + "limits:\n\tawake: 3\n",
			[]string{"previewset.yaml:18: is not YAML: found character that cannot start any token; mend the syntax there or in the line above"},
		},
		{
			"bytes that are no text", testfixture.DemoPolicy + "purpose: \xff\n",
			[]string{"previewset.yaml: is not YAML: invalid leading UTF-8 octet; mend the syntax there or in the line above"},
		},
		{
			"a value left out", testfixture.Replace(t, testfixture.DemoPolicy, "domain: preview.example.dev", "domain:"),
			[]string{"previewset.yaml:3: domain: has no value; give it one or take the key out"},
		},
		{
			"a null in a list", testfixture.Replace(t, testfixture.DemoPolicy, "calls: [gateway]", "calls: [~]"),
			[]string{"previewset.yaml:8: services.web.calls[0]: has no value; give it one or take the key out"},
		},
		{
			"a service without anything", testfixture.Replace(t, testfixture.DemoPolicy, "profiles:\n", "  search:\nprofiles:\n"),
			[]string{"previewset.yaml:13: services.search: has no value; give it one or take the key out"},
		},
		{
			"a null where a section may be left out", testfixture.Replace(t, testfixture.DemoPolicy, "image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, default: null"),
			[]string{"previewset.yaml:12: services.mailer.default: has no value; give it one or take the key out"},
		},
		{"an empty file", "", []string{"previewset.yaml: is empty; start it with apiVersion: previewset.dev/v1alpha1"}},
		{"a file of comments", "# soon\n", []string{"previewset.yaml: is empty; start it with apiVersion: previewset.dev/v1alpha1"}},
		{"a document with nothing in it", "---\n", []string{"previewset.yaml:2: has no value; give it one or take the key out"}},
		{
			"nesting that is too deep", testfixture.DemoPolicy + "activity: " + strings.Repeat("[", 33) + strings.Repeat("]", 33) + "\n",
			[]string{"previewset.yaml:17: nests deeper than 32; flatten it"},
		},
		{
			"the deepest nesting that is allowed is read", testfixture.DemoPolicy + "activity: " + strings.Repeat("[", 32) + strings.Repeat("]", 32) + "\n",
			[]string{"previewset.yaml:17: activity: a list stands where keys and values are due; write key: value pairs"},
		},
		{
			"a file that is too large", testfixture.DemoPolicy + "#" + strings.Repeat(" ", config.MaxFileSize-len(testfixture.DemoPolicy)),
			[]string{"previewset.yaml: is larger than 256 KiB; split or shorten it"},
		},
		{
			"the largest file that is allowed is read", testfixture.DemoPolicy + strings.Repeat(" ", config.MaxFileSize-len(testfixture.DemoPolicy)-1) + "x",
			[]string{"previewset.yaml:17: is not YAML: did not find expected key; mend the syntax there or in the line above"},
		},
		{
			"control characters and bidi marks stay in the file", testfixture.DemoPolicy + "\"a\u202e\\e[31m\": 1\n",
			[]string{"previewset.yaml:17: a[31m: unknown field; known here: activity, apiVersion, baseline, domain, kind, lifetime, limits, namespacePrefix, profiles, protectedNamespaces, pullRequests, repositories, services, slots"},
		},
		{
			"all mistakes at once, in the file's order", testfixture.Replace(t, testfixture.DemoPolicy,
				"domain: preview.example.dev", "domain: 7", "public: true", "public: 1", "run: all", "run: 3") + "slot: off\nlimits: {awake: x, perOwner: y}\n",
			[]string{
				`previewset.yaml:3: domain: "7" stands where a text is due; quote it if it is meant as text`,
				`previewset.yaml:8: services.web.public: "1" stands where true or false is due; write one of them, without quotes`,
				`previewset.yaml:14: profiles.full.run: "3" is not a choice of services; write changed, all, or a list of services`,
				"previewset.yaml:17: slot: unknown field; did you mean slots?",
				`previewset.yaml:18: limits.awake: "x" stands where a whole number is due; write one like 20, without quotes`,
				`previewset.yaml:18: limits.perOwner: "y" stands where a whole number is due; write one like 20, without quotes`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(testfixture.DemoTree(map[string]string{config.PolicyFile: tt.policy}), nil)
			if diff := cmp.Diff(tt.want, testfixture.Lines(err)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadRefusesWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		edit func(*config.Tree)
		want []string
	}{
		{
			"no previewset.yaml", func(t *config.Tree) { delete(t.Files, config.PolicyFile) },
			[]string{"previewset.yaml: is missing; run previewctl init, or name the folder that holds it: check DIR, render and plan --dir, else --config-path"},
		},
		{
			"a previewset.yaml that is no regular file", func(t *config.Tree) { t.Files[config.PolicyFile] = config.File{Problem: "is a symbolic link"} },
			[]string{"previewset.yaml: is a symbolic link; make it a regular file of at most 256 KiB"},
		},
		{"mistakes in previewset.yaml and slots.yaml", func(t *config.Tree) {
			t.Files[config.PolicyFile] = config.File{Content: []byte(testfixture.DemoPolicy + "a: b\n")}
			t.Files[config.SlotsFile] = config.File{Content: []byte("kind: SlotPool\nslot: {}\n")}
		}, []string{
			"previewset.yaml:17: a: unknown field; known here: activity, apiVersion, baseline, domain, kind, lifetime, limits, namespacePrefix, profiles, protectedNamespaces, pullRequests, repositories, services, slots",
			"slots.yaml:2: slot: unknown field; did you mean slots?",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree := testfixture.DemoTree(nil)
			tt.edit(&tree)
			_, err := config.Load(tree, nil)
			if diff := cmp.Diff(tt.want, testfixture.Lines(err)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadListsNoMoreMistakesThanAreRead(t *testing.T) {
	t.Parallel()
	var policy strings.Builder
	policy.WriteString(testfixture.DemoPolicy)
	for i := range 1000 {
		fmt.Fprintf(&policy, "unknown%d: 1\n", i)
	}
	_, err := config.Load(testfixture.DemoTree(map[string]string{config.PolicyFile: policy.String()}), nil)
	got := testfixture.Lines(err)
	if len(got) != config.MaxProblems {
		t.Fatalf("%d lines, want %d", len(got), config.MaxProblems)
	}
	if want := "previewset.yaml:116: has more mistakes, which are not listed; mend these first"; got[config.MaxProblems-1] != want {
		t.Errorf("last line is %q, want %q", got[config.MaxProblems-1], want)
	}
}

func TestProblemShowsLittleOfALongKey(t *testing.T) {
	t.Parallel()
	_, err := config.Load(testfixture.DemoTree(map[string]string{config.PolicyFile: testfixture.DemoPolicy + "? " + strings.Repeat("ä", 5000) + "\n: 1\n"}), nil)
	got := testfixture.Lines(err)
	if want := "previewset.yaml:17: " + strings.Repeat("ä", 100) + "…: unknown field; "; len(got) != 1 || !strings.HasPrefix(got[0], want) {
		t.Errorf("problems are %q, want one that starts with %q", got, want)
	}
}

func TestProblemShowsLittleOfALongValue(t *testing.T) {
	t.Parallel()
	_, err := config.Load(testfixture.DemoTree(map[string]string{config.PolicyFile: testfixture.DemoPolicy + "limits: {awake: a" + strings.Repeat("ä", 5000) + "}\n"}), nil)
	want := []string{`previewset.yaml:17: limits.awake: "a` + strings.Repeat("ä", 28) + `…" stands where a whole number is due; write one like 20, without quotes`}
	if diff := cmp.Diff(want, testfixture.Lines(err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

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
		NamespacePrefix: "preview-", Baseline: config.Baseline{Namespace: "staging"}, Slots: "off",
		Services: config.Services{{Name: "gateway", Repository: "acme/gateway", Image: "ghcr.io/acme/gateway", Tag: "{{ .SHA }}"}},
		Profiles: map[string]config.Profile{"changed": {Run: config.RunSet{Mode: "changed"}}},
		PullRequests: config.PullRequestPolicy{
			Label: "preview", JoinLabel: "preview-with", KeepLabel: "preview-keep", Drafts: "skip", Forks: "never", Profile: "changed",
		},
		Limits: config.Limits{WhenFull: "queue"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

// An example with every field.
func TestLoadReadsTheWholeFormat(t *testing.T) {
	t.Parallel()
	got := testfixture.LoadPolicy(t, `apiVersion: previewset.dev/v1alpha1
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
    workingHours: {days: [mon, tue, wed, thu, fri], from: "08:00", to: "19:00", timezone: Europe/Berlin, idleAfter: 2h, asleepOutside: false}
activity: {prometheus: {url: "http://prometheus:9090", preset: ingress-nginx}}
limits: {environments: 50, awake: 20, perOwner: 3, perRepository: 20, deletionsAtOnce: 10, whenFull: queue}
`).Policy
	length := func(d time.Duration) *config.Duration { return (*config.Duration)(&d) }
	want := &config.Policy{
		APIVersion: "previewset.dev/v1alpha1", Kind: "PreviewConfig", Domain: "preview.example.dev",
		NamespacePrefix: "preview-", Baseline: config.Baseline{Namespace: "staging"},
		ProtectedNamespaces: []string{"default", "kube-*", "argocd", "staging", "prod"},
		Repositories:        map[string]config.RepositoryPolicy{"acme/shop": {Alias: "shop"}},
		Services: config.Services{
			{
				Name: "gateway", Repository: "acme/gateway", Image: "ghcr.io/acme/gateway", Tag: "{{ .SHA }}", Public: true,
				Calls: []string{"orders", "products"}, Data: []string{"redis"}, Ready: &config.Ready{Check: "image", App: "github-actions"},
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
			"changed":  {Run: config.RunSet{Mode: "changed"}},
			"full":     {Run: config.RunSet{Mode: "all"}, Dataset: "truncated", Components: []string{"spot"}, Lifetime: &config.Lifetime{DeleteAfterIdle: length(48 * time.Hour)}},
			"checkout": {Run: config.RunSet{Mode: "list", Services: []string{"gateway", "orders"}}},
		},
		PullRequests: config.PullRequestPolicy{
			Label: "preview", JoinLabel: "preview-with", KeepLabel: "preview-keep", Drafts: "skip", Forks: "never",
			Profile: "changed", IssueKey: "[A-Z][A-Z0-9]+-[0-9]+",
		},
		Slots: "off",
		Lifetime: config.Lifetime{
			DeleteAfterIdle: length(168 * time.Hour), ExpireAfter: length(336 * time.Hour), MaxExtension: length(336 * time.Hour), Grace: length(time.Hour),
			Sleep: &config.Sleep{
				IdleAfter: length(time.Hour), MaxAwake: length(24 * time.Hour),
				WorkingHours: &config.WorkingHours{
					Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "08:00", To: "19:00", Timezone: "Europe/Berlin", IdleAfter: length(2 * time.Hour),
				},
			},
		},
		Activity: config.Activity{Prometheus: &config.PrometheusActivity{URL: "http://prometheus:9090", Preset: "ingress-nginx"}},
		Limits:   config.Limits{Environments: 50, Awake: 20, PerOwner: 3, PerRepository: 20, DeletionsAtOnce: 10, WhenFull: "queue"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

func TestLoadReadsAnEnvironmentAndSlots(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
		"overlays/jakub/environment.yaml": `apiVersion: previewset.dev/v1alpha1
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
`,
		config.SlotsFile: `apiVersion: previewset.dev/v1alpha1
kind: SlotPool
slots:
  bulbasaur: {holders: [alice, bob], purpose: checkout redesign, since: 2026-11-20T09:00:00Z, until: 2026-11-22T18:00:00Z}
  ivysaur: {}
queue: [{holders: [carol], purpose: load test, since: 2026-11-20T10:00:00Z}]
`,
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
		Components: []string{"debug"}, Services: map[string]config.Ref{"products": {Tag: "dev"}, "orders": {Branch: "main"}, "gateway": {PullRequest: 12}},
		Links:   map[string]config.Link{"mailer": {Environment: "alice"}, "web": {PullRequest: "acme/shop#7"}},
		Dataset: "truncated", Handover: []string{"gateway"}, Lifetime: config.EnvironmentLifetime{Expires: at("2026-12-24T18:00:00Z")},
	}
	if diff := cmp.Diff(wantEnvironment, c.Environments["jakub"]); diff != "" {
		t.Errorf("environment (-want +got):\n%s\nproblems: %v", diff, c.Problems)
	}
	wantSlots := &config.SlotPool{
		APIVersion: config.APIVersion, Kind: "SlotPool",
		Slots: map[string]config.Claim{
			"bulbasaur": {Holders: []string{"alice", "bob"}, Purpose: "checkout redesign", Since: at("2026-11-20T09:00:00Z"), Until: at("2026-11-22T18:00:00Z")},
			"ivysaur":   {},
		},
		Queue: []config.Claim{{Holders: []string{"carol"}, Purpose: "load test", Since: at("2026-11-20T10:00:00Z")}},
	}
	if diff := cmp.Diff(wantSlots, c.Slots); diff != "" {
		t.Errorf("slots (-want +got):\n%s", diff)
	}
}
