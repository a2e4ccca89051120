package reference_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/reference"
	"github.com/previewset/previewset/internal/testfixture/golden"
)

// configFolder has the Go types of the file formats.
const configFolder = "../config"

func TestSchemasAreUpToDate(t *testing.T) {
	t.Parallel()
	for _, f := range reference.FileFormats() {
		s, err := f.Schema(configFolder)
		if err != nil {
			t.Fatal(err)
		}
		text, err := reference.SchemaText(s)
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, filepath.Join(projectRoot, f.SchemaPath()), text)
		compare(t, reference.FormatPage(reference.Format{Path: f.Name + ".md", Title: f.Title, Intro: f.Intro, Schema: s}))
	}
}

func TestEveryFieldHasADescription(t *testing.T) {
	t.Parallel()
	for _, f := range reference.FileFormats() {
		s, err := f.Schema(configFolder)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for p, name := range reference.Properties(s) {
			if n++; p.Description == "" {
				t.Errorf("%s: field %s has no description; write a comment in package config", f.Title, name)
			}
		}
		if n < 5 {
			t.Errorf("%s has only %d fields", f.Title, n)
		}
	}
}

const (
	policyHead      = "apiVersion: previewset.dev/v1alpha1\nkind: PreviewConfig\ndomain: preview.example.dev\n"
	policyText      = policyHead + "services: {web: {repository: acme/shop, image: ghcr.io/acme/web}}\n"
	environmentHead = "apiVersion: previewset.dev/v1alpha1\nkind: Environment\n"
	slotsHead       = "apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\n"
	accessHead      = "apiVersion: previewset.dev/v1alpha1\nkind: Access\n"
)

func TestSchemasFindMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, schema, content, want string }{
		{"a small policy", "previewset", policyText, ""},
		{
			"an environment", "environment",
			environmentHead + "owner: a\nservices: {a: {pullRequest: 3}, b: {branch: x}}\nlinks: {c: {environment: d}}\n" +
				"handover: [a]\nlifetime: {expires: 2026-12-24T18:00:00Z, keepAwake: true}\n",
			"",
		},
		{
			"slots", "slots",
			slotsHead + "slots: {a: {}, b: {holders: [x], until: 2026-12-24T18:00:00Z}}\nqueue: [{holders: [y], purpose: z}]\n",
			"",
		},
		{
			"roles", "access",
			accessHead + "everyone: viewer\nadmin: {groups: [a], logins: [b], emails: [c@d]}\npeople: {e@f: g}\n", "",
		},
		{
			"a list of services and durations", "previewset",
			policyText + "profiles: {p: {run: [web], lifetime: {grace: 1h30m, deleteAfterIdle: 1.5h}}}\n", "",
		},
		{"an unknown field", "previewset", policyText + "slot: off\n", "slot"},
		{"an unknown field of a service", "previewset", policyHead + "services: {web: {images: a}}\n", "/services/web"},
		{"another kind", "environment", slotsHead, "/kind"},
		{"a missing key", "previewset", strings.Replace(policyText, "domain: preview.example.dev\n", "", 1), "domain"},
		{"a wrong choice", "previewset", policyText + "limits: {whenFull: drop}\n", "/limits/whenFull"},
		{"a wrong run", "previewset", policyText + "profiles: {full: {run: some}}\n", "/profiles/full/run"},
		{"a number as duration", "previewset", policyText + "lifetime: {grace: 60}\n", "/lifetime/grace"},
		{"a duration in days", "previewset", policyText + "lifetime: {grace: 2d}\n", "/lifetime/grace"},
		{"a negative number", "previewset", policyText + "limits: {awake: -1}\n", "/limits/awake"},
		{"a text in place of a list", "slots", slotsHead + "queue: none\n", "/queue"},
		{"an unknown role", "access", accessHead + "everyone: root\n", "/everyone"},
		{"an unknown field of a role", "access", accessHead + "admin: {users: [a]}\n", "/admin"},
		{"a login twice", "access", accessHead + "admin: {logins: [a, a]}\n", "/admin/logins"},
		{"an unknown day", "previewset", policyText + "lifetime: {sleep: {workingHours: {days: [today]}}}\n", "/days/0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := validate(t, tt.schema, tt.content, false)
			if (err != nil) != (tt.want != "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error is %v, want %q in it", err, tt.want)
			}
		})
	}
}

// validate checks a YAML text against a published schema. A fragment needs no required keys.
func validate(t *testing.T, schema, content string, isFragment bool) error {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(projectRoot, "schemas", schema+".schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if isFragment {
		delete(root.(map[string]any), "required")
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err = c.AddResource("schema.json", root); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(content), &doc); err != nil {
		return err
	}
	return compiled.Validate(plain(doc.Content[0]))
}

// plain returns a YAML node as an editor's schema check sees it: times are strings.
func plain(n *yaml.Node) any {
	switch {
	case n.Kind == yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return m
	case n.Kind == yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			list = append(list, plain(c))
		}
		return list
	case n.Tag == "!!bool":
		return n.Value == "true"
	case n.Tag == "!!int":
		var i int
		_ = n.Decode(&i)
		return i
	}
	return n.Value
}

// The first line of a file tells editors where its schema is.
func TestExampleNamesItsSchemas(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(`^# yaml-language-server: \$schema=(\S+)\n`)
	for path, schema := range map[string]string{"previewset.yaml": "schemas/previewset.schema.json"} {
		text, err := fs.ReadFile(previewset.Example, path)
		if err != nil {
			t.Fatal(err)
		}
		m := pattern.FindStringSubmatch(string(text))
		if m == nil {
			t.Fatalf("%s doesn't begin with its schema", path)
		}
		if diff := cmp.Diff(schema, filepath.Join(filepath.Dir(path), m[1])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		if err := validate(t, "previewset", string(text), false); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
