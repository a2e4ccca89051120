package preview

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

// readyDemo is demo where orders waits for its image, and gateway runs at main once its image is there.
func readyDemo(t testing.TB) string {
	t.Helper()
	return testfixture.Replace(t, testfixture.DemoPolicy,
		"image: ghcr.io/acme/orders", "image: ghcr.io/acme/orders, ready: {check: image, app: github-actions}",
		"image: ghcr.io/acme/gateway", "image: ghcr.io/acme/gateway, default: {branch: main}, ready: {check: image, app: github-actions}")
}

// checked puts the checks of a commit into facts.
func checked(f *Facts, repository, commit string, checks ...Check) {
	r := f.Repositories[repository]
	all := map[string][]Check{commit: checks}
	for c, given := range r.Checks {
		if c != commit {
			all[c] = given
		}
	}
	r.Checks = all
	f.Repositories[repository] = r
}

// branchAt moves main of a repository.
func branchAt(f *Facts, repository, commit string) {
	r := f.Repositories[repository]
	r.Branches = map[string]string{"main": commit}
	f.Repositories[repository] = r
}

var greenImage = Check{Name: "image", App: "github-actions", Green: true}

// greenFacts are those of a world where everything that acme/shop#7 waits for is green.
func greenFacts(pulls ...PullRequest) Facts {
	f := factsOf(pulls...)
	checked(&f, "acme/shop", testfixture.SHA("abcdef1234"), greenImage)
	checked(&f, "acme/gateway", testfixture.SHA("9a7e"), greenImage)
	return f
}

func TestHeadIsDeployedOnceItsCheckIsGreen(t *testing.T) {
	t.Parallel()
	const waits = `building abcdef1: check "image" of github-actions is not green on it for service orders`
	red := Check{Name: "image", App: "github-actions"} // also: pending, neutral, skipped
	tests := []struct {
		name   string
		checks []Check
		reason string // empty: it is live
	}{
		{"green", []Check{greenImage}, ""},
		{"green, by the app in another case", []Check{{Name: "image", App: "GitHub-Actions", Green: true}}, ""},
		{"green twice", []Check{greenImage, greenImage}, ""},
		{"green, and another check is red", []Check{greenImage, {Name: "lint", App: "github-actions"}}, ""},
		{"green, and the same of another app is red", []Check{greenImage, {Name: "image", App: "evil"}}, ""},
		{"no result", nil, waits},
		{"pending, neutral, skipped or red", []Check{red}, waits},
		{"green of another app", []Check{{Name: "image", App: "evil", Green: true}}, waits},
		{"green, without an App or a user", []Check{{Name: "image", Green: true}}, waits},
		{"green of another user", []Check{{Name: "image", User: "mallory", UserID: 5, Green: true}}, waits},
		{
			"green of the App, and red of a user with its slug as login",
			[]Check{greenImage, {Name: "image", User: "github-actions"}},
			"",
		},
		{
			"green of another name",
			[]Check{{Name: "Image", App: "github-actions", Green: true}, {Name: "image / push", App: "github-actions", Green: true}},
			waits,
		},
		{"one of two results is red", []Check{greenImage, red}, waits},
		{"the other of two results is red", []Check{red, greenImage}, waits},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := greenFacts(pull(7))
			checked(&f, "acme/shop", testfixture.SHA("abcdef1234"), tt.checks...)
			s := resolve(testfixture.LoadPolicy(t, readyDemo(t)), f)
			d := decision(t, s)
			want := []string{string(Held), "ready", tt.reason, "wait for it, or see there why it fails"}
			if tt.reason == "" {
				want = []string{string(Live), "labelled", `it is open and labelled "preview"; profile changed`, ""}
			}
			if diff := cmp.Diff(want, []string{string(d.Outcome), string(d.Rule), d.Reason, d.Remedy}); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
			if (len(s.Rows) == 0) != (tt.reason != "") {
				t.Errorf("%d rows", len(s.Rows))
			}
		})
	}
}

func TestOnlyTheDeployedCommitNeedsItsCheck(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, readyDemo(t))
	f := greenFacts(pull(7))
	checked(&f, "acme/shop", testfixture.SHA("abcdef1234"))
	checked(&f, "acme/shop", testfixture.SHA("5409"), greenImage)
	checked(&f, "acme/gateway", testfixture.SHA("abcdef1234"), greenImage)
	if d := decision(t, resolve(c, f)); d.Rule != "ready" {
		t.Errorf("%s by %s: another commit's or repository's check counts", d.Outcome, d.Rule)
	}
	f = greenFacts(pull(7, changing("web/index.html")))
	checked(&f, "acme/shop", testfixture.SHA("abcdef1234"))
	if got := runs(resolve(c, f), "shop-pr-7"); got["web"] != "abcdef1234" {
		t.Errorf("%v runs; nothing waits for web", got)
	}
}

func TestLiveEnvironmentKeepsItsLastReadyCommit(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, readyDemo(t))
	before := resolve(c, greenFacts(pull(7)))
	if got := only(t, before).HeadSHA; got != testfixture.SHA("abcdef1234") {
		t.Fatalf("at first %s runs", got)
	}
	f := greenFacts(pull(7, headed("b"), changing("orders/a.go", "products/b.go")))
	building := Resolve(c, f, restarted(t, before.Memory), noon.Add(time.Hour))
	if diff := cmp.Diff(before.Rows, building.Rows); diff != "" {
		t.Errorf("row while the next commit is built (-before +after):\n%s", diff)
	}
	d := decision(t, building)
	want := []string{
		string(Live), "ready",
		`it stays as it was: building b000000: check "image" of github-actions is not green on it for service orders`,
		"wait for it, or see there why it fails",
	}
	if diff := cmp.Diff(want, []string{string(d.Outcome), string(d.Rule), d.Reason, d.Remedy}); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
	checked(&f, "acme/shop", testfixture.SHA("b"), greenImage)
	built := only(t, Resolve(c, f, restarted(t, building.Memory), noon.Add(2*time.Hour)))
	if !slices.Contains(built.Kustomize.Images, "ghcr.io/acme/orders:"+testfixture.SHA("b")) {
		t.Errorf("images are %v once it is built", built.Kustomize.Images)
	}
}

// What service gateway, which the pull request doesn't change, runs at while main is built.
func TestDefaultRefWaitsForItsCheck(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, readyDemo(t))
	green := resolve(c, greenFacts(pull(7)))
	next := greenFacts(pull(7), pull(8))
	branchAt(&next, "acme/gateway", testfixture.SHA("9a7f"))
	tests := []struct {
		name   string
		memory Memory
		want   []string // what gateway runs at in shop-pr-7 and shop-pr-8; "" where it doesn't run
		rule   string   // of shop-pr-8
	}{
		{"the last ready one where there was one", green.Memory, []string{"9a7e", "9a7e"}, "labelled"},
		{"the environment's own where it isn't known otherwise", Memory{Environments: green.Memory.Environments}, []string{"9a7e", ""}, "ready"},
		{"the last ready one for all where none was live", Memory{Defaults: green.Memory.Defaults}, []string{"9a7e", "9a7e"}, "labelled"},
		{"nothing where nothing was ever ready", Memory{}, []string{"", ""}, "ready"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := Resolve(c, next, restarted(t, tt.memory), noon)
			got := []string{runs(s, "shop-pr-7")["gateway"], runs(s, "shop-pr-8")["gateway"]}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("gateway runs at (-want +got):\n%s", diff)
			}
			if d := s.Decisions[1]; string(d.Rule) != tt.rule {
				t.Errorf("shop-pr-8 is %s by %s: %s", d.Outcome, d.Rule, d.Reason)
			}
			if tt.rule == "ready" {
				want := `building 9a7f000: check "image" of github-actions is not green on it for service gateway`
				if got := s.Decisions[1].Reason; got != want {
					t.Errorf("reason is %q, want %q", got, want)
				}
			}
			built := greenFacts(pull(7), pull(8))
			branchAt(&built, "acme/gateway", testfixture.SHA("9a7f"))
			checked(&built, "acme/gateway", testfixture.SHA("9a7f"), greenImage)
			s = Resolve(c, built, restarted(t, s.Memory), noon)
			if diff := cmp.Diff([]string{"9a7f", "9a7f"}, []string{runs(s, "shop-pr-7")["gateway"], runs(s, "shop-pr-8")["gateway"]}); diff != "" {
				t.Errorf("once it is built (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLastReadyDefaultIsRemembered(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadPolicy(t, readyDemo(t))
	s := resolve(c, greenFacts(pull(7)))
	s = Resolve(c, greenFacts(), s.Memory, noon)
	next := greenFacts(pull(8))
	branchAt(&next, "acme/gateway", testfixture.SHA("9a7f"))
	s = Resolve(c, next, restarted(t, s.Memory), noon)
	if got := runs(s, "shop-pr-8")["gateway"]; got != "9a7e" {
		t.Errorf("gateway runs at %q, want its last ready commit: %v", got, outcomes(s))
	}
}

// A ref that a file names is no default: a default doesn't replace it.
func TestFilesRefWaitsForItsCheck(t *testing.T) {
	t.Parallel()
	file := map[string]string{
		config.PolicyFile:     readyDemo(t),
		testfixture.Shop7File: testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nservices: {gateway: {tag: dev}}\n"),
	}
	c := testfixture.LoadTree(t, testfixture.DemoTree(file), nil)
	m := resolve(c, greenFacts(pull(8))).Memory
	s := Resolve(c, greenFacts(pull(7)), m, noon)
	if d := s.Decisions[0]; d.Outcome != Held || d.Rule != "ready" ||
		d.Reason != `building de40000: check "image" of github-actions is not green on it for service gateway` {
		t.Errorf("%s by %s: %s", d.Outcome, d.Rule, d.Reason)
	}
	f := greenFacts(pull(7))
	checked(&f, "acme/gateway", testfixture.SHA("de4"), greenImage)
	if got := runs(Resolve(c, f, m, noon), "shop-pr-7")["gateway"]; got != "de4" {
		t.Errorf("gateway runs at %q once the tag is green", got)
	}
}

func TestChecksAreReadOnlyIfNeeded(t *testing.T) {
	t.Parallel()
	const ready = ", ready: {check: image, app: github-actions}"
	file := testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nservices: {gateway: {tag: dev}}\n")
	gateway := func(more string) string {
		return testfixture.Replace(t, testfixture.DemoPolicy, "image: ghcr.io/acme/gateway", "image: ghcr.io/acme/gateway"+more)
	}
	tests := []struct {
		name, policy, file string
		heads, refs        bool
	}{
		{"nothing waits", gateway(", default: {branch: main}"), "", false, false},
		{"it runs where nothing is pinned", gateway(ready), "", true, false},
		{"it has a default", gateway(", default: {branch: main}" + ready), "", true, true},
		{"a file names a ref of it", gateway(ready), file, true, true},
		{"a file names a ref, and nothing waits", gateway(""), file, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{config.PolicyFile: tt.policy}
			if tt.file != "" {
				files[testfixture.Shop7File] = tt.file
			}
			w := Wanted(testfixture.LoadTree(t, testfixture.DemoTree(files), nil), "acme/gateway")
			if got := w.Checks != nil && w.Checks(pull(7)); got != tt.heads {
				t.Errorf("checks of heads are asked for: %v, want %v", got, tt.heads)
			}
			if w.BranchChecks != tt.refs {
				t.Errorf("checks of refs are asked for: %v, want %v", w.BranchChecks, tt.refs)
			}
			if w.Checks != nil && (w.Checks(pull(7, withLabels())) || w.Checks(pull(7, asDraft))) {
				t.Error("checks are asked for of what gets no preview")
			}
		})
	}
}

func TestCheckOfAnotherReporterDoesNotCount(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, ready string
		check       Check
		remedy      string // a part of it; empty: it is live
	}{
		{
			"a user has the App's slug as login", "app: github-actions",
			Check{User: "github-actions", UserID: 41, Green: true},
			"write userID: 41 instead of app",
		},
		{"the user is named by ID", "userID: 41", Check{User: "github-actions", UserID: 41, Green: true}, ""},
		{"another user has the login", "userID: 41", Check{User: "ci", UserID: 42, Green: true}, "wait for it"},
		{"an App has the ID of the user", "userID: 41", Check{App: "ci", AppID: 41, Green: true}, "wait for it"},
		{"the App has the ID", "app: ci, appID: 7", Check{App: "ci", AppID: 7, Green: true}, ""},
		{"another App has the slug now", "app: ci, appID: 7", Check{App: "ci", AppID: 8, Green: true}, "correct appID"},
		{"a status names no App", "app: ci, appID: 7", Check{App: "ci", Green: true}, "report it as a check run"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadPolicy(t, testfixture.Replace(t, testfixture.DemoPolicy,
				"image: ghcr.io/acme/orders", "image: ghcr.io/acme/orders, ready: {check: image, "+tt.ready+"}"))
			f := factsOf(pull(7))
			tt.check.Name = "image"
			checked(&f, "acme/shop", testfixture.SHA("abcdef1234"), tt.check)
			d := decision(t, resolve(c, f))
			want := Held
			if tt.remedy == "" {
				want = Live
			}
			if d.Outcome != want || want == Held && d.Rule != RuleReady || !strings.Contains(d.Remedy, tt.remedy) {
				t.Errorf("%s by %s: %s; %s", d.Outcome, d.Rule, d.Reason, d.Remedy)
			}
		})
	}
}
