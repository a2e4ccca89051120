package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
	"github.com/previewset/previewset/internal/testfixture/golden"
)

func TestLoadRefusesWhatIsNotStrictlyTheFormat(t *testing.T) {
	t.Parallel()
	problems := golden.NewTable(t, "testdata/problems/syntax.txt")
	tests := []struct {
		name, policy string
	}{
		{"a misspelt field gets the one that was meant", testfixture.DemoPolicy + "limit: {awake: 3}\n"},
		{
			"the nearest field is suggested, not the first", testfixture.Replace(t, testfixture.DemoPolicy, "dataset: truncated", "datasets: truncated"),
		},
		{
			"an unknown field that is near nothing gets the known ones",
			testfixture.DemoPolicy + "baseline: {cluster: a}\n",
		},
		{"fields are told apart by case", testfixture.Replace(t, testfixture.DemoPolicy, "domain:", "Domain:")},
		{
			"a list where a text is due", testfixture.Replace(t, testfixture.DemoPolicy, "domain: preview.example.dev", "domain: [a]"),
		},
		{
			"a number where a text is due", testfixture.Replace(t, testfixture.DemoPolicy, `tag: "{{ .SHA }}"`, "tag: 1.10"),
		},
		{
			"a text where true or false is due", testfixture.Replace(t, testfixture.DemoPolicy, "public: true", `public: "yes"`),
		},
		{"a text where a number is due", testfixture.DemoPolicy + "limits: {awake: many}\n"},
		{"a number below nothing", testfixture.DemoPolicy + "limits: {awake: -1}\n"},
		{"a number with a fraction", testfixture.DemoPolicy + "limits: {awake: 1.5}\n"},
		{
			"a text where a list is due", testfixture.Replace(t, testfixture.DemoPolicy, "calls: [gateway]", "calls: gateway"),
		},
		{"a list where keys are due", testfixture.DemoPolicy + "baseline: [staging]\n"},
		{
			"services as a list", testfixture.Replace(t, testfixture.DemoPolicy, "services:\n  web:", "services:\n - web:", "  gateway: {", " - gateway: {", "  orders: {", " - orders: {", "  products: {", " - products: {", "  mailer: {", " - mailer: {"),
		},
		{"a text for a whole file", "preview"},
		{"a key that is a list", testfixture.DemoPolicy + "[a]: b\n"},
		{"a key that merges", testfixture.DemoPolicy + "<<: {slots: off}\n"},
		{
			"a value that is none of the choices", testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {drafts: maybe, "),
		},
		{"an empty choice", testfixture.DemoPolicy + "slots: ''\n"},
		{"a length of time without unit", testfixture.DemoPolicy + "lifetime: {grace: 60}\n"},
		{"a length of time below nothing", testfixture.DemoPolicy + "lifetime: {grace: -1h}\n"},
		{"a choice of services that is none", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: some")},
		{
			"keys for a choice of services",
			testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: {all: true}"),
		},
		{"a key twice", testfixture.DemoPolicy + "slots: off\nslots: on\n"},
		{
			"a service twice", testfixture.Replace(t, testfixture.DemoPolicy, "profiles:\n", "  web: {repository: acme/web, image: web}\nprofiles:\n"),
		},
		{
			"a profile twice", testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests:", "  full: {run: changed}\npullRequests:"),
		},
		{"an anchor", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: &a all")},
		{
			"an anchor and an alias, each", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: &a all", "run: [gateway, orders]", "run: *a"),
		},
		{"a tag of YAML's", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: !!str all")},
		{
			"a tag of somebody's own on a whole section", testfixture.Replace(t, testfixture.DemoPolicy, "profiles:", "profiles: !include"),
		},
		{"a second document", testfixture.DemoPolicy + "---\nkind: PreviewConfig\n"},
		{"a second document that is no YAML", testfixture.DemoPolicy + "---\n}\n"},
		{"no YAML at all", testfixture.DemoPolicy + "slots: [off\n"},
		{"no YAML in the first line", "}"},
		{"a tab where blanks indent", testfixture.DemoPolicy + "limits:\n\tawake: 3\n"},
		{"bytes that are no text", testfixture.DemoPolicy + "purpose: \xff\n"},
		{"a value left out", testfixture.Replace(t, testfixture.DemoPolicy, "domain: preview.example.dev", "domain:")},
		{"a null in a list", testfixture.Replace(t, testfixture.DemoPolicy, "calls: [gateway]", "calls: [~]")},
		{
			"a service without anything", testfixture.Replace(t, testfixture.DemoPolicy, "profiles:\n", "  search:\nprofiles:\n"),
		},
		{
			"a null where a section may be left out", testfixture.Replace(t, testfixture.DemoPolicy, "image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, default: null"),
		},
		{"an empty file", ""},
		{"a file of comments", "# soon\n"},
		{"a document with nothing in it", "---\n"},
		{
			"nesting that is too deep", testfixture.DemoPolicy + "activity: " + strings.Repeat("[", 33) + strings.Repeat("]", 33) + "\n",
		},
		{
			"the deepest nesting that is allowed is read", testfixture.DemoPolicy + "activity: " + strings.Repeat("[", 32) + strings.Repeat("]", 32) + "\n",
		},
		{
			"a file that is too large", testfixture.DemoPolicy + "#" + strings.Repeat(" ", config.MaxFileSize-len(testfixture.DemoPolicy)),
		},
		{
			"the largest file that is allowed is read", testfixture.DemoPolicy + strings.Repeat(" ", config.MaxFileSize-len(testfixture.DemoPolicy)-1) + "x",
		},
		{"control characters and bidi marks stay in the file", testfixture.DemoPolicy + "\"a\u202e\\e[31m\": 1\n"},
		{
			"all mistakes at once, in the file's order", testfixture.Replace(
				t,
				testfixture.DemoPolicy,
				"domain: preview.example.dev",
				"domain: 7",
				"public: true",
				"public: 1",
				"run: all",
				"run: 3",
			) + "slot: off\nlimits: {awake: x, perOwner: y}\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(testfixture.DemoTree(map[string]string{config.PolicyFile: tt.policy}), nil)
			problems.Add(tt.name, testfixture.Lines(err))
		})
	}
}

func TestLoadRefusesWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	problems := golden.NewTable(t, "testdata/problems/files.txt")
	tests := []struct {
		name string
		edit func(*config.Tree)
	}{
		{"no previewset.yaml", func(t *config.Tree) { delete(t.Files, config.PolicyFile) }},
		{
			"a previewset.yaml that is no regular file", func(t *config.Tree) { t.Files[config.PolicyFile] = config.File{Problem: "is a symbolic link"} },
		},
		{"mistakes in previewset.yaml and slots.yaml", func(t *config.Tree) {
			t.Files[config.PolicyFile] = config.File{Content: []byte(testfixture.DemoPolicy + "a: b\n")}
			t.Files[config.SlotsFile] = config.File{Content: []byte("kind: SlotPool\nslot: {}\n")}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree := testfixture.DemoTree(nil)
			tt.edit(&tree)
			_, err := config.Load(tree, nil)
			problems.Add(tt.name, testfixture.Lines(err))
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
	if want := "previewset.yaml:116: has more problems than are listed; fix these first"; got[config.MaxProblems-1] != want {
		t.Errorf("last line is %q, want %q", got[config.MaxProblems-1], want)
	}
}

func TestProblemShowsLittleOfALongKey(t *testing.T) {
	t.Parallel()
	_, err := config.Load(
		testfixture.DemoTree(
			map[string]string{config.PolicyFile: testfixture.DemoPolicy + "? " + strings.Repeat("ä", 5000) + "\n: 1\n"},
		),
		nil,
	)
	got := testfixture.Lines(err)
	if want := "previewset.yaml:17: " + strings.Repeat("ä", 100) + "…: unknown field; "; len(got) != 1 ||
		!strings.HasPrefix(got[0], want) {
		t.Errorf("problems are %q, want one that starts with %q", got, want)
	}
}

func TestProblemShowsLittleOfALongValue(t *testing.T) {
	t.Parallel()
	_, err := config.Load(
		testfixture.DemoTree(
			map[string]string{
				config.PolicyFile: testfixture.DemoPolicy + "limits: {awake: a" + strings.Repeat("ä", 5000) + "}\n",
			},
		),
		nil,
	)
	want := []string{
		`previewset.yaml:17: limits.awake: "a` + strings.Repeat(
			"ä",
			28,
		) + `…": expected a whole number; write one like 20, without quotes`,
	}
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
		Services: config.Services{
			{Name: "gateway", Repository: "acme/gateway", Image: "ghcr.io/acme/gateway", Tag: "{{ .SHA }}"},
		},
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
				Calls: []string{
					"orders",
					"products",
				}, Data: []string{"redis"}, Ready: &config.Ready{Check: "image", App: "github-actions"},
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
				Run:        config.RunSet{Mode: "all"},
				Dataset:    "truncated",
				Components: []string{"spot"},
				Lifetime:   &config.Lifetime{DeleteAfterIdle: length(48 * time.Hour)},
			},
			"checkout": {Run: config.RunSet{Mode: "list", Services: []string{"gateway", "orders"}}},
		},
		PullRequests: config.PullRequestPolicy{
			Label: "preview", JoinLabel: "preview-with", KeepLabel: "preview-keep", Drafts: "skip", Forks: "never",
			Profile: "changed", IssueKey: "[A-Z][A-Z0-9]+-[0-9]+",
		},
		Slots: "off",
		Lifetime: config.Lifetime{
			DeleteAfterIdle: length(
				168 * time.Hour,
			), ExpireAfter: length(336 * time.Hour), MaxExtension: length(336 * time.Hour), Grace: length(time.Hour),
			Sleep: &config.Sleep{
				IdleAfter: length(time.Hour), MaxAwake: length(24 * time.Hour),
				WorkingHours: &config.WorkingHours{
					Days: []string{
						"mon",
						"tue",
						"wed",
						"thu",
						"fri",
					}, From: "08:00", To: "19:00", Timezone: "Europe/Berlin", IdleAfter: length(2 * time.Hour),
				},
			},
		},
		Activity: config.Activity{
			Prometheus: &config.PrometheusActivity{URL: "http://prometheus:9090", Preset: "ingress-nginx"},
		},
		Limits: config.Limits{
			Environments:    50,
			Awake:           20,
			PerOwner:        3,
			PerRepository:   20,
			DeletionsAtOnce: 10,
			WhenFull:        "queue",
		},
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
		Components: []string{
			"debug",
		}, Services: map[string]config.Ref{"products": {Tag: "dev"}, "orders": {Branch: "main"}, "gateway": {PullRequest: 12}},
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
				Holders: []string{"alice", "bob"},
				Purpose: "checkout redesign",
				Since:   at("2026-11-20T09:00:00Z"),
				Until:   at("2026-11-22T18:00:00Z"),
			},
			"ivysaur": {},
		},
		Queue: []config.Claim{{Holders: []string{"carol"}, Purpose: "load test", Since: at("2026-11-20T10:00:00Z")}},
	}
	if diff := cmp.Diff(wantSlots, c.Slots); diff != "" {
		t.Errorf("slots (-want +got):\n%s", diff)
	}
}
