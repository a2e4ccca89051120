package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestLoadRefusesAPolicyThatCannotWork(t *testing.T) {
	t.Parallel()
	const services = "known: web, gateway, orders, products, mailer"
	tests := []struct {
		name string
		edit []string // pairs of what stands in demo and what stands there instead
		add  string   // at its end: line 17
		want []string
	}{
		{
			"another version of the format",
			[]string{"v1alpha1", "v2"},
			"",
			[]string{`previewset.yaml:1: apiVersion: "previewset.dev/v2" is not a version that is known; write previewset.dev/v1alpha1`},
		},
		{
			"another kind",
			[]string{"kind: PreviewConfig", "kind: Environment"},
			"",
			[]string{`previewset.yaml:2: kind: "Environment" is not what this file holds; write PreviewConfig`},
		},
		{
			"no domain",
			[]string{"domain: preview.example.dev\n", ""},
			"",
			[]string{`previewset.yaml: domain: "" is not a domain; write one in lower case, like preview.example.dev`},
		},
		{
			"a domain with a scheme",
			[]string{"preview.example.dev", "https://preview.example.dev"},
			"",
			[]string{`previewset.yaml:3: domain: "https://preview.example.dev" is not a domain; write one in lower case, like preview.example.dev`},
		},
		{
			"a domain that leaves no room for a host",
			[]string{"preview.example.dev", strings.Repeat("a234567.", 23) + "abcdef"},
			"",
			[]string{`previewset.yaml:3: domain: "` + strings.Repeat("a234567.", 23) + `abcdef" is not a domain; write one in lower case, like preview.example.dev`},
		},
		{
			"a prefix of 24 characters", nil, "namespacePrefix: a23456789-123456789-123-\n",
			[]string{`previewset.yaml:17: namespacePrefix: "a23456789-123456789-123-" can't start a namespace; write 1 to 23 of a to z, 0 to 9 and -`},
		},
		{
			"a prefix that starts with a dash", nil, "namespacePrefix: -a\n",
			[]string{`previewset.yaml:17: namespacePrefix: "-a" can't start a namespace; write 1 to 23 of a to z, 0 to 9 and -`},
		},
		{
			"no prefix", nil, "namespacePrefix: ''\n",
			[]string{`previewset.yaml:17: namespacePrefix: "" can't start a namespace; write 1 to 23 of a to z, 0 to 9 and -`},
		},
		{
			"a baseline that is no namespace", nil, "baseline: {namespace: Staging}\n",
			[]string{"previewset.yaml:17: baseline.namespace: is not a namespace; write the name of the shared namespace that links point to"},
		},
		{
			"protected namespaces that are no patterns",
			[]string{`default, "kube-*"`, `"[", ""`},
			"",
			[]string{
				`previewset.yaml:4: protectedNamespaces[0]: is not a pattern; write a namespace, or a pattern like "kube-*"`,
				`previewset.yaml:4: protectedNamespaces[1]: is not a pattern; write a namespace, or a pattern like "kube-*"`,
			},
		},

		{
			"a service whose name leaves no room for an environment's",
			[]string{"  mailer:", "  mailer-2345678901234567:"},
			"",
			[]string{
				"previewset.yaml:12: services.mailer-2345678901234567: is not a service's name; write at most 22 of a to z, 0 to 9 and -",
				"previewset.yaml:12: services.mailer-2345678901234567: kustomize-base/services/mailer-2345678901234567/run is missing; add the component that runs it",
				"previewset.yaml:12: services.mailer-2345678901234567: kustomize-base/services/mailer-2345678901234567/link is missing; add the component that stands in for it",
			},
		},
		{
			"a service without repository and image",
			[]string{"mailer: {repository: acme/mailer, image: ghcr.io/acme/mailer,", "mailer: {"},
			"",
			[]string{
				`previewset.yaml:12: services.mailer.repository: "" is not a repository; write owner/name`,
				`previewset.yaml:12: services.mailer.image: "" is not an image's name; write it as kustomize-base does, without tag`,
			},
		},
		{
			"a repository with its host",
			[]string{"repository: acme/mailer", "repository: github.com/acme/mailer"},
			"",
			[]string{`previewset.yaml:12: services.mailer.repository: "github.com/acme/mailer" is not a repository; write owner/name`},
		},
		{
			"an image with a tag",
			[]string{"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer:v1"},
			"",
			[]string{`previewset.yaml:12: services.mailer.image: "ghcr.io/acme/mailer:v1" is not an image's name; write it as kustomize-base does, without tag`},
		},
		{
			"a short image with a tag that looks like a port",
			[]string{"image: ghcr.io/acme/mailer", `image: "mailer:8080"`},
			"",
			[]string{`previewset.yaml:12: services.mailer.image: "mailer:8080" is not an image's name; write it as kustomize-base does, without tag`},
		},
		{"an image of a registry with a port", []string{"image: ghcr.io/acme/mailer", "image: localhost:5000/mailer"}, "", nil},
		{
			"one image for two services",
			[]string{"ghcr.io/acme/mailer", "ghcr.io/acme/web"},
			"",
			[]string{"previewset.yaml:12: services.mailer.image: is the image of web too; make them one service with several workloads: an image is replaced by its name"},
		},
		{
			"an empty tag",
			[]string{`tag: "{{ .SHA }}"`, `tag: ""`},
			"",
			[]string{"previewset.yaml:12: services.mailer.tag: says no tag; write literals and {{ .SHA }}, {{ .ShortSHA }}, {{ .Branch }} or {{ .Number }}"},
		},
		{
			"a tag with an unknown field",
			[]string{`{{ .SHA }}`, `{{ .Title }}`},
			"",
			[]string{"previewset.yaml:12: services.mailer.tag: there is no .Title; write literals and {{ .SHA }}, {{ .ShortSHA }}, {{ .Branch }} or {{ .Number }}"},
		},
		{
			"a tag with a function",
			[]string{`{{ .SHA }}`, `{{ .SHA | lower }}`},
			"",
			[]string{`previewset.yaml:12: services.mailer.tag: "{{ .SHA | lower }}" is not an image tag; write literals and {{ .SHA }}, {{ .ShortSHA }}, {{ .Branch }} or {{ .Number }}`},
		},
		{
			"a tag with a slash",
			[]string{`{{ .SHA }}`, `pr/{{ .SHA }}`},
			"",
			[]string{`previewset.yaml:12: services.mailer.tag: "pr/{{ .SHA }}" is not an image tag; write literals and {{ .SHA }}, {{ .ShortSHA }}, {{ .Branch }} or {{ .Number }}`},
		},
		{
			"paths that match nothing ever",
			[]string{`["web/**"]`, `["web/[", "", /web, ./web]`},
			"",
			[]string{
				`previewset.yaml:8: services.web.paths[0]: is not a pattern of paths in the repository; write one like "orders/**", from the repository's top`,
				`previewset.yaml:8: services.web.paths[1]: is not a pattern of paths in the repository; write one like "orders/**", from the repository's top`,
				`previewset.yaml:8: services.web.paths[2]: is not a pattern of paths in the repository; write one like "orders/**", from the repository's top`,
				`previewset.yaml:8: services.web.paths[3]: is not a pattern of paths in the repository; write one like "orders/**", from the repository's top`,
			},
		},
		{
			"a call to nobody",
			[]string{"calls: [gateway]", "calls: [gateway, search]"},
			"",
			[]string{`previewset.yaml:8: services.web.calls[1]: there is no service "search"; ` + services},
		},
		{
			"a store that is not there",
			[]string{"data: [redis]", "data: [redis, mysql]"},
			"",
			[]string{`previewset.yaml:9: services.gateway.data[1]: there is no store "mysql" in kustomize-base/data; known: postgres, rabbitmq, redis`},
		},
		{
			"a check without the app that sets it",
			[]string{"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, ready: {check: image}"},
			"",
			[]string{"previewset.yaml:12: services.mailer.ready: names no check or no app; write {check: image, app: github-actions}"},
		},
		{
			"a default that is a pull request",
			[]string{"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, default: {pullRequest: 3}"},
			"",
			[]string{"previewset.yaml:12: services.mailer.default: names no single branch, tag or commit; write {branch: main}, {tag: dev} or {sha: …}"},
		},
		{
			"a default that is two things",
			[]string{"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, default: {branch: main, tag: dev}"},
			"",
			[]string{"previewset.yaml:12: services.mailer.default: names no single branch, tag or commit; write {branch: main}, {tag: dev} or {sha: …}"},
		},
		{
			"a default that is a short commit",
			[]string{"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, default: {sha: abc}"},
			"",
			[]string{"previewset.yaml:12: services.mailer.default: names no single branch, tag or commit; write {branch: main}, {tag: dev} or {sha: …}"},
		},
		{
			"a tag that the default can't fill with a number",
			[]string{`tag: "{{ .SHA }}"`, `tag: "{{ .Number }}", default: {branch: main}`},
			"",
			[]string{"previewset.yaml:12: services.mailer.tag: uses .Number, which the default doesn't have; use .SHA, or take default out"},
		},
		{
			"a tag that the default can't fill with a branch",
			[]string{`tag: "{{ .SHA }}"`, `tag: "{{ .Branch }}", default: {tag: dev}`},
			"",
			[]string{"previewset.yaml:12: services.mailer.tag: uses .Branch, which the default, a tag, doesn't have; use .SHA, or name a branch in default"},
		},

		{
			"an entry for a repository that has no service",
			[]string{"  acme/Shop:", "  acme/old: {alias: old}\n  acme/Shop:"},
			"",
			[]string{"previewset.yaml:6: repositories.acme/old: no service is in that repository; take it out, or mend the name"},
		},
		{
			"two entries for one repository",
			[]string{"  acme/Shop:", "  acme/shop: {alias: store}\n  acme/Shop:"},
			"",
			[]string{"previewset.yaml:6: repositories.acme/shop: is the same repository as acme/Shop; keep one of them: case doesn't count"},
		},
		{
			"an alias that is no label",
			[]string{"alias: shop", "alias: Shop_1"},
			"",
			[]string{`previewset.yaml:6: repositories.acme/Shop.alias: "Shop_1" is not an alias; write at most 20 of a to z, 0 to 9 and -`},
		},
		{
			"an alias of 21 characters",
			[]string{"alias: shop", "alias: a23456789012345678901"},
			"",
			[]string{`previewset.yaml:6: repositories.acme/Shop.alias: "a23456789012345678901" is not an alias; write at most 20 of a to z, 0 to 9 and -`},
		},
		{
			"two repositories with one short name",
			[]string{"repository: acme/mailer", "repository: other/gateway"},
			"",
			[]string{"previewset.yaml:5: repositories: acme/gateway and other/gateway would both have environments named gateway-pr-…; give one of them an alias: repositories: {other/gateway: {alias: …}}"},
		},
		{
			"an alias that is another repository's name",
			[]string{"alias: shop", "alias: mailer"},
			"",
			[]string{"previewset.yaml:5: repositories: acme/mailer and acme/shop would both have environments named mailer-pr-…; give one of them an alias: repositories: {acme/shop: {alias: …}}"},
		},
		{"repositories that differ in case only are one", []string{"repository: acme/mailer", "repository: ACME/Gateway"}, "", nil},

		{
			"a profile that no label can name",
			[]string{"  full:", "  Full:"},
			"",
			[]string{"previewset.yaml:14: profiles.Full: is not a profile's name; write at most 20 of a to z, 0 to 9 and -"},
		},
		{
			"a profile that says nothing of what to run",
			[]string{"run: all, ", ""},
			"",
			[]string{"previewset.yaml:14: profiles.full: says nothing of what to run; write run: changed, run: all or run: [a service, …]"},
		},
		{
			"a profile of a service that is not there",
			[]string{"run: [gateway, orders]", "run: [gateway, order]"},
			"",
			[]string{`previewset.yaml:15: profiles.checkout.run[1]: there is no service "order"; ` + services},
		},
		{
			"a dataset that no store has",
			[]string{"dataset: truncated", "dataset: huge"},
			"",
			[]string{`previewset.yaml:14: profiles.full.dataset: no store has a dataset "huge"; add kustomize-base/data/<store>/datasets/<dataset>, or name one that is there`},
		},
		{
			"a component that is not there",
			[]string{"components: [spot]", "components: [spot, gpu]"},
			"",
			[]string{`previewset.yaml:14: profiles.full.components[1]: there is no component "gpu" in kustomize-base/components; known: debug, guardrails, shared, spot`},
		},

		{
			"a default profile that is not there",
			[]string{"pullRequests: {", "pullRequests: {profile: fast, "},
			"",
			[]string{`previewset.yaml:16: pullRequests.profile: there is no profile "fast"; known: changed, checkout, full`},
		},
		{
			"no label",
			[]string{"pullRequests: {", "pullRequests: {label: '', "},
			"",
			[]string{"previewset.yaml:16: pullRequests.label: is not a label; write 1 to 29 characters without a colon: what comes after it picks the profile"},
		},
		{
			"a label with a colon",
			[]string{"pullRequests: {", "pullRequests: {label: 'deploy:preview', "},
			"",
			[]string{"previewset.yaml:16: pullRequests.label: is not a label; write 1 to 29 characters without a colon: what comes after it picks the profile"},
		},
		{
			"one label for two things",
			[]string{"pullRequests: {", "pullRequests: {joinLabel: Preview, "},
			"",
			[]string{"previewset.yaml:16: pullRequests.joinLabel: is the same as label; give each a label of its own"},
		},
		{
			"an issue key that is no regular expression",
			[]string{`"[A-Z][A-Z0-9]+-[0-9]+"`, `"(?=a)"`},
			"",
			[]string{"previewset.yaml:16: pullRequests.issueKey: is not a regular expression of RE2: error parsing regexp: invalid or unsupported Perl syntax: `(?=`; see github.com/google/re2/wiki/Syntax"},
		},

		{
			"activity at no address", nil, "activity: {prometheus: {url: prometheus, preset: ingress-nginx}}\n",
			[]string{"previewset.yaml:17: activity.prometheus.url: is not an address; write http://host:port, without user and password"},
		},
		{
			"activity at an address with a password", nil, "activity: {prometheus: {url: 'http://a:b@prometheus', query: up}}\n",
			[]string{"previewset.yaml:17: activity.prometheus.url: is not an address; write http://host:port, without user and password"},
		},
		{
			"activity by two questions", nil, "activity: {prometheus: {url: 'http://prometheus', preset: ingress-nginx, query: up}}\n",
			[]string{"previewset.yaml:17: activity.prometheus: names not exactly one of preset and query; write preset: ingress-nginx, or query: and PromQL"},
		},

		{
			"lengths of time that are none", nil, "lifetime: {deleteAfterIdle: 0s, expireAfter: 0s, grace: 0s, maxExtension: 0s, sleep: {idleAfter: 0s, maxAwake: 0s}}\n",
			[]string{
				`previewset.yaml:17: lifetime.deleteAfterIdle: is no time at all; write a length of time like "90m", or take it out`,
				`previewset.yaml:17: lifetime.expireAfter: is no time at all; write a length of time like "90m", or take it out`,
				`previewset.yaml:17: lifetime.sleep.idleAfter: is no time at all; write a length of time like "90m", or take it out`,
				`previewset.yaml:17: lifetime.sleep.maxAwake: is no time at all; write a length of time like "90m", or take it out`,
			},
		},
		{
			"a profile's lifetime is checked too",
			[]string{"run: all", "run: all, lifetime: {deleteAfterIdle: 0s}"},
			"",
			[]string{`previewset.yaml:14: profiles.full.lifetime.deleteAfterIdle: is no time at all; write a length of time like "90m", or take it out`},
		},
		{
			"working hours of nothing", nil, "lifetime: {sleep: {workingHours: {}}}\n",
			[]string{
				"previewset.yaml:17: lifetime.sleep.workingHours: names no days; write days: [mon, tue, wed, thu, fri, sat, sun], or some of them",
				`previewset.yaml:17: lifetime.sleep.workingHours.from: "" is not a time of day; write it like "08:00", from "00:00" to "24:00"`,
				`previewset.yaml:17: lifetime.sleep.workingHours.to: "" is not a time of day; write it like "08:00", from "00:00" to "24:00"`,
				`previewset.yaml:17: lifetime.sleep.workingHours.timezone: "" is not a time zone; write one of the IANA database, like Europe/Berlin or UTC`,
			},
		},
		{
			"working hours of another calendar", nil, `lifetime: {sleep: {workingHours: {days: [mon, Tue, mon], from: "8:00", to: "24:01", timezone: Europe/Bonn, idleAfter: 0s}}}` + "\n",
			[]string{
				`previewset.yaml:17: lifetime.sleep.workingHours.days[1]: "Tue" is not a day, or stands twice; write each once: mon, tue, wed, thu, fri, sat, sun`,
				`previewset.yaml:17: lifetime.sleep.workingHours.days[2]: "mon" is not a day, or stands twice; write each once: mon, tue, wed, thu, fri, sat, sun`,
				`previewset.yaml:17: lifetime.sleep.workingHours.from: "8:00" is not a time of day; write it like "08:00", from "00:00" to "24:00"`,
				`previewset.yaml:17: lifetime.sleep.workingHours.to: "24:01" is not a time of day; write it like "08:00", from "00:00" to "24:00"`,
				`previewset.yaml:17: lifetime.sleep.workingHours.timezone: "Europe/Bonn" is not a time zone; write one of the IANA database, like Europe/Berlin or UTC`,
				`previewset.yaml:17: lifetime.sleep.workingHours.idleAfter: is no time at all; write a length of time like "90m", or take it out`,
			},
		},
		{
			"working hours of no time, wherever the machine is", nil, `lifetime: {sleep: {workingHours: {days: [mon], from: "08:00", to: "08:00", timezone: Local}}}` + "\n",
			[]string{
				`previewset.yaml:17: lifetime.sleep.workingHours.to: is the same as from; write from: "00:00" and to: "24:00" for whole days; hours that end before they begin end on the next day`,
				`previewset.yaml:17: lifetime.sleep.workingHours.timezone: "Local" is not a time zone; write one of the IANA database, like Europe/Berlin or UTC`,
			},
		},
		{"working hours over midnight", nil, `lifetime: {sleep: {workingHours: {days: [sun], from: "22:00", to: "06:00", timezone: UTC}}}` + "\n", nil},
		{
			"lengths of time that nobody lives", nil, "lifetime: {deleteAfterIdle: 43801h, grace: 43801h, maxExtension: 43801h}\n",
			[]string{
				`previewset.yaml:17: lifetime.deleteAfterIdle: is longer than five years; write a length of time like "168h"; to have no end, take it out`,
				`previewset.yaml:17: lifetime.maxExtension: is longer than five years; write a length of time like "168h"; to have no end, take it out`,
				`previewset.yaml:17: lifetime.grace: is longer than five years; write a length of time like "168h"; to have no end, take it out`,
			},
		},
		{
			"gone before it sleeps", nil, "lifetime: {deleteAfterIdle: 1h, sleep: {idleAfter: 90m}}\n",
			[]string{"previewset.yaml:17: lifetime.deleteAfterIdle: is 1h, and sleep.idleAfter is 1h30m: it would be gone before it sleeps; write a longer one, or take one of the two out"},
		},
		{
			"gone before it sleeps, by a profile's end and the idleness of all",
			[]string{"run: all", "run: all, lifetime: {deleteAfterIdle: 30m}", "run: [gateway, orders]", "run: [gateway, orders], lifetime: {grace: 1h}"},
			"lifetime: {deleteAfterIdle: 48h, sleep: {idleAfter: 90m}}\n",
			[]string{"previewset.yaml:14: profiles.full.lifetime.deleteAfterIdle: is 30m, and sleep.idleAfter is 1h30m: it would be gone before it sleeps; write a longer one, or take one of the two out"},
		},
		{
			"a preset that nobody made", nil, "activity: {prometheus: {url: 'http://prometheus', preset: nginx}}\n",
			[]string{`previewset.yaml:17: activity.prometheus.preset: "nginx" is not one of the choices; write one of ingress-nginx, traefik, istio, envoy-gateway, nginx-gateway-fabric, postgresql`},
		},
		{"working hours around the clock", nil, `lifetime: {sleep: {workingHours: {days: [sun], from: "00:00", to: "24:00", timezone: UTC}}}` + "\n", nil},

		{
			"all broken references at once",
			[]string{"calls: [gateway]", "calls: [gate]", "data: [redis]", "data: [red]", "components: [spot]", "components: [spo]"},
			"slots: on\nbaseline: {namespace: ''}\n",
			[]string{
				"previewset.yaml:18: baseline.namespace: is not a namespace; write the name of the shared namespace that links point to",
				`previewset.yaml:8: services.web.calls[0]: there is no service "gate"; ` + services,
				`previewset.yaml:9: services.gateway.data[0]: there is no store "red" in kustomize-base/data; known: postgres, rabbitmq, redis`,
				`previewset.yaml:14: profiles.full.components[0]: there is no component "spo" in kustomize-base/components; known: debug, guardrails, shared, spot`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(testfixture.DemoTree(map[string]string{config.PolicyFile: testfixture.Replace(t, testfixture.DemoPolicy, tt.edit...) + tt.add}), nil)
			if diff := cmp.Diff(tt.want, testfixture.Lines(err)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadRefusesAPolicyWithoutServices(t *testing.T) {
	t.Parallel()
	_, err := config.Load(testfixture.DemoTree(map[string]string{config.PolicyFile: "apiVersion: previewset.dev/v1alpha1\nkind: PreviewConfig\ndomain: a.dev\n"}), nil)
	want := []string{"previewset.yaml: services: there is none; name at least one service with its repository and image"}
	if diff := cmp.Diff(want, testfixture.Lines(err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestLoadRefusesWhatKustomizeBaseLacks(t *testing.T) {
	t.Parallel()
	tree := testfixture.DemoTree(nil)
	for _, folder := range []string{"services/mailer/run", "services/mailer/link", "components/guardrails"} {
		delete(tree.Kustomizations, "kustomize-base/"+folder)
	}
	_, err := config.Load(tree, nil)
	want := []string{
		"previewset.yaml:12: services.mailer: kustomize-base/services/mailer/run is missing; add the component that runs it",
		"previewset.yaml:12: services.mailer: kustomize-base/services/mailer/link is missing; add the component that stands in for it",
		"previewset.yaml: kustomize-base/components/guardrails is missing, which every environment has; add the component; previewctl init writes one",
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
	if got, want := config.SomeOf(nil), "none is known"; got != want {
		t.Errorf("someOf(nil) = %q, want %q", got, want)
	}
}

func TestLoadRefusesSlotsThatCannotWork(t *testing.T) {
	t.Parallel()
	_, err := config.Load(testfixture.DemoTree(map[string]string{config.SlotsFile: `apiVersion: previewset.dev/v1alpha1
kind: Slots
slots:
  staging: {}
  shop-pr-1: {}
  orders-a: {holders: ["@alice"]}
  bulbasaur: {since: 2026-11-20T09:00:00Z, until: 2026-11-20T09:00:00Z}
queue: [{holders: [""]}]
`}), nil)
	want := []string{
		`slots.yaml:2: kind: "Slots" is not what this file holds; write SlotPool`,
		"slots.yaml:7: slots.bulbasaur.until: is not after since; write when the claim ends",
		"slots.yaml:6: slots.orders-a: can't be a slot's name: a name that starts with a service's (orders-) could take that service's host; rename it",
		`slots.yaml:6: slots.orders-a.holders[0]: "@alice" is not a GitHub login; write the login without @`,
		"slots.yaml:5: slots.shop-pr-1: can't be a slot's name: names that end in -pr-<number> belong to pull requests; rename it",
		`slots.yaml:4: slots.staging: can't be a slot's name: the name "staging" is taken by PreviewSet itself; rename it`,
		`slots.yaml:8: queue[0].holders[0]: "" is not a GitHub login; write the login without @`,
	}
	if diff := cmp.Diff(want, testfixture.Lines(err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
