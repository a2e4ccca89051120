package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
	"github.com/previewset/previewset/internal/testfixture/golden"
)

const wholeAccess = `everyone: viewer
viewer: {groups: [Testers]}
developer: {groups: [developers], logins: [octo-cat_acme], emails: [Kim@Example.com]}
admin: {groups: [platform], logins: [Alice]}
people: {Alice@example.com: alice, bob@example.com: Bob, bob@home.example: bob}
kubernetes: {groups: ["oidc:testers"], users: {Alice: "oidc:alice"}}
`

// loadAccess loads the demo configuration with an access.yaml.
func loadAccess(t testing.TB, content string) *config.Config {
	t.Helper()
	return testfixture.LoadTree(t, testfixture.DemoTree(map[string]string{config.AccessFile: content}), nil)
}

func TestLoadReadsAccess(t *testing.T) {
	t.Parallel()
	c := loadAccess(t, testfixture.AccessYAML(wholeAccess))
	want := &config.Access{
		APIVersion: config.APIVersion, Kind: "Access", Everyone: config.RoleViewer,
		Viewer: config.Grant{Groups: []string{"Testers"}},
		Developer: config.Grant{
			Groups: []string{"developers"}, Logins: []string{"octo-cat_acme"}, Emails: []string{"Kim@Example.com"},
		},
		Admin:      config.Grant{Groups: []string{"platform"}, Logins: []string{"Alice"}},
		People:     map[string]string{"Alice@example.com": "alice", "bob@example.com": "Bob", "bob@home.example": "bob"},
		Kubernetes: config.KubernetesNames{Groups: []string{"oidc:testers"}, Users: map[string]string{"Alice": "oidc:alice"}},
	}
	if diff := cmp.Diff(want, c.Access); diff != "" || len(c.Problems) > 0 {
		t.Errorf("access (-want +got):\n%s\nproblems: %v", diff, c.Problems)
	}
}

// entries returns n different entries of a list.
func entries(n int, format string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(all, ", ")
}

// accessCases are contents of access.yaml. The header takes the lines 1 and 2.
func accessCases() map[string]string {
	good := testfixture.AccessYAML
	return map[string]string{
		"all keys":                       good(wholeAccess),
		"no role for any person":         good(""),
		"names of Kubernetes itself":     good("kubernetes:\n  groups: [system:authenticated]\n  users: {bob: system:admin}\n"),
		"wrong names in the cluster":     good("kubernetes:\n  groups: [a, a, '']\n  users: {'@bob': b, Al: \"c\\nd\", aL: e}\n"),
		"empty grants":                   good("viewer: {}\nadmin: {groups: [], logins: [], emails: []}\npeople: {}\n"),
		"1000 entries":                   good("viewer: {logins: [" + entries(1000, "u%d") + "]}\n"),
		"1000 people":                    good("people: {" + entries(1000, "u%[1]d@x: u%[1]d") + "}\n"),
		"200 characters":                 good("viewer: {groups: [" + strings.Repeat("ü", 200) + "]}\n"),
		"one login for two addresses":    good("people: {a@x: alice, b@x: alice}\n"),
		"groups that differ in case":     good("viewer: {groups: [A, a]}\n"),
		"one group with two roles":       good("viewer: {groups: [a]}\nadmin: {groups: [a]}\n"),
		"a group of several words":       good("viewer: {groups: ['Platform Team/EU']}\n"),
		"a login of a bot":               good("developer: {logins: ['renovate[bot]']}\n"),
		"an empty file":                  "",
		"no header":                      "everyone: viewer\n",
		"the kind of another file":       "apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\n",
		"another version":                "apiVersion: previewset.dev/v2\nkind: Access\n",
		"an unknown key":                 good("everyone: viewer\nadmins: {groups: [a]}\n"),
		"an unknown key of a grant":      good("admin:\n  groups: [a]\n  group: [b]\n"),
		"a key twice":                    good("admin: {groups: [a]}\nadmin: {groups: [b]}\n"),
		"an address twice":               good("people:\n  a@x: alice\n  a@x: bob\n"),
		"an address twice in other case": good("people:\n  b@x: bob\n  B@x: bob\n  a@x: alice\n"),
		"an unknown role":                good("everyone: developper\n"),
		"an empty role":                  good("everyone: ''\n"),
		"a role in other case":           good("everyone: Admin\n"),
		"a role without a value":         good("everyone:\n"),
		"a list in place of a grant":     good("admin: [alice]\n"),
		"a text in place of a list":      good("admin: {logins: alice}\n"),
		"a list in place of people":      good("people: [a@x]\n"),
		"a number in place of a group":   good("admin: {groups: [5]}\n"),
		"empty entries": good("viewer: {groups: [''], logins: [''], emails: ['']}\n" +
			"people: {'': a, b@x: ''}\n"),
		"entries twice": good(
			"viewer:\n  groups: [a, b, a]\n  logins: [Alice, alice]\n  emails: [a@x, b@x, A@X]\n"),
		"wrong logins": good("admin: {logins: ['@alice', 'a b', acme/team]}\npeople: {a@x: '@alice'}\n"),
		"wrong addresses": good("admin: {emails: [alice, a@b@c, '@x', a@, 'Al <a@x>', \"a\\u202e@x\"]}\n" +
			"people: {bob: bob}\n"),
		"1001 entries": good("everyone: viewer\nadmin:\n  groups: [" + entries(1001, "g%d") + "]\n"),
		"1001 people":  good("people: {" + entries(1001, "u%d@x: alice") + "}\n"),
		"201 characters": good("viewer:\n  groups: [" + strings.Repeat("ü", 201) + "]\n  emails: [" +
			strings.Repeat("a", 199) + "@x]\n"),
		"a file that is too large": good("#" + strings.Repeat(" ", config.MaxFileSize)),
		"two documents":            good("---\nkind: Access\n"),
		"no YAML":                  good("admin: {groups: [a\n"),
		"an alias":                 good("viewer: &a {groups: [x]}\nadmin: *a\n"),
	}
}

func TestAccessIsStrict(t *testing.T) {
	t.Parallel()
	problems := golden.NewTable(t, "testdata/problems/access.txt")
	for name, content := range accessCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := loadAccess(t, content)
			if isValid := len(c.Problems) == 0; isValid != (c.Access != nil) {
				t.Errorf("access %v with %d problems", c.Access, len(c.Problems))
			}
			problems.Add(name, testfixture.Lines(c.Problems.Err()))
		})
	}
}

// An invalid access.yaml affects only itself.
func TestInvalidAccessKeepsTheLastValidOne(t *testing.T) {
	t.Parallel()
	valid := testfixture.AccessYAML("admin: {logins: [alice]}\n")
	steps := []struct {
		name, access, environment string
		isAdmin                   bool
		problems                  int
	}{
		{"no file", "", "owner: a\n", false, 0},
		{"invalid, without a valid one before", "kind: Access\n", "owner: b\n", false, 1},
		{"valid", valid, "owner: c\n", true, 0},
		{"invalid", valid + "admins: {}\n", "owner: d\n", true, 1},
		{"invalid again", valid + "everyone: root\n", "owner: e\n", true, 1},
		{"deleted", "", "owner: f\n", false, 0},
		{"invalid after it was deleted", valid + "admins: {}\n", "owner: g\n", false, 1},
	}
	var c *config.Config
	for _, step := range steps {
		files := map[string]string{"overlays/mine/environment.yaml": testfixture.EnvironmentYAML(step.environment)}
		if step.access != "" {
			files[config.AccessFile] = step.access
		}
		c = testfixture.LoadTree(t, testfixture.DemoTree(files), c)
		if got := c.Access.RoleOf(config.Person{Login: "alice"}); (got == config.RoleAdmin) != step.isAdmin {
			t.Errorf("%s: alice's role is %q", step.name, got)
		}
		if len(c.Problems) != step.problems || len(c.Broken) > 0 {
			t.Errorf("%s: problems are %v", step.name, c.Problems)
		}
		if got := "owner: " + c.Environments["mine"].Owner + "\n"; got != step.environment {
			t.Errorf("%s: the environment has %q, want %q", step.name, got, step.environment)
		}
	}
}

// A file that can't be read is as an invalid one.
func TestUnreadableAccessKeepsTheLastValidOne(t *testing.T) {
	t.Parallel()
	before := loadAccess(t, testfixture.AccessYAML("admin: {logins: [alice]}\n"))
	tree := testfixture.DemoTree(nil)
	tree.Files[config.AccessFile] = config.File{Problem: "is a symbolic link"}
	c := testfixture.LoadTree(t, tree, before)
	if c.Access != before.Access || len(c.Problems) != 1 || c.Problems[0].File != config.AccessFile {
		t.Errorf("access %v, problems %v", c.Access, c.Problems)
	}
}

func TestRolesIncludeLowerOnes(t *testing.T) {
	t.Parallel()
	roles := []config.Role{"", config.RoleViewer, config.RoleDeveloper, config.RoleAdmin, "root"}
	want := map[config.Role][]config.Role{
		config.RoleViewer:    {config.RoleViewer},
		config.RoleDeveloper: {config.RoleViewer, config.RoleDeveloper},
		config.RoleAdmin:     {config.RoleViewer, config.RoleDeveloper, config.RoleAdmin},
	}
	for _, role := range roles {
		var got []config.Role
		for _, other := range roles {
			if role.Includes(other) {
				got = append(got, other)
			}
		}
		if !slices.Equal(got, want[role]) {
			t.Errorf("%q includes %q, want %q", role, got, want[role])
		}
	}
}

func TestRoleOf(t *testing.T) {
	t.Parallel()
	access := loadAccess(t, testfixture.AccessYAML(wholeAccess)).Access
	without := loadAccess(t, testfixture.AccessYAML(strings.Replace(wholeAccess, "everyone: viewer\n", "", 1))).Access
	tests := []struct {
		name   string
		person config.Person
		want   config.Role // without everyone
	}{
		{"a stranger", config.Person{Email: "eve@example.com", Login: "eve", Groups: []string{"guests"}}, ""},
		{"no facts", config.Person{}, ""},
		{"empty facts", config.Person{Groups: []string{""}}, ""},
		{"a group", config.Person{Groups: []string{"x", "Testers"}}, config.RoleViewer},
		{"a group in other case", config.Person{Groups: []string{"testers", "Platform"}}, ""},
		{"the highest of several", config.Person{Groups: []string{"Testers", "platform", "developers"}}, config.RoleAdmin},
		{"a login in other case", config.Person{Login: "aLICE"}, config.RoleAdmin},
		{"an e-mail address in other case", config.Person{Email: "kIM@example.COM"}, config.RoleDeveloper},
		{"an address with the Kelvin sign for its k", config.Person{Email: "\u212aim@example.com"}, ""},
		{"the login of an address", config.Person{Email: "alice@EXAMPLE.com"}, config.RoleAdmin},
		{"a login goes before the address", config.Person{Email: "alice@example.com", Login: "eve"}, ""},
		{"a login as a group", config.Person{Groups: []string{"alice"}}, ""},
		{"a group as a login", config.Person{Login: "platform"}, ""},
		{"an address as a login", config.Person{Login: "kim@example.com"}, ""},
	}
	for _, tt := range tests {
		if got := without.RoleOf(tt.person); got != tt.want {
			t.Errorf("%s: role %q, want %q", tt.name, got, tt.want)
		}
		withEveryone := tt.want
		if withEveryone == "" {
			withEveryone = config.RoleViewer
		}
		if got := access.RoleOf(tt.person); got != withEveryone {
			t.Errorf("%s, everyone is a viewer: role %q, want %q", tt.name, got, withEveryone)
		}
		if got := (*config.Access)(nil).RoleOf(tt.person); got != "" {
			t.Errorf("%s, without access.yaml: role %q", tt.name, got)
		}
	}
}

func TestLoginOf(t *testing.T) {
	t.Parallel()
	access := loadAccess(t, testfixture.AccessYAML(wholeAccess)).Access
	for _, tt := range []struct {
		person       config.Person
		want, withNo string // with access.yaml, and without it
	}{
		{config.Person{Login: "eve", Email: "alice@example.com"}, "eve", "eve"},
		{config.Person{Email: "ALICE@example.com"}, "alice", ""},
		{config.Person{Email: "bob@home.example"}, "bob", ""},
		{config.Person{Email: "eve@example.com"}, "", ""},
		{config.Person{}, "", ""},
	} {
		if got := access.LoginOf(tt.person); got != tt.want {
			t.Errorf("%+v: login %q, want %q", tt.person, got, tt.want)
		}
		if got := (*config.Access)(nil).LoginOf(tt.person); got != tt.withNo {
			t.Errorf("%+v, without access.yaml: login %q, want %q", tt.person, got, tt.withNo)
		}
	}
}

func TestKnowsGroup(t *testing.T) {
	t.Parallel()
	access := loadAccess(t, testfixture.AccessYAML(wholeAccess)).Access
	for group, want := range map[string]bool{
		"Testers": true, "developers": true, "platform": true, "testers": false, "Alice": false, "": false,
	} {
		if got := access.KnowsGroup(group); got != want {
			t.Errorf("%q: %t", group, got)
		}
		if (*config.Access)(nil).KnowsGroup(group) {
			t.Errorf("%q is known without access.yaml", group)
		}
	}
}
