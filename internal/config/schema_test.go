package config_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	"go.yaml.in/yaml/v3"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/testfixture"
	"github.com/previewset/previewset/internal/testfixture/golden"
)

// formats are the files that people write, by schema. required are the keys that Load refuses to go without.
var formats = map[string]struct {
	of       any
	kind     string
	required []string
}{
	"previewconfig": {config.Policy{}, "PreviewConfig", []string{"apiVersion", "kind", "domain", "services"}},
	"environment":   {config.Environment{}, "Environment", []string{"apiVersion", "kind"}},
	"slotpool":      {config.SlotPool{}, "SlotPool", []string{"apiVersion", "kind"}},
}

// The schemas are for editors: they are generated from the types that the decoder fills, with their comments.
func TestSchemasAreUpToDate(t *testing.T) {
	t.Parallel()
	for name := range formats {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden.Compare(t, "schema/"+name+".schema.json", schemaOf(t, name))
		})
	}
}

func schemaOf(t *testing.T, name string) []byte {
	t.Helper()
	format := formats[name]
	r := &jsonschema.Reflector{FieldNameTag: "yaml", Anonymous: true, ExpandedStruct: true, RequiredFromJSONSchemaTags: true, Mapper: mapped}
	if err := r.AddGoComments("github.com/previewset/previewset/internal/config", "."); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(format.of)
	if name == "previewconfig" { // Services is mapped, so nothing led to Service
		service := *r
		service.ExpandedStruct = false
		maps.Copy(s.Definitions, service.Reflect(config.Service{}).Definitions)
	}
	s.Title, s.Required = format.kind, format.required
	set(t, s, "apiVersion").Const = config.APIVersion
	set(t, s, "kind").Const = format.kind
	refine(t, s, reflect.TypeOf(format.of))
	for _, of := range []any{config.PullRequestPolicy{}, config.Limits{}, config.Ref{}, config.PrometheusActivity{}} {
		if d := s.Definitions[reflect.TypeOf(of).Name()]; d != nil {
			refine(t, d, reflect.TypeOf(of))
		}
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// mapped are the types that aren't what their Go kind says: those with a decodeNode.
func mapped(of reflect.Type) *jsonschema.Schema {
	switch of {
	case reflect.TypeFor[config.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: `^(0|([0-9]+(\.[0-9]*)?(ns|us|ms|s|m|h))+)$`, Examples: []any{"90m", "168h"}}
	case reflect.TypeFor[config.RunSet]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Type: "string", Enum: []any{"changed", "all"}},
			{Type: "array", Items: &jsonschema.Schema{Type: "string"}},
		}}
	case reflect.TypeFor[config.Services]():
		return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Ref: "#/$defs/Service"}}
	}
	return nil
}

// refine adds to a struct's schema what its fields' tags and kinds say to the decoder.
func refine(t *testing.T, s *jsonschema.Schema, of reflect.Type) {
	t.Helper()
	for f := range config.FieldsOf(of) {
		p := set(t, s, f.Tag.Get("yaml"))
		if enum := f.Tag.Get("enum"); enum != "" {
			for choice := range strings.SplitSeq(enum, ",") {
				p.Enum = append(p.Enum, choice)
			}
		}
		if p.Type == "integer" {
			p.Minimum = "0"
		}
	}
}

func set(t *testing.T, s *jsonschema.Schema, name string) *jsonschema.Schema {
	t.Helper()
	p, ok := s.Properties.Get(name)
	if !ok {
		t.Fatalf("the schema has no property %s", name)
	}
	return p
}

// Every type with choices must be refined: one that is new would be forgotten silently.
func TestSchemasHaveEveryChoice(t *testing.T) {
	t.Parallel()
	for name, format := range formats {
		text := string(schemaOf(t, name))
		var walk func(reflect.Type)
		seen := map[reflect.Type]bool{}
		walk = func(of reflect.Type) {
			for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
				of = of.Elem()
			}
			if of.Kind() != reflect.Struct || seen[of] || of == reflect.TypeFor[time.Time]() || of == reflect.TypeFor[config.RunSet]() {
				return
			}
			seen[of] = true
			for f := range config.FieldsOf(of) {
				for choice := range strings.SplitSeq(f.Tag.Get("enum"), ",") {
					if choice != "" && !strings.Contains(text, `"`+choice+`"`) {
						t.Errorf("%s: %s.%s has no choice %q", name, of.Name(), f.Name, choice)
					}
				}
				walk(f.Type)
			}
		}
		walk(reflect.TypeOf(format.of))
		if len(seen) < 2 {
			t.Errorf("%s: only %v was walked", name, seen)
		}
	}
}

func TestSchemasAcceptWhatLoadAccepts(t *testing.T) {
	t.Parallel()
	example, err := os.ReadFile("../../previewset.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const slots = "apiVersion: previewset.dev/v1alpha1\nkind: SlotPool\n"
	tests := []struct {
		name, schema, content string
		want                  []string
	}{
		{"the example of this repository", "previewconfig", string(example), nil},
		{"a small policy", "previewconfig", testfixture.DemoPolicy, nil},
		{"a whole environment", "environment", testfixture.EnvironmentYAML("owner: a\nservices: {a: {pullRequest: 3}, b: {branch: x}}\nlinks: {c: {environment: d}}\nhandover: [a]\nlifetime: {expires: 2026-12-24T18:00:00Z, keepAwake: true}\n"), nil},
		{"slots", "slotpool", slots + "slots: {a: {}, b: {holders: [x], until: 2026-12-24T18:00:00Z}}\nqueue: [{holders: [y], purpose: z}]\n", nil},
		{"a run list and lengths of time", "previewconfig", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: all, lifetime: {grace: 1h30m, deleteAfterIdle: 1.5h}"), nil},
		{"an unknown field", "previewconfig", testfixture.DemoPolicy + "slot: off\n", []string{".slot is unknown"}},
		{"an unknown field of a service", "previewconfig", testfixture.Replace(t, testfixture.DemoPolicy, "image: ghcr.io/acme/web", "images: a"), []string{".services.web.images is unknown"}},
		{"another kind", "environment", "apiVersion: previewset.dev/v1alpha1\nkind: Slots\n", []string{".kind is not Environment"}},
		{"a missing key", "previewconfig", testfixture.Replace(t, testfixture.DemoPolicy, "domain: preview.example.dev\n", ""), []string{".domain is missing"}},
		{"a wrong choice", "previewconfig", testfixture.DemoPolicy + "limits: {whenFull: drop}\n", []string{".limits.whenFull is none of [queue sleep-idlest]"}},
		{"a wrong run", "previewconfig", testfixture.Replace(t, testfixture.DemoPolicy, "run: all", "run: some"), []string{".profiles.full.run is 0 of the kinds"}},
		{"a length of time without unit", "previewconfig", testfixture.DemoPolicy + "lifetime: {grace: 60}\n", []string{".lifetime.grace is no string"}},
		{"a length of time of days", "previewconfig", testfixture.DemoPolicy + "lifetime: {grace: 2d}\n", []string{".lifetime.grace is not like its pattern"}},
		{"a negative number", "previewconfig", testfixture.DemoPolicy + "limits: {awake: -1}\n", []string{".limits.awake is too little"}},
		{"a text for a list", "slotpool", slots + "queue: none\n", []string{".queue is no array"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var root map[string]any
			if err := json.Unmarshal(schemaOf(t, tt.schema), &root); err != nil {
				t.Fatal(err)
			}
			var doc yaml.Node
			if err := yaml.Unmarshal([]byte(tt.content), &doc); err != nil {
				t.Fatal(err)
			}
			v := validator{root: root}
			v.check("", root, plain(doc.Content[0]))
			slices.Sort(v.wrong)
			if diff := cmp.Diff(tt.want, v.wrong); diff != "" {
				t.Errorf("wrong (-want +got):\n%s", diff)
			}
		})
	}
}

// plain is a YAML node as an editor's schema check sees it.
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

// validator knows as much of JSON Schema as our schemas use; an unknown keyword is an error.
type validator struct {
	root  map[string]any
	wrong []string
}

func (v *validator) say(at, format string, args ...any) {
	v.wrong = append(v.wrong, at+" "+fmt.Sprintf(format, args...))
}

func (v *validator) check(at string, schema map[string]any, value any) {
	for keyword, arg := range schema {
		switch keyword {
		case "$ref":
			name := strings.TrimPrefix(arg.(string), "#/$defs/")
			v.check(at, v.root["$defs"].(map[string]any)[name].(map[string]any), value)
		case "type":
			if got := typeOf(value); got != arg {
				v.say(at, "is no %s", arg)
			}
		case "const":
			if value != arg {
				v.say(at, "is not %s", arg)
			}
		case "enum":
			if !slices.Contains(arg.([]any), value) {
				v.say(at, "is none of %v", arg)
			}
		case "pattern":
			if s, ok := value.(string); ok && !regexp.MustCompile(arg.(string)).MatchString(s) {
				v.say(at, "is not like its pattern")
			}
		case "minimum":
			if i, ok := value.(int); ok && float64(i) < arg.(float64) {
				v.say(at, "is too little")
			}
		case "oneOf":
			v.oneOf(at, arg.([]any), value)
		case "items":
			list, _ := value.([]any)
			for i, e := range list {
				v.check(fmt.Sprintf("%s[%d]", at, i), arg.(map[string]any), e)
			}
		case "required":
			for _, key := range arg.([]any) {
				if m, ok := value.(map[string]any); ok && m[key.(string)] == nil {
					v.say(at+"."+key.(string), "is missing")
				}
			}
		case "properties", "additionalProperties":
			if keyword == "properties" || schema["properties"] == nil {
				v.members(at, schema, value)
			}
		case "$schema", "$defs", "title", "description", "format", "examples":
		default:
			v.say(at, "has keyword %s, which nothing here knows", keyword)
		}
	}
}

func (v *validator) members(at string, schema map[string]any, value any) {
	m, _ := value.(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	for key, e := range m {
		if p, ok := properties[key].(map[string]any); ok {
			v.check(at+"."+key, p, e)
		} else if more, ok := schema["additionalProperties"].(map[string]any); ok {
			v.check(at+"."+key, more, e)
		} else {
			v.say(at+"."+key, "is unknown")
		}
	}
}

func (v *validator) oneOf(at string, schemas []any, value any) {
	fit := 0
	for _, s := range schemas {
		one := validator{root: v.root}
		if one.check(at, s.(map[string]any), value); len(one.wrong) == 0 {
			fit++
		}
	}
	if fit != 1 {
		v.say(at, "is %d of the kinds", fit)
	}
}

func typeOf(value any) string {
	switch value.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case bool:
		return "boolean"
	case int:
		return "integer"
	}
	return "string"
}
