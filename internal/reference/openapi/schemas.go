package openapi

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/previewset/previewset/generator/visit/pages"
	"github.com/previewset/previewset/internal/preview"
)

// Comments are the folders with the Go types of requests and answers. The types' comments become descriptions.
type Comments struct {
	// Package is the import path of the working directory.
	Package string
	// Folders are relative to the working directory.
	Folders []string
}

// schemas makes the JSON Schemas of Go types, as components of the document.
type schemas struct {
	reflector  *jsonschema.Reflector
	components map[string]*jsonschema.Schema
}

// newSchemas returns schemas. With strict, unknown fields are errors; the published document allows them, because a new
// field in an answer must not break clients.
func newSchemas(c Comments, strict bool) (*schemas, error) {
	r := &jsonschema.Reflector{Anonymous: true, AllowAdditionalProperties: !strict, Mapper: enumeration}
	for _, folder := range c.Folders {
		if err := r.AddGoComments(c.Package, folder, jsonschema.WithFullComment()); err != nil {
			return nil, fmt.Errorf("read the comments in %s: %w", folder, err)
		}
	}
	return &schemas{reflector: r, components: map[string]*jsonschema.Schema{}}, nil
}

// enumerations have all values of a type. Rules aren't among them, because new ones may come.
var enumerations = map[reflect.Type][]any{
	reflect.TypeFor[preview.Outcome](): anyList([]preview.Outcome{
		preview.Live, preview.Held, preview.AsleepOutcome, preview.Gone,
	}),
	reflect.TypeFor[preview.State](): anyList([]preview.State{preview.Awake, preview.Waking, preview.Asleep}),
	reflect.TypeFor[preview.Source](): anyList([]preview.Source{
		preview.FromPullRequest, preview.FromFile, preview.FromSlot,
	}),
	reflect.TypeFor[pages.Kind](): anyList(pages.Kinds()),
}

// enumeration returns the schema of a type with known values; nil for other types.
func enumeration(t reflect.Type) *jsonschema.Schema {
	if values, ok := enumerations[t]; ok {
		return &jsonschema.Schema{Type: "string", Enum: values}
	}
	return nil
}

// of returns a reference to the schema of a Go type.
func (s *schemas) of(t reflect.Type) *jsonschema.Schema {
	root := s.reflector.ReflectFromType(t)
	root.Version = ""
	for name, d := range root.Definitions {
		describe(name, d)
		s.components[name] = d
	}
	root.Definitions = nil
	return root
}

// ofRequest is like of, for the type of a request. All fields of requests are optional.
func (s *schemas) ofRequest(t reflect.Type) *jsonschema.Schema {
	root := s.of(t)
	for name := range s.reflector.ReflectFromType(t).Definitions {
		s.components[name].Required = nil
	}
	return root
}

// describe turns Go comments into descriptions: without the name of the type or field that they begin with.
func describe(name string, s *jsonschema.Schema) {
	s.Description = Describe(name, s.Description)
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		p.Value.Description = Describe(`\w+`, p.Value.Description)
	}
}

// Describe turns the comment of a Go name, a regular expression, into a description.
func Describe(name, comment string) string {
	text := strings.Join(strings.Fields(comment), " ")
	begin := regexp.MustCompile(`^` + name + ` (?:(?:is|are|has|have) |says (whether |which |when |how |why ))`)
	m := begin.FindStringSubmatchIndex(text)
	if m == nil {
		return text
	}
	from := m[1]
	if m[2] >= 0 {
		from = m[2] // "Healthy says whether …" becomes "Whether …"
	}
	return strings.ToUpper(text[from:from+1]) + text[from+1:]
}
