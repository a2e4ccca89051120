package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
	"github.com/previewset/previewset/internal/testfixture/golden"
)

var invalidPolicyCases = []struct {
	name string
	edit []string // pairs of what stands in demo and what stands there instead
	add  string   // at its end: line 17
}{
	{"another version of the format", []string{"v1alpha1", "v2"}, ""},
	{"another kind", []string{"kind: PreviewConfig", "kind: Environment"}, ""},
	{"no domain", []string{"domain: preview.example.dev\n", ""}, ""},
	{"a domain with a scheme", []string{"preview.example.dev", "https://preview.example.dev"}, ""},
	{
		"a domain that leaves no room for a host",
		[]string{"preview.example.dev", strings.Repeat("a234567.", 23) + "abcdef"},
		"",
	},
	{
		"sizes that are none, or have no resource or quantity", nil,
		"sizes:\n  xl: {quota: {pods: \"1\"}}\n  s: {}\n" +
			"  m: {requests: {gpu: \"1\", cpu: much, memory: -1Gi}, limits: {memory: 1Gi}, quota: {\"a b\": \"1\", pods: \"1e3\"}}\n",
	},
	{
		"cloud resources without a folder, with names and fields that can't be theirs",
		[]string{"mailer: {", "mailer: {cloud: [a, b], "},
		"cloud:\n  A_b: {name: \"x-{{environment}}\"}\n  b: {name: acme}\n  c: {name: \"{{environment}}-{{environment}}\"}\n" +
			"  d: {name: \"a23456789-12345678-{{environment}}\", field: metadata.name}\n  e: {name: \"f{{environment}}\"}\n" +
			"  g: {name: \"a-{{environment}}\"}\n  h: {name: \"a-{{environment}}-b\"}\n  i: {name: \"a-b-{{environment}}\"}\n",
	},
	{"a size without an entry", []string{"full: {run: all", "full: {size: l, run: all"}, "sizes: {s: {quota: {pods: \"1\"}}}\n"},
	{"a size that is none", []string{"full: {run: all", "full: {size: xl, run: all"}, ""},
	{"a container that is none", []string{"mailer: {", "mailer: {container: A_b, "}, ""},
	{"a prefix of 24 characters", nil, "namespacePrefix: a23456789-123456789-123-\n"},
	{"a prefix that starts with a dash", nil, "namespacePrefix: -a\n"},
	{"no prefix", nil, "namespacePrefix: ''\n"},
	{"a baseline that is no namespace", nil, "baseline: {namespace: Staging}\n"},
	{
		"protected namespaces that are no patterns",
		[]string{`default, "kube-*"`, `"[", ""`},
		"",
	},

	{
		"a service whose name leaves no room for an environment's",
		[]string{"  mailer:", "  mailer-2345678901234567:"},
		"",
	},
	{"an empty repository", []string{"mailer: {repository: acme/mailer,", `mailer: {repository: "",`}, ""},
	{
		"settings without a repository",
		[]string{"mailer: {repository: acme/mailer,", "mailer: {paths: [a], ready: {check: a, app: b}, default: {branch: main},"},
		"",
	},
	{
		"a service without repository and image",
		[]string{"mailer: {repository: acme/mailer, image: ghcr.io/acme/mailer,", "mailer: {"},
		"",
	},
	{"a repository with its host", []string{"repository: acme/mailer", "repository: github.com/acme/mailer"}, ""},
	{"an image with a tag", []string{"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer:v1"}, ""},
	{
		"a short image with a tag that looks like a port",
		[]string{"image: ghcr.io/acme/mailer", `image: "mailer:8080"`},
		"",
	},
	{
		"an image of a registry with a port",
		[]string{"image: ghcr.io/acme/mailer", "image: localhost:5000/mailer"},
		"",
	},
	{"one image for two services", []string{"ghcr.io/acme/mailer", "ghcr.io/acme/web"}, ""},
	{
		"an empty tag",
		[]string{`tag: "{{ .SHA }}"`, `tag: ""`},
		"",
	},
	{
		"a tag with an unknown field",
		[]string{`{{ .SHA }}`, `{{ .Title }}`},
		"",
	},
	{
		"a tag with a function",
		[]string{`{{ .SHA }}`, `{{ .SHA | lower }}`},
		"",
	},
	{
		"a tag with a slash",
		[]string{`{{ .SHA }}`, `pr/{{ .SHA }}`},
		"",
	},
	{
		"paths that match nothing ever",
		[]string{`["web/**"]`, `["web/[", "", /web, ./web]`},
		"",
	},
	{"a call to nobody", []string{"calls: [gateway]", "calls: [gateway, search]"}, ""},
	{"a store that is not there", []string{"data: [redis]", "data: [redis, mysql]"}, ""},
	{
		"a check without the app that sets it",
		[]string{"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, ready: {check: image}"},
		"",
	},
	{
		"a check of an App and a user",
		[]string{"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, ready: {check: image, app: ci, userID: 4}"},
		"",
	},
	{
		"a default that is a pull request",
		[]string{"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, default: {pullRequest: 3}"},
		"",
	},
	{
		"a default that is two things",
		[]string{"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, default: {branch: main, tag: dev}"},
		"",
	},
	{
		"a default that is a short commit",
		[]string{"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, default: {sha: abc}"},
		"",
	},
	{
		"a tag that the default can't fill with a number",
		[]string{`tag: "{{ .SHA }}"`, `tag: "{{ .Number }}", default: {branch: main}`},
		"",
	},
	{
		"a tag that the default can't fill with a branch",
		[]string{`tag: "{{ .SHA }}"`, `tag: "{{ .Branch }}", default: {tag: dev}`},
		"",
	},

	{
		"an entry for a repository that has no service",
		[]string{"  acme/Shop:", "  acme/old: {alias: old}\n  acme/Shop:"},
		"",
	},
	{"two entries for one repository", []string{"  acme/Shop:", "  acme/shop: {alias: store}\n  acme/Shop:"}, ""},
	{"an alias that is no label", []string{"alias: shop", "alias: Shop_1"}, ""},
	{"an alias of 21 characters", []string{"alias: shop", "alias: a23456789012345678901"}, ""},
	{"two repositories with one short name", []string{"repository: acme/mailer", "repository: other/gateway"}, ""},
	{"an alias that is another repository's name", []string{"alias: shop", "alias: mailer"}, ""},
	{
		"repositories that differ in case only are one",
		[]string{"repository: acme/mailer", "repository: ACME/Gateway"},
		"",
	},

	{"a profile that no label can name", []string{"  full:", "  Full:"}, ""},
	{"a profile that needs run", []string{"run: all, ", ""}, ""},
	{"a profile of a service that is not there", []string{"run: [gateway, orders]", "run: [gateway, order]"}, ""},
	{"a dataset that no store has", []string{"dataset: truncated", "dataset: huge"}, ""},
	{"a component that is not there", []string{"components: [spot]", "components: [spot, gpu]"}, ""},

	{"a default profile that is not there", []string{"pullRequests: {", "pullRequests: {profile: fast, "}, ""},
	{"no label", []string{"pullRequests: {", "pullRequests: {label: '', "}, ""},
	{"a label with a colon", []string{"pullRequests: {", "pullRequests: {label: 'deploy:preview', "}, ""},
	{"one label for two things", []string{"pullRequests: {", "pullRequests: {joinLabel: Preview, "}, ""},
	{
		"an issue key that is no regular expression",
		[]string{`"[A-Z][A-Z0-9]+-[0-9]+"`, `"(?=a)"`},
		"",
	},

	{"activity at no address", nil, "activity: {prometheus: {url: prometheus, preset: ingress-nginx}}\n"},
	{
		"activity at an address with a password", nil, "activity: {prometheus: {url: 'http://a:b@prometheus', query: up}}\n",
	},
	{
		"activity by two questions", nil, "activity: {prometheus: {url: 'http://prometheus', preset: ingress-nginx, query: up}}\n",
	},

	{
		"lengths of time that are none", nil,
		"lifetime: {deleteAfterIdle: 0s, expireAfter: 0s, grace: 0s, maxExtension: 0s, sleep: {idleAfter: 0s, maxAwake: 0s}}\n",
	},
	{"a profile's lifetime is checked too", []string{"run: all", "run: all, lifetime: {deleteAfterIdle: 0s}"}, ""},
	{"working hours of nothing", nil, "lifetime: {sleep: {workingHours: {}}}\n"},
	{
		"working hours of another calendar", nil,
		`lifetime: {sleep: {workingHours: {days: [mon, Tue, mon], from: "8:00", to: "24:01", timezone: Europe/Bonn, idleAfter: 0s}}}` + "\n",
	},
	{
		"working hours of no time, wherever the machine is", nil,
		`lifetime: {sleep: {workingHours: {days: [mon], from: "08:00", to: "08:00", timezone: Local}}}` + "\n",
	},
	{
		"working hours over midnight",
		nil,
		`lifetime: {sleep: {workingHours: {days: [sun], from: "22:00", to: "06:00", timezone: UTC}}}` + "\n",
	},
	{
		"lengths of time that nobody lives", nil, "lifetime: {deleteAfterIdle: 43801h, grace: 43801h, maxExtension: 43801h}\n",
	},
	{"gone before it sleeps", nil, "lifetime: {deleteAfterIdle: 1h, sleep: {idleAfter: 90m}}\n"},
	{
		"gone before it sleeps, by a profile's end and the idleness of all",
		[]string{
			"run: all",
			"run: all, lifetime: {deleteAfterIdle: 30m}",
			"run: [gateway, orders]",
			"run: [gateway, orders], lifetime: {grace: 1h}",
		},
		"lifetime: {deleteAfterIdle: 48h, sleep: {idleAfter: 90m}}\n",
	},
	{
		"presets that don't go together", nil,
		"activity: {prometheus: {url: 'http://prometheus', preset: traefik, presets: [traefik, redis, redis]}}\n",
	},
	{"an unknown one of several presets", nil, "activity: {prometheus: {url: 'http://prometheus', presets: [traefik, pg]}}\n"},
	{"a preset that nobody made", nil, "activity: {prometheus: {url: 'http://prometheus', preset: nginx}}\n"},
	{
		"working hours around the clock",
		nil,
		`lifetime: {sleep: {workingHours: {days: [sun], from: "00:00", to: "24:00", timezone: UTC}}}` + "\n",
	},

	{
		"all broken references at once",
		[]string{
			"calls: [gateway]",
			"calls: [gate]",
			"data: [redis]",
			"data: [red]",
			"components: [spot]",
			"components: [spo]",
		},
		"slots: on\nbaseline: {namespace: ''}\n",
	},
}

func TestLoadRefusesAPolicyThatCannotWork(t *testing.T) {
	t.Parallel()
	problems := golden.NewTable(t, "testdata/problems/policy.txt")
	for _, tt := range invalidPolicyCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(
				testfixture.DemoTree(
					map[string]string{
						config.PolicyFile: testfixture.Replace(t, testfixture.DemoPolicy, tt.edit...) + tt.add,
					},
				),
				nil,
			)
			problems.Add(tt.name, testfixture.Lines(err))
		})
	}
}

func TestLoadRefusesWhatKustomizeBaseLacks(t *testing.T) {
	t.Parallel()
	tree := testfixture.DemoTree(nil)
	for _, folder := range []string{"services/mailer/run", "services/mailer/link", "services/orders/link", "components/guardrails"} {
		delete(tree.Kustomizations, "kustomize-base/"+folder)
	}
	_, err := config.Load(tree, nil)
	want := []string{
		"previewset.yaml:10: services.orders: kustomize-base/services/orders/link is missing, but other services call orders; " +
			"add the component that links to it, or remove it from calls",
		"previewset.yaml:12: services.mailer: kustomize-base/services/mailer/run is missing; add the component that runs it",
		"previewset.yaml: kustomize-base/components/guardrails is missing; every environment needs it; " +
			"add the component; previewctl init writes one",
	}
	if diff := cmp.Diff(want, testfixture.Lines(err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestRemedyNamesNoMoreThanIsRead(t *testing.T) {
	t.Parallel()
	names := strings.Split(strings.Repeat("a,", 20)+"b", ",")
	if got, want := config.SomeOf(names), "known: "+strings.Repeat("a, ", 20)+"…"; got != want {
		t.Errorf("someOf(21 names) = %q, want %q", got, want)
	}
	if got, want := config.SomeOf(names[:2]), "known: a, a"; got != want {
		t.Errorf("someOf(2 names) = %q, want %q", got, want)
	}
	if got, want := config.SomeOf(nil), "none exist"; got != want {
		t.Errorf("someOf(nil) = %q, want %q", got, want)
	}
}

func TestLoadRefusesSlotsThatCannotWork(t *testing.T) {
	t.Parallel()
	_, err := config.Load(testfixture.DemoTree(map[string]string{config.SlotsFile: `apiVersion: previewset.dev/v1alpha1
kind: Slots
slots: {bulbasaur: {holders: ["@alice"]}}
`}), nil)
	golden.Compare(t, "testdata/problems/slots.txt", []byte(err.Error()+"\n"))
}

func TestLoadNamesInvalidClaims(t *testing.T) {
	t.Parallel()
	c, err := config.Load(testfixture.DemoTree(map[string]string{config.SlotsFile: testfixture.SlotsYAML(`slots:
  staging: {}
  shop-pr-1: {}
  orders-a: {holders: ["@alice"]}
  bulbasaur: {since: 2026-11-20T09:00:00Z, until: 2026-11-20T09:00:00Z}
queue: [{holders: [""]}]
`)}), nil)
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "testdata/problems/claims.txt", []byte(c.SlotProblems.Error()+"\n"))
}
