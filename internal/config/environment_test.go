package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestLoadKeepsABrokenEnvironmentOut(t *testing.T) {
	t.Parallel()
	const jakub = "overlays/jakub/environment.yaml"
	tests := []struct {
		name, path, content string
		want                []string
	}{
		{
			"an unknown field", jakub, testfixture.EnvironmentYAML("owners: jakub\n"),
			[]string{jakub + ":3: owners: unknown field; did you mean owner?"},
		},
		{
			"another version and kind", jakub, "apiVersion: v1\nkind: PreviewConfig\n",
			[]string{
				jakub + `:1: apiVersion: "v1" is not a version that is known; write previewset.dev/v1alpha1`,
				jakub + `:2: kind: "PreviewConfig" is not what this file holds; write Environment`,
			},
		},
		{"an empty file", jakub, "", []string{jakub + ": is empty; start it with apiVersion: previewset.dev/v1alpha1"}},
		{
			"a folder whose name is no label", "overlays/Jakub/environment.yaml", testfixture.EnvironmentYAML(""),
			[]string{"overlays/Jakub/environment.yaml: the folder's name can't be an environment's: an environment's name is a DNS label of at most 40 characters: a to z, 0 to 9 and -; rename the folder"},
		},
		{
			"a folder whose name is too long", "overlays/a2345678901234567890123456789012345678901/environment.yaml", testfixture.EnvironmentYAML(""),
			[]string{"overlays/a2345678901234567890123456789012345678901/environment.yaml: the folder's name can't be an environment's: an environment's name is a DNS label of at most 40 characters: a to z, 0 to 9 and -; rename the folder"},
		},
		{
			"a folder whose name is a pull request's", "overlays/any-pr-7/environment.yaml", testfixture.EnvironmentYAML(""),
			[]string{"overlays/any-pr-7/environment.yaml: the folder's name can't be an environment's: names that end in -pr-<number> belong to pull requests; rename the folder"},
		},
		{
			"a folder whose name starts with a service's", "overlays/orders-new/environment.yaml", testfixture.EnvironmentYAML(""),
			[]string{"overlays/orders-new/environment.yaml: the folder's name can't be an environment's: a name that starts with a service's (orders-) could take that service's host; rename the folder"},
		},
		{
			"a folder whose name is the shared overlay's", "overlays/preview/environment.yaml", testfixture.EnvironmentYAML(""),
			[]string{`overlays/preview/environment.yaml: the folder's name can't be an environment's: the name "preview" is taken by PreviewSet itself; rename the folder`},
		},
		{
			"a folder whose name is the baseline's", "overlays/staging/environment.yaml", testfixture.EnvironmentYAML(""),
			[]string{`overlays/staging/environment.yaml: the folder's name can't be an environment's: the name "staging" is taken by PreviewSet itself; rename the folder`},
		},
		{
			"a folder whose name is the service's own", "overlays/generator/environment.yaml", testfixture.EnvironmentYAML(""),
			[]string{`overlays/generator/environment.yaml: the folder's name can't be an environment's: the name "generator" is taken by PreviewSet itself; rename the folder`},
		},
		{
			"an owner that is no login", jakub, testfixture.EnvironmentYAML(`owner: "@jakub"` + "\n"),
			[]string{jakub + `:3: owner: "@jakub" is not a GitHub login; write the login without @`},
		},
		{
			"a profile that is not there", jakub, testfixture.EnvironmentYAML("profile: fast\n"),
			[]string{jakub + `:3: profile: there is no profile "fast"; known: changed, checkout, full`},
		},
		{
			"a dataset that no store has", jakub, testfixture.EnvironmentYAML("dataset: huge\n"),
			[]string{jakub + `:3: dataset: no store has a dataset "huge"; add kustomize-base/data/<store>/datasets/<dataset>, or name one that is there`},
		},
		{
			"a component that is not there", jakub, testfixture.EnvironmentYAML("components:\n  - debug\n  - gpu\n"),
			[]string{jakub + `:5: components[1]: there is no component "gpu" in kustomize-base/components; known: debug, guardrails, shared, spot`},
		},
		{
			"services, links and handovers of nobody", jakub, testfixture.EnvironmentYAML("services: {a: {branch: main}}\nlinks: {b: {environment: alice}}\nhandover: [c]\n"),
			[]string{
				jakub + `:3: services.a: there is no service "a"; known: web, gateway, orders, products, mailer`,
				jakub + `:4: links.b: there is no service "b"; known: web, gateway, orders, products, mailer`,
				jakub + `:5: handover[0]: there is no service "c"; known: web, gateway, orders, products, mailer`,
			},
		},
		{
			"refs that name no one thing", jakub, testfixture.EnvironmentYAML("services:\n  web: {}\n  orders: {branch: main, tag: dev}\n  mailer: {sha: abc}\n"),
			[]string{
				jakub + ":6: services.mailer: its sha is not a full commit SHA; write one, like {branch: main}",
				jakub + ":5: services.orders: names not exactly one of pullRequest, branch, tag and sha; write one, like {branch: main}",
				jakub + ":4: services.web: names not exactly one of pullRequest, branch, tag and sha; write one, like {branch: main}",
			},
		},
		{
			"links that lead to no one thing", jakub, testfixture.EnvironmentYAML("links:\n  web: {}\n  orders: {environment: a, pullRequest: acme/shop#7}\n  mailer: {pullRequest: shop-7}\n  gateway: {environment: a.b}\n"),
			[]string{
				jakub + ":7: links.gateway: names not exactly one environment or pull request; write {environment: alice} or {pullRequest: owner/name#number}",
				jakub + ":6: links.mailer: names not exactly one environment or pull request; write {environment: alice} or {pullRequest: owner/name#number}",
				jakub + ":5: links.orders: names not exactly one environment or pull request; write {environment: alice} or {pullRequest: owner/name#number}",
				jakub + ":4: links.web: names not exactly one environment or pull request; write {environment: alice} or {pullRequest: owner/name#number}",
			},
		},
		{
			"both a service and a link for one name", jakub, testfixture.EnvironmentYAML("services: {web: {branch: main}}\nlinks: {web: {environment: alice}}\n"),
			[]string{jakub + ":4: links.web: is both a service that runs here and a link; keep one of them"},
		},
		{
			"an end that is no point in time", jakub, testfixture.EnvironmentYAML("lifetime: {expires: 2026-12-24}\n"),
			[]string{jakub + `:3: lifetime.expires: "2026-12-24" is not a point in time; write it like 2026-12-24T18:00:00Z`},
		},
		{
			"a pull request that is none", "overlays/shop-pr-7/environment.yaml", testfixture.EnvironmentYAML("pullRequest: '7'\n"),
			[]string{`overlays/shop-pr-7/environment.yaml:3: pullRequest: "7" is not a pull request; write owner/name#number`},
		},
		{
			"a pull request in another's folder", "overlays/shop-pr-8/environment.yaml", testfixture.EnvironmentYAML("pullRequest: acme/shop#7\n"),
			[]string{"overlays/shop-pr-8/environment.yaml:3: pullRequest: its environment is shop-pr-7, not shop-pr-8; move the file to overlays/shop-pr-7"},
		},
		{
			"adopted, and of no pull request", jakub, testfixture.EnvironmentYAML("adopted: true\n"),
			[]string{jakub + ":3: adopted: says that a pull request's environment stays, and names no pull request; write pullRequest: owner/name#number, or take it out"},
		},
		{
			"a link that is handed over", jakub, testfixture.EnvironmentYAML("links: {web: {environment: alice}}\nhandover: [web]\n"),
			[]string{jakub + ":4: handover[0]: service web is linked, so there is nothing here to hand over; take the link or the handover out"},
		},
		{
			"a pull request of a repository that has no service", "overlays/shop-pr-7/environment.yaml", testfixture.EnvironmentYAML("pullRequest: evil/shop#7\n"),
			[]string{"overlays/shop-pr-7/environment.yaml:3: pullRequest: no service is in repository evil/shop; known: acme/gateway, acme/mailer, acme/shop"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{tt.path: tt.content, "overlays/alice/environment.yaml": testfixture.EnvironmentYAML("owner: alice\n")}), nil)
			if diff := cmp.Diff(tt.want, testfixture.Lines(c.Problems.Err())); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(map[string]bool{"alice": true}, testfixture.Keys(c.Environments)); diff != "" {
				t.Errorf("environments in force (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParsePullRequest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, repository string
		number           int
		ok               bool
	}{
		{"acme/shop#7", "acme/shop", 7, true},
		{"Acme/my.repo_1#12", "Acme/my.repo_1", 12, true},
		{"acme/shop#0", "acme/shop", 0, false},
		{"acme/shop#-7", "acme/shop", -7, false},
		{"acme/shop", "acme/shop", 0, false},
		{"shop#7", "shop", 7, false},
		{"acme/shop/x#7", "acme/shop/x", 7, false},
		{"../shop#7", "../shop", 7, false},
		{"", "", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			repository, number, ok := config.ParsePullRequest(tt.text)
			if repository != tt.repository || number != tt.number || ok != tt.ok {
				t.Errorf("got %q, %d, %t; want %q, %d, %t", repository, number, ok, tt.repository, tt.number, tt.ok)
			}
		})
	}
}

func TestNotInForceNamesWhatNeedsAMeasurementWhereThereIsNone(t *testing.T) {
	t.Parallel()
	policy := testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: all, lifetime: {grace: 1h, sleep: {idleAfter: 1h}}") +
		"lifetime: {deleteAfterIdle: 48h, expireAfter: 48h, sleep: {idleAfter: 1h}}\nlimits: {awake: 2, whenFull: sleep-idlest}\n"
	const why = "nobody can tell whether environments are used, so none counts as idle: activity.prometheus is not there"
	want := []string{
		"previewset.yaml:14: profiles.full.lifetime.sleep: " + why,
		"previewset.yaml:17: lifetime.deleteAfterIdle: " + why,
		"previewset.yaml:17: lifetime.sleep: " + why,
		"previewset.yaml:18: limits.whenFull: " + why,
	}
	if diff := cmp.Diff(want, testfixture.LoadPolicy(t, policy).NotInForce()); diff != "" {
		t.Errorf("not in force (-want +got):\n%s", diff)
	}
	if got := testfixture.LoadPolicy(t, policy+"activity: {prometheus: {url: http://a, query: up}}\n").NotInForce(); len(got) > 0 {
		t.Errorf("not in force: %q, want nothing: it is measured", got)
	}
}
