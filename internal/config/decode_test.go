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

// invalidPolicy is a previewset.yaml that breaks a rule of the format.
type invalidPolicy struct {
	name, policy string
}

// policiesWithInvalidFields are policies with unknown keys and values of another type.
func policiesWithInvalidFields(t *testing.T) []invalidPolicy {
	t.Helper()
	return []invalidPolicy{
		{"a misspelt field gets the one that was meant", testfixture.DemoPolicy + "limit: {awake: 3}\n"},
		{
			"the nearest field is suggested, not the first",
			testfixture.Replace(t, testfixture.DemoPolicy, "dataset: truncated", "datasets: truncated"),
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
			"services as a list",
			testfixture.Replace(t, testfixture.DemoPolicy, "services:\n  web:", "services:\n - web:", "  gateway: {", " - gateway: {",
				"  orders: {", " - orders: {", "  products: {", " - products: {", "  mailer: {", " - mailer: {"),
		},
		{"a text for a whole file", "preview"},
		{"a key that is a list", testfixture.DemoPolicy + "[a]: b\n"},
		{"a key that merges", testfixture.DemoPolicy + "<<: {slots: off}\n"},
	}
}

// policiesWithInvalidValues are policies with invalid choices, durations and keys.
func policiesWithInvalidValues(t *testing.T) []invalidPolicy {
	t.Helper()
	return []invalidPolicy{
		{
			"a value that is none of the choices",
			testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests: {", "pullRequests: {drafts: maybe, "),
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
			"a service twice",
			testfixture.Replace(t, testfixture.DemoPolicy, "profiles:\n", "  web: {repository: acme/web, image: web}\nprofiles:\n"),
		},
		{
			"a profile twice", testfixture.Replace(t, testfixture.DemoPolicy, "pullRequests:", "  full: {run: changed}\npullRequests:"),
		},
	}
}

// policiesWithInvalidYAML are policies with YAML that the format doesn't have, and of invalid sizes.
func policiesWithInvalidYAML(t *testing.T) []invalidPolicy {
	t.Helper()
	return []invalidPolicy{
		{"an anchor", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: &a all")},
		{
			"an anchor and an alias, each",
			testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: &a all", "run: [gateway, orders]", "run: *a"),
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
			"a null where a section may be left out",
			testfixture.Replace(t, testfixture.DemoPolicy, "image: ghcr.io/acme/mailer", "image: ghcr.io/acme/mailer, default: null"),
		},
		{"an empty file", ""},
		{"a file of comments", "# soon\n"},
		{"a document with nothing in it", "---\n"},
		{
			"nesting that is too deep", testfixture.DemoPolicy + "activity: " + strings.Repeat("[", 33) + strings.Repeat("]", 33) + "\n",
		},
		{
			"the deepest nesting that is allowed is read",
			testfixture.DemoPolicy + "activity: " + strings.Repeat("[", 32) + strings.Repeat("]", 32) + "\n",
		},
		{
			"a file that is too large", testfixture.DemoPolicy + "#" + strings.Repeat(" ", config.MaxFileSize-len(testfixture.DemoPolicy)),
		},
		{
			"the largest file that is allowed is read",
			testfixture.DemoPolicy + strings.Repeat(" ", config.MaxFileSize-len(testfixture.DemoPolicy)-1) + "x",
		},
		{"control characters and bidi marks stay in the file", testfixture.DemoPolicy + "\"a\u202e\\e[31m\": 1\n"},
		{
			"all mistakes at once, in the file's order",
			testfixture.Replace(t, testfixture.DemoPolicy,
				"domain: preview.example.dev", "domain: 7", "public: true", "public: 1", "run: all", "run: 3",
			) + "slot: off\nlimits: {awake: x, perOwner: y}\n",
		},
	}
}

func TestLoadRefusesWhatIsNotStrictlyTheFormat(t *testing.T) {
	t.Parallel()
	problems := golden.NewTable(t, "testdata/problems/syntax.txt")
	for _, tt := range slices.Concat(policiesWithInvalidFields(t), policiesWithInvalidValues(t), policiesWithInvalidYAML(t)) {
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
			"a previewset.yaml that is no regular file",
			func(t *config.Tree) { t.Files[config.PolicyFile] = config.File{Problem: "is a symbolic link"} },
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

// An example with every field.
