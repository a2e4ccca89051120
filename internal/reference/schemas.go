package reference

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
	"github.com/previewset/previewset/internal/reference/openapi"
)

// FileFormat is the format of a file that people write.
type FileFormat struct {
	// Name is the name of the page and of the schema, without extension.
	Name string
	// Title is the name of the file, and Intro the text below it on the page.
	Title, Intro string

	of   reflect.Type
	kind string
	// required are the keys that the file must have.
	required []string
}

// FileFormats returns the formats of all files that people write.
func FileFormats() []FileFormat {
	return []FileFormat{
		{
			Name: "previewset", Title: "previewset.yaml",
			Intro: "The policy, at the top of the GitOps repository. An unknown key, a wrong type or a reference to a " +
				"missing object is an\n" +
				"error. `previewctl check` prints all errors with file, line and remedy.",
			of: reflect.TypeFor[config.Policy](), kind: "PreviewConfig",
			required: []string{"apiVersion", "kind", "domain", "services"},
		},
		{
			Name: "environment", Title: "environment.yaml",
			Intro: "`overlays/<name>/environment.yaml` makes the environment `<name>`. With `pullRequest` it adjusts the " +
				"environment of that\n" +
				"pull request. Guide: [environments by hand](../guides/environments-by-hand.md).",
			of: reflect.TypeFor[config.Environment](), kind: "Environment", required: []string{"apiVersion", "kind"},
		},
		{
			Name: "slots", Title: "slots.yaml",
			Intro: "The slots, their claims and the queue, at the top of the GitOps repository. Guide: " +
				"[slots](../guides/slots.md).",
			of: reflect.TypeFor[config.SlotPool](), kind: "SlotPool", required: []string{"apiVersion", "kind"},
		},
		{
			Name: "access", Title: "access.yaml",
			Intro: "Who may do what on the previews page, at the top of the GitOps repository. Guide: " +
				"[access](../guides/access.md).",
			of: reflect.TypeFor[config.Access](), kind: "Access", required: []string{"apiVersion", "kind"},
		},
	}
}

// SchemaPath returns the path of the JSON Schema, relative to the top of the GitOps repository.
func (f FileFormat) SchemaPath() string { return "schemas/" + f.Name + ".schema.json" }

// Schema returns the JSON Schema. Folder is the folder of package config: the comments of its types become
// descriptions.
func (f FileFormat) Schema(folder string) (*jsonschema.Schema, error) {
	r := &jsonschema.Reflector{
		FieldNameTag: "yaml", Anonymous: true, ExpandedStruct: true, RequiredFromJSONSchemaTags: true, Mapper: mapped,
	}
	if err := r.AddGoComments("github.com/previewset/previewset/internal/config", folder,
		jsonschema.WithFullComment()); err != nil {
		return nil, fmt.Errorf("read the comments of the file formats: %w", err)
	}
	s := r.ReflectFromType(f.of)
	if f.of == reflect.TypeFor[config.Policy]() { // Services is mapped, so nothing led to Service
		service := *r
		service.ExpandedStruct = false
		maps.Copy(s.Definitions, service.Reflect(config.Service{}).Definitions)
	}
	describe(s)
	s.Title, s.Required = f.Title, f.required
	constant(s, "apiVersion", config.APIVersion)
	constant(s, "kind", f.kind)
	refine(s, s.Definitions, f.of, map[reflect.Type]bool{})
	return s, nil
}

// RowSchema returns the JSON Schema of a row. Folder is the folder of package preview.
func RowSchema(folder string) (*jsonschema.Schema, error) {
	r := &jsonschema.Reflector{Anonymous: true, ExpandedStruct: true}
	if err := r.AddGoComments("github.com/previewset/previewset/internal/preview", folder); err != nil {
		return nil, fmt.Errorf("read the comments of rows: %w", err)
	}
	s := r.ReflectFromType(reflect.TypeFor[preview.Row]())
	describe(s)
	return s, nil
}

// describe turns the comments in a schema into descriptions.
func describe(s *jsonschema.Schema) {
	s.Description = openapi.Describe(`\w+`, s.Description)
	for p := range Properties(s) {
		p.Description = openapi.Describe(`\w+`, p.Description)
	}
}

// SchemaText returns the schema as a file.
func SchemaText(s *jsonschema.Schema) ([]byte, error) {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode JSON Schema: %w", err)
	}
	return append(text, '\n'), nil
}

// Properties yields the schemas of all properties, by path.
func Properties(s *jsonschema.Schema) iter.Seq2[*jsonschema.Schema, string] {
	return func(yield func(*jsonschema.Schema, string) bool) {
		for p := s.Properties.Oldest(); p != nil; p = p.Next() {
			if !yield(p.Value, p.Key) {
				return
			}
		}
		for name, d := range s.Definitions {
			for p := d.Properties.Oldest(); p != nil; p = p.Next() {
				if !yield(p.Value, name+"."+p.Key) {
					return
				}
			}
		}
	}
}

func constant(s *jsonschema.Schema, name, value string) {
	if p, ok := s.Properties.Get(name); ok {
		p.Const = value
	}
}

// mapped returns the schemas of types with YAML other than their Go kind suggests: isn't the YAML of their Go kind.
func mapped(of reflect.Type) *jsonschema.Schema {
	switch of {
	case reflect.TypeFor[config.Duration]():
		return &jsonschema.Schema{
			Type: "string", Pattern: `^(0|([0-9]+(\.[0-9]*)?(ns|us|ms|s|m|h))+)$`, Examples: []any{"90m", "168h"},
		}
	case reflect.TypeFor[config.RunSet]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Type: "string", Enum: []any{"changed", "all"}},
			{Type: "array", Items: &jsonschema.Schema{Type: "string"}},
		}}
	case reflect.TypeFor[config.SlotPolicy]():
		modes := &jsonschema.Schema{Type: "string", Enum: []any{"off", "on", "required"}}
		limits := jsonschema.NewProperties()
		limits.Set("mode", modes)
		limits.Set("maxClaim", mapped(reflect.TypeFor[config.Duration]()))
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			modes, {Type: "object", Properties: limits, AdditionalProperties: jsonschema.FalseSchema},
		}}
	case reflect.TypeFor[config.Services]():
		return &jsonschema.Schema{Type: "object", AdditionalProperties: &jsonschema.Schema{Ref: "#/$defs/Service"}}
	}
	return nil
}

// refine adds to a struct's schema everything that tags and kinds of its fields say to the decoder, and follows its
// fields.
func refine(s *jsonschema.Schema, definitions jsonschema.Definitions, of reflect.Type, seen map[reflect.Type]bool) {
	seen[of] = true
	for f := range of.Fields() {
		p, ok := s.Properties.Get(f.Tag.Get("yaml"))
		if !ok {
			continue
		}
		if enum := f.Tag.Get("enum"); enum != "" {
			choices := p
			if p.Items != nil {
				choices = p.Items
			}
			for choice := range strings.SplitSeq(enum, ",") {
				choices.Enum = append(choices.Enum, choice)
			}
		}
		if p.Type == "integer" {
			p.Minimum = "0"
		}
		target := elementOf(f.Type)
		if d := definitions[target.Name()]; d != nil && !seen[target] {
			refine(d, definitions, target, seen)
		}
	}
}

// elementOf follows pointers, lists and maps to the type of their elements.
func elementOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}
