package preview

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
)

const kubernetesNames = `kubernetes:
  groups: ["oidc:engineering"]
  users: {Alice: "oidc:alice@example.com", bob: "bob\"}]", carol: "oidc:carol"}
`

// withAccess is the demo configuration with component access.
func withAccess(t *testing.T, files map[string]string) *config.Config {
	t.Helper()
	tree := testfixture.DemoTree(files)
	tree.Kustomizations["kustomize-base/components/access"] = true
	return testfixture.LoadTree(t, tree, nil)
}

// bindingsOf returns the subjects of a row by RoleBinding.
func bindingsOf(row Row) map[string]string {
	found := map[string]string{}
	for _, p := range row.Kustomize.Patches {
		if p.Target.Kind == "RoleBinding" {
			found[p.Target.Name] = p.Patch
		}
	}
	return found
}

func TestAccess(t *testing.T) {
	t.Parallel()
	subject := func(kind, name string) string {
		return `{"apiGroup":"rbac.authorization.k8s.io","kind":"` + kind + `","name":"` + name + `"}`
	}
	patch := func(subjects ...string) string {
		return `[{"op":"add","path":"/subjects","value":[` + strings.Join(subjects, ",") + `]}]`
	}
	tests := []struct {
		name, access, file string
		author             string
		editors            string // "" without access
	}{
		{"the author", kubernetesNames, "", "alice", patch(subject("User", "oidc:alice@example.com"))},
		{"a hostile name is only a value", kubernetesNames, "", "BOB", patch(subject("User", `bob\"}]`))},
		{"an unknown author", kubernetesNames, "", "mallory", patch()},
		{"the owner in the file", kubernetesNames, "pullRequest: acme/shop#7\nowner: carol\n", "alice", patch(subject("User", "oidc:carol"))},
		{"no names", "", "", "alice", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{config.AccessFile: testfixture.AccessYAML(tt.access)}
			if tt.file != "" {
				files[testfixture.Shop7File] = testfixture.EnvironmentYAML(tt.file)
			}
			row := only(t, resolve(withAccess(t, files), factsOf(pull(7, by(tt.author)))))
			want := map[string]string{}
			if tt.editors != "" {
				want = map[string]string{"viewers": patch(subject("Group", "oidc:engineering")), "editors": tt.editors}
			}
			if diff := cmp.Diff(want, bindingsOf(row)); diff != "" {
				t.Errorf("subjects (-want +got):\n%s", diff)
			}
			has := slices.Contains(row.Kustomize.Components, "../../kustomize-base/components/access")
			if has != (tt.editors != "") {
				t.Errorf("components: %v", row.Kustomize.Components)
			}
		})
	}
}

// All holders of a slot edit it; a new claim changes only the subjects.
func TestAccessOfSlotHolders(t *testing.T) {
	t.Parallel()
	load := func(holders string) *config.Config {
		return withAccess(t, map[string]string{
			config.PolicyFile: testfixture.DemoPolicy + "slots: on\n",
			config.AccessFile: testfixture.AccessYAML(kubernetesNames),
			config.SlotsFile:  testfixture.SlotsYAML("slots: {bulbasaur: {holders: [" + holders + "]}}\n"),
		})
	}
	before := resolve(load("alice"), factsOf(pull(7)))
	after := Resolve(load("alice, carol"), factsOf(pull(7)), restarted(t, before.Memory), noon)
	if got := bindingsOf(only(t, after))["editors"]; strings.Count(got, `"User"`) != 2 {
		t.Errorf("editors: %s", got)
	}
	withoutBindings := func(row Row) Row {
		row.Kustomize.Patches = slices.DeleteFunc(slices.Clone(row.Kustomize.Patches), func(p Patch) bool {
			return p.Target.Kind == "RoleBinding"
		})
		return row
	}
	if diff := cmp.Diff(withoutBindings(only(t, before)), withoutBindings(only(t, after))); diff != "" {
		t.Errorf("more than the subjects changed (-before +after):\n%s", diff)
	}
}
