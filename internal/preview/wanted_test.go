package preview

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

func TestWanted(t *testing.T) {
	t.Parallel()
	c := testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{
		config.PolicyFile: testfixture.Replace(t, testfixture.DemoPolicy,
			`paths: ["web/**"]`, `paths: ["web/**"], default: {branch: main}`,
			`paths: ["products/**", "lib/**"]`, `paths: ["products/**", "lib/**"], default: {tag: v1}`,
			"image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, default: {sha: "+testfixture.SHA("c")+"}"),
		testfixture.Shop7File: testfixture.EnvironmentYAML("pullRequest: acme/shop#7\nservices: {orders: {branch: dev}, web: {branch: " +
			"main}, products: {pullRequest: 3}}\n"),
	}), nil)
	shop, mailer := Wanted(c, "ACME/shop"), Wanted(c, "acme/mailer")
	if diff := cmp.Diff([][]string{{"dev", "main"}, {"v1"}, nil, nil},
		[][]string{shop.Branches, shop.Tags, mailer.Branches, mailer.Tags}); diff != "" {
		t.Errorf("branches and tags (-want +got):\n%s", diff)
	}
	tests := []struct {
		name  string
		wants Wants
		pr    PullRequest
		want  bool
	}{
		{"the changes of a labelled one where paths tell services apart", shop, pull(7), true},
		{"no changes of one without label", shop, pull(7, withLabels()), false},
		{"no changes of a draft", shop, pull(7, asDraft), false},
		{"no changes where a repository is one service", mailer, pull(7), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.wants.Changes(tt.pr); got != tt.want {
				t.Errorf("changes are wanted: %t, want %t", got, tt.want)
			}
		})
	}
	if got := Wanted(c, "acme/other"); !slices.Equal(got.Branches, nil) || got.Changes(pull(7)) {
		t.Errorf("of a repository that is not configured %v is wanted, want nothing", got.Branches)
	}
}

func TestReread(t *testing.T) {
	t.Parallel()
	with := func(policy, services string) *config.Config {
		return testfixture.LoadTree(t,
			testfixture.DemoTree(map[string]string{
				config.PolicyFile:                 policy,
				"overlays/jakub/environment.yaml": testfixture.EnvironmentYAML("profile: full\n" + services),
			}), nil)
	}
	before := with(testfixture.DemoPolicy, "services: {mailer: {branch: dev}}\n")
	tests := []struct {
		name string
		prev *config.Config
		next *config.Config
		want []string
	}{
		{"at first all", nil, before, before.Repositories()},
		{"the same", before, before, nil},
		{"another branch", before, with(testfixture.DemoPolicy, "services: {mailer: {branch: main}}\n"), []string{"acme/mailer"}},
		{"another policy", before, with(testfixture.DemoPolicy+"slots: on\n", "services: {mailer: {branch: dev}}\n"), before.Repositories()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, Reread(tt.next, tt.prev)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := AskedRefs(before)["acme/mailer"]; !slices.Equal(got.Branches, []string{"dev"}) || len(got.Tags)+len(got.Commits) > 0 {
		t.Errorf("of acme/mailer %+v is asked", got)
	}
}
