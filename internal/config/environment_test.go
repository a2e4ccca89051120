package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
	"github.com/previewset/previewset/internal/testfixture/golden"
)

const fileOfJakub = "overlays/jakub/environment.yaml"

// manyVariables returns the entries of n variables.
func manyVariables(n int) string {
	var entries []string
	for i := range n {
		entries = append(entries, fmt.Sprintf("V%d: x", i))
	}
	return strings.Join(entries, ", ")
}

var brokenEnvironmentCases = []struct {
	name, path, content string
}{
	{"an unknown field", fileOfJakub, testfixture.EnvironmentYAML("owners: jakub\n")},
	{"another version and kind", fileOfJakub, "apiVersion: v1\nkind: PreviewConfig\n"},
	{"an empty file", fileOfJakub, ""},
	{"a folder whose name is no label", "overlays/Jakub/environment.yaml", testfixture.EnvironmentYAML("")},
	{
		"a folder whose name is too long", "overlays/a2345678901234567890123456789012345678901/environment.yaml",
		testfixture.EnvironmentYAML(""),
	},
	{
		"a folder whose name is a pull request's",
		"overlays/any-pr-7/environment.yaml",
		testfixture.EnvironmentYAML(""),
	},
	{
		"a folder whose name starts with a service's", "overlays/orders-new/environment.yaml", testfixture.EnvironmentYAML(""),
	},
	{
		"a folder whose name is the shared overlay's", "overlays/preview/environment.yaml", testfixture.EnvironmentYAML(""),
	},
	{"a folder whose name is the baseline's", "overlays/staging/environment.yaml", testfixture.EnvironmentYAML("")},
	{
		"a folder whose name is the service's own", "overlays/generator/environment.yaml", testfixture.EnvironmentYAML(""),
	},
	{
		"an owner that is no login", fileOfJakub, testfixture.EnvironmentYAML(`owner: "@jakub"` + "\n"),
	},
	{
		"a purpose of a whole page", fileOfJakub,
		testfixture.EnvironmentYAML("purpose: " + strings.Repeat("ü", 201) + "\n"),
	},
	{
		"a branch of a whole page", fileOfJakub,
		testfixture.EnvironmentYAML("services: {web: {branch: " + strings.Repeat("b", 256) + "}}\n"),
	},
	{"a profile that is not there", fileOfJakub, testfixture.EnvironmentYAML("profile: fast\n")},
	{"a dataset that no store has", fileOfJakub, testfixture.EnvironmentYAML("dataset: huge\n")},
	{
		"resets of a store that is not there, and of one without a component for it", fileOfJakub,
		testfixture.EnvironmentYAML("reset:\n  db: 2026-11-30T06:00:00Z\n  redis: 2026-11-30T06:00:00Z\n"),
	},
	{"a component that is not there", fileOfJakub, testfixture.EnvironmentYAML("components:\n  - debug\n  - gpu\n")},
	{
		"services, links and handovers of unknown services", fileOfJakub,
		testfixture.EnvironmentYAML("services: {a: {branch: main}}\nlinks: {b: {environment: alice}}\nhandover: [c]\n"),
	},
	{
		"refs that name no one thing", fileOfJakub,
		testfixture.EnvironmentYAML("services:\n  web: {}\n  orders: {branch: main, tag: dev}\n  mailer: {sha: abc}\n"),
	},
	{
		"variables with other names and values than Kubernetes or we allow", fileOfJakub,
		testfixture.EnvironmentYAML("services:\n  web: {env: {}}\n  orders: {env: {1A: x, A-B: x, \"\": x, A=B: x, OK: " +
			strings.Repeat("x", 501) + ", TAB: \"a\\tb\", REF: \"$(A)\", " + strings.Repeat("N", 101) + ": x}}\n"),
	},
	{
		"variables of a whole page, and of a service that isn't there", fileOfJakub,
		testfixture.EnvironmentYAML("services:\n  search: {env: {A: x}}\n  web: {env: {" + manyVariables(21) + "}}\n"),
	},
	{
		"links that lead to no one thing", fileOfJakub,
		testfixture.EnvironmentYAML("links:\n  web: {}\n  orders: {environment: a, pullRequest: acme/shop#7}\n  mailer: {pullRequest: " +
			"shop-7}\n  gateway: {environment: a.b}\n"),
	},
	{
		"both a service and a link for one name", fileOfJakub,
		testfixture.EnvironmentYAML("services: {web: {branch: main}}\nlinks: {web: {environment: alice}}\n"),
	},
	{"an end that is no point in time", fileOfJakub, testfixture.EnvironmentYAML("lifetime: {expires: 2026-12-24}\n")},
	{
		"a pull request that is none", "overlays/shop-pr-7/environment.yaml", testfixture.EnvironmentYAML("pullRequest: '7'\n"),
	},
	{
		"a pull request in another's folder", "overlays/shop-pr-8/environment.yaml", testfixture.EnvironmentYAML("pullRequest: acme/shop#7\n"),
	},
	{"adopted, and of no pull request", fileOfJakub, testfixture.EnvironmentYAML("adopted: true\n")},
	{
		"a link that is handed over", fileOfJakub, testfixture.EnvironmentYAML("links: {web: {environment: alice}}\nhandover: [web]\n"),
	},
	{
		"a pull request of a repository that has no service", "overlays/shop-pr-7/environment.yaml",
		testfixture.EnvironmentYAML("pullRequest: evil/shop#7\n"),
	},
}

func TestLoadKeepsABrokenEnvironmentOut(t *testing.T) {
	t.Parallel()
	problems := golden.NewTable(t, "testdata/problems/environment.txt")
	for _, tt := range brokenEnvironmentCases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadTree(
				t,
				testfixture.DemoTree(
					map[string]string{
						tt.path:                           tt.content,
						"overlays/alice/environment.yaml": testfixture.EnvironmentYAML("owner: alice\n"),
					},
				),
				nil,
			)
			problems.Add(tt.name, testfixture.Lines(c.Problems.Err()))
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
	policy := testfixture.Replace(
		t,
		testfixture.DemoPolicy,
		"run: all",
		"run: all, lifetime: {grace: 1h, sleep: {idleAfter: 1h}}",
	) +
		"lifetime: {deleteAfterIdle: 48h, expireAfter: 48h, sleep: {idleAfter: 1h}}\nlimits: {awake: 2, whenFull: sleep-idlest}\n"
	const why = "has no effect without activity.prometheus; without activity no environment counts as idle"
	want := []config.Unused{
		{Place: "previewset.yaml:14: profiles.full.lifetime.sleep", Reason: why},
		{Place: "previewset.yaml:17: lifetime.deleteAfterIdle", Reason: why},
		{Place: "previewset.yaml:17: lifetime.sleep", Reason: why},
		{Place: "previewset.yaml:18: limits.whenFull", Reason: why},
	}
	if diff := cmp.Diff(want, testfixture.LoadPolicy(t, policy).WithoutEffect()); diff != "" {
		t.Errorf("not in force (-want +got):\n%s", diff)
	}
	if got := testfixture.LoadPolicy(t, policy+"activity: {prometheus: {url: http://a, query: up}}\n").WithoutEffect(); len(
		got,
	) > 0 {
		t.Errorf("not in force: %q, want nothing: it is measured", got)
	}
}

func TestServiceWithoutRepositoryHasNoRef(t *testing.T) {
	t.Parallel()
	policy := strings.Replace(testfixture.DemoPolicy, "mailer: {repository: acme/mailer,", "mailer: {", 1)
	c, err := config.Load(testfixture.DemoTree(map[string]string{
		config.PolicyFile:                 policy,
		"overlays/jakub/environment.yaml": testfixture.EnvironmentYAML("services: {mailer: {branch: main}}\n"),
		"overlays/alice/environment.yaml": testfixture.EnvironmentYAML("services: {web: {branch: main}}\n"),
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Broken["jakub"] == "" || c.Broken["alice"] != "" || slices.Contains(c.Repositories(), "") {
		t.Errorf("broken %v, repositories %q", c.Broken, c.Repositories())
	}
}

func TestPolicyWithoutServices(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: previewset.dev/v1alpha1\nkind: PreviewConfig\ndomain: preview.example.dev\n"
	for services, want := range map[string]string{"services: {}\n": "", "": "services: is missing", "services:\n": "services: has no value"} {
		c, err := config.Load(testfixture.DemoTree(map[string]string{config.PolicyFile: head + services}), nil)
		if want == "" && (err != nil || len(c.Repositories()) > 0) {
			t.Errorf("%q: error %v, config %+v", services, err, c)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: error %v, want %q", services, err, want)
		}
	}
}

// An environment's own idleAfter replaces that of its profile, within and outside of the working hours.
func TestLifetimeIn(t *testing.T) {
	t.Parallel()
	tree := testfixture.DemoTree(map[string]string{
		config.PolicyFile: testfixture.DemoPolicy + `lifetime: {sleep: {idleAfter: 1h, maxAwake: 9h, workingHours:
  {days: [fri], from: "08:00", to: "19:00", timezone: UTC, idleAfter: 4h}}}
`,
		"overlays/own/environment.yaml":   testfixture.EnvironmentYAML("lifetime: {idleAfter: 30m}\n"),
		"overlays/other/environment.yaml": testfixture.EnvironmentYAML(""),
	})
	c := testfixture.LoadTree(t, tree, nil)
	for name, want := range map[string]time.Duration{"own": 30 * time.Minute, "other": 4 * time.Hour} {
		friday := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
		settings := c.LifetimeIn("changed", c.Environments[name])
		if at, cause := settings.SleepsAt(friday); at.Sub(friday) != want || cause != config.SleptIdle {
			t.Errorf("%s sleeps after %s because of %q, want %s", name, at.Sub(friday), cause, want)
		}
		if settings.MaxAwake != 9*time.Hour {
			t.Errorf("%s: maxAwake is %s", name, settings.MaxAwake)
		}
	}
}
