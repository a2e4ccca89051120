package preview

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestRunSet(t *testing.T) {
	t.Parallel()
	all := func(pr *PullRequest) { pr.Changes = &Changes{All: true} }
	tests := []struct {
		name string
		pr   PullRequest
		want string
	}{
		{"a service that is changed, and the way to it", pull(7, changing("orders/main.go")), "gateway orders web"},
		{"the folder itself counts", pull(7, changing("orders")), "gateway orders web"},
		{"a folder with a longer name doesn't", pull(7, changing("orders-old/main.go", "web/index.html")), "web"},
		{"both services that share the changed folder", pull(7, changing("lib/money.go")), "gateway orders products web"},
		{"what a public service calls is linked", pull(7, changing("web/index.html")), "web"},
		{"a renamed file counts where it was and where it is", pull(7, changing("orders/a.go", "web/a.go")), "gateway orders web"},
		{"too many files to tell count as all", pull(7, all), "gateway orders products web"},
		{"everything by label", pull(7, withLabels("preview:full")), "gateway mailer orders products web"},
		{
			"everything by label, though nothing is changed", pull(7, withLabels("preview:full"), changing("README.md")),
			"gateway mailer orders products web",
		},
		{"a list by label", pull(7, withLabels("preview:checkout"), changing("README.md")), "gateway orders"},
		{"a list by label, and the changed services", pull(7, withLabels("preview:checkout"), changing("web/a.js")), "gateway orders web"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), factsOf(tt.pr))
			only(t, s)
			got := strings.Join(slices.Sorted(maps.Keys(runs(s, "shop-pr-7"))), " ")
			if got != tt.want {
				t.Errorf("%q run, want %q", got, tt.want)
			}
		})
	}
}

func TestServiceWithoutPathsIsChangedByAnything(t *testing.T) {
	t.Parallel()
	f := factsOf()
	// Its changes aren't read, because nothing depends on them.
	f.Repositories["acme/mailer"] = Repository{FullName: "acme/mailer", PullRequests: []PullRequest{pull(3, func(pr *PullRequest) {
		pr.Changes, pr.HeadRepositoryID, pr.BaseRepositoryID = nil, mailerID, mailerID
	})}}
	s := resolve(testfixture.LoadPolicy(t, testfixture.DemoPolicy), f)
	// No service calls mailer, so the first public service runs too.
	want := map[string]string{"mailer": "abcdef1234", "web": ""}
	if diff := cmp.Diff(want, runs(s, "mailer-pr-3")); diff != "" {
		t.Errorf("runs (-want +got):\n%s\n%v", diff, outcomes(s))
	}
}

func TestUnchangedPullRequestIsHeld(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, policy, remedy string
		pr                   PullRequest
	}{
		{"the label of a profile that runs all", testfixture.DemoPolicy, `label it "preview:full" to run all`, pull(7, changing("README.md"))},
		{"no file at all", testfixture.DemoPolicy, `label it "preview:full" to run all`, pull(7, changing())},
		{
			"configuration's label", testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {label: Deploy, "),
			`label it "Deploy:full" to run all`,
			pull(7, changing("README.md"), withLabels("deploy")),
		},
		{
			"a profile to add where none runs all", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: changed"),
			"change a service's files, or add a profile with run: all to previewset.yaml", pull(7, changing("README.md")),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := decision(t, resolve(testfixture.LoadPolicy(t, tt.policy), factsOf(tt.pr)))
			want := []string{string(Held), "unchanged", "it changes no service", tt.remedy}
			if diff := cmp.Diff(want, []string{string(got.Outcome), string(got.Rule), got.Reason, got.Remedy}); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFileProfileAppliesWithoutALabel(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		pr         PullRequest
		profile    string
		want       string
	}{
		{"the file's profile instead of configuration's", "profile: checkout\n", pull(7, changing("web/a")), "checkout", "gateway orders web"},
		{
			"the label's profile instead of the file's", "profile: checkout\n", pull(7, withLabels("preview:full")), "full",
			"gateway mailer orders products web",
		},
		{"the file's services where nothing is changed", "services: {gateway: {branch: main}}\n", pull(7, changing()), "changed", "gateway"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testfixture.LoadTree(t,
				testfixture.DemoTree(map[string]string{testfixture.Shop7File: testfixture.EnvironmentYAML("pullRequest: acme/shop#7\n" +
					tt.file)}), nil)
			s := resolve(c, factsOf(tt.pr))
			if got := only(t, s).Profile; got != tt.profile {
				t.Errorf("profile is %q, want %q", got, tt.profile)
			}
			if got := strings.Join(slices.Sorted(maps.Keys(runs(s, "shop-pr-7"))), " "); got != tt.want {
				t.Errorf("%q run, want %q", got, tt.want)
			}
		})
	}
}

// refAnswer is the decision about a pull request, with the images of its environment.
type refAnswer struct {
	Rule, Reason string
	Images       []string
}

// liveWithImages is the answer about a pull request that changes orders, with more images before that of orders.
func liveWithImages(extra ...string) refAnswer {
	return refAnswer{
		"labelled", `it is open and labelled "preview"; profile changed`,
		append(extra, "ghcr.io/acme/orders:"+testfixture.SHA("abcdef1234")),
	}
}

// refCase is a ref of a service in the policy or in an environment's file.
type refCase struct {
	name, policy, file string
	facts              func(*Facts)
	want               refAnswer
}

// refCases are the refs that gateway, products and orders run at.
func refCases(t *testing.T) []refCase {
	t.Helper()
	withDefault := func(ref string) string {
		return testfixture.Replace(t, testfixture.DemoPolicy, "image: ghcr.io/acme/gateway", "image: ghcr.io/acme/gateway, default: "+ref)
	}
	return []refCase{
		{"kustomize-base's image without default", testfixture.DemoPolicy, "", nil, liveWithImages()},
		{"a branch's head", withDefault("{branch: main}"), "", nil, liveWithImages("ghcr.io/acme/gateway:" + testfixture.SHA("9a7e"))},
		{"a tag's commit", withDefault("{tag: dev}"), "", nil, liveWithImages("ghcr.io/acme/gateway:" + testfixture.SHA("de4"))},
		{
			"a commit", withDefault("{sha: " + testfixture.SHA("c") + "}"), "",
			func(f *Facts) {
				r := f.Repositories["acme/gateway"]
				r.Commits = map[string]bool{testfixture.SHA("c"): true}
				f.Repositories["acme/gateway"] = r
			}, liveWithImages("ghcr.io/acme/gateway:" + testfixture.SHA("c")),
		},
		{
			"a commit that no branch or tag holds is held", withDefault("{sha: " + testfixture.SHA("c") + "}"), "", nil,
			refAnswer{
				Rule: "ref",
				Reason: "acme/gateway has no commit " + testfixture.SHA("c") +
					" on its default branch or at a branch's head, which service gateway runs at",
			},
		},
		{
			"a branch that isn't there is held", withDefault("{branch: old}"), "", nil,
			refAnswer{Rule: "ref", Reason: `acme/gateway has no branch "old", which service gateway runs at`},
		},
		{
			"a tag that isn't there is held", withDefault("{tag: old}"), "", nil,
			refAnswer{Rule: "ref", Reason: `acme/gateway has no tag "old", which service gateway runs at`},
		},
		{
			"a branch of a repository that was never read is held", withDefault("{branch: main}"), "",
			func(f *Facts) { delete(f.Repositories, "acme/gateway") },
			refAnswer{Rule: "unread", Reason: "acme/gateway was never read, so what service gateway runs at is unknown"},
		},
		{
			"a repository that was never read doesn't matter where nothing of it is pinned", testfixture.DemoPolicy, "",
			func(f *Facts) { delete(f.Repositories, "acme/gateway") }, liveWithImages(),
		},
		{
			"the file wins over the default", withDefault("{branch: old}"), "services: {gateway: {tag: dev}}\n", nil,
			liveWithImages("ghcr.io/acme/gateway:" + testfixture.SHA("de4")),
		},
		{
			"the file adds a service", testfixture.DemoPolicy, "services: {products: {branch: main}}\n", nil,
			refAnswer{
				"labelled", `it is open and labelled "preview"; profile changed`,
				[]string{"ghcr.io/acme/orders:" + testfixture.SHA("abcdef1234"), "ghcr.io/acme/products:" + testfixture.SHA("5409")},
			},
		},
		{"what the pull request changes stays at its head", testfixture.DemoPolicy, "services: {orders: {tag: v1}}\n", nil, liveWithImages()},
	}
}

func TestResolveRefs(t *testing.T) {
	t.Parallel()
	for _, tt := range refCases(t) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{config.PolicyFile: tt.policy}
			if tt.file != "" {
				files[testfixture.Shop7File] = testfixture.EnvironmentYAML("pullRequest: acme/shop#7\n" + tt.file)
			}
			f := factsOf(pull(7))
			if tt.facts != nil {
				tt.facts(&f)
			}
			s := resolve(testfixture.LoadTree(t, testfixture.DemoTree(files), nil), f)
			d := decision(t, s)
			got := refAnswer{Rule: string(d.Rule), Reason: d.Reason}
			if d.Outcome == Live {
				got.Images = only(t, s).Kustomize.Images
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTagIsFilledFromThePullRequest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, template string
		edit           func(*PullRequest)
		image, reason  string
	}{
		{"commit", "{{ .SHA }}", nil, testfixture.SHA("abcdef1234"), ""},
		{"short commit", "sha-{{ .ShortSHA }}", nil, "sha-abcdef1", ""},
		{"branch", "{{ .Branch }}-latest", nil, "feature-checkout-latest", ""},
		{"hostile branch", "{{ .Branch }}", func(pr *PullRequest) { pr.Branch = "x:latest@sha256:../$(id)\n" }, "x-latest-sha256-id", ""},
		{"number", "pr-{{ .Number }}", nil, "pr-7", ""},
		{
			"a template that makes no valid tag is held", "-{{ .Number }}", nil, "",
			`the tag "-{{ .Number }}" of service orders makes "-7", which is not an image tag`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pr := pull(7)
			if tt.edit != nil {
				tt.edit(&pr)
			}
			s := resolve(testfixture.LoadPolicy(t,
				testfixture.Replace(t, testfixture.DemoPolicy, "image: ghcr.io/acme/orders",
					`image: ghcr.io/acme/orders, tag: "`+tt.template+`"`)), factsOf(pr))
			if tt.reason != "" {
				if d := decision(t, s); d.Outcome != Held || d.Rule != "tag" || d.Reason != tt.reason {
					t.Errorf("%s by %s: %s; want it held: %s", d.Outcome, d.Rule, d.Reason, tt.reason)
				}
				return
			}
			if diff := cmp.Diff([]string{"ghcr.io/acme/orders:" + tt.image}, only(t, s).Kustomize.Images); diff != "" {
				t.Errorf("images (-want +got):\n%s", diff)
			}
		})
	}
}
