package reference

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
)

// Format is a file format, or the keys of a row, with its JSON Schema.
type Format struct {
	// Path is the page's, relative to docs/reference.
	Path  string
	Title string
	// Intro is the text between the title and the table, in Markdown.
	Intro  string
	Schema *jsonschema.Schema
}

// FormatPage returns a page with one table row for each key, nested keys included.
func FormatPage(f Format) Page {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# %s\n\n%s\n\n| key | value | meaning |\n| --- | --- | --- |\n", notice, f.Title,
		strings.TrimSpace(f.Intro))
	t := table{definitions: f.Schema.Definitions, out: &b}
	t.properties("", f.Schema)
	return Page{f.Path, []byte(b.String())}
}

// table writes the rows of a schema's properties.
type table struct {
	definitions jsonschema.Definitions
	out         *strings.Builder
}

// properties writes a row for each property of a schema, each below the path of its parent.
func (t table) properties(path string, s *jsonschema.Schema) {
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		t.property(path+p.Key, p.Value)
	}
}

func (t table) property(path string, s *jsonschema.Schema) {
	target := t.resolve(s)
	if element := t.element(target); element != nil {
		t.row(path, target, s)
		if element.Properties.Len() > 0 {
			t.properties(path+elementPath(target), element)
		}
		return
	}
	t.row(path, target, s)
	t.properties(path+".", target)
}

// resolve follows a reference to a definition.
func (t table) resolve(s *jsonschema.Schema) *jsonschema.Schema {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		return t.definitions[name]
	}
	return s
}

// element returns the schema of the elements of a list or map; nil for any other schema.
func (t table) element(s *jsonschema.Schema) *jsonschema.Schema {
	switch {
	case s.Items != nil:
		return t.resolve(s.Items)
	case s.AdditionalProperties != nil && cmp.Or(s.AdditionalProperties.Type, s.AdditionalProperties.Ref) != "":
		return t.resolve(s.AdditionalProperties)
	}
	return nil
}

func elementPath(s *jsonschema.Schema) string {
	if s.Items != nil {
		return "[]."
	}
	return ".<name>."
}

func (t table) row(path string, s, used *jsonschema.Schema) {
	meaning := cmp.Or(used.Description, s.Description)
	fmt.Fprintf(t.out, "| `%s` | %s |", path, t.kind(s))
	if meaning = cell(meaning); meaning != "" {
		meaning += " "
	}
	fmt.Fprintf(t.out, " %s|\n", meaning)
}

// kind says in words which values a schema takes.
func (t table) kind(s *jsonschema.Schema) string {
	switch {
	case s.Const != nil:
		return fmt.Sprintf("`%v`", s.Const)
	case len(s.Enum) > 0:
		return choices(s.Enum)
	case len(s.OneOf) > 0:
		kinds := make([]string, len(s.OneOf))
		for i, one := range s.OneOf {
			kinds[i] = t.kind(t.resolve(one))
		}
		return strings.Join(kinds, ", or ")
	case s.Items != nil:
		return "list of " + t.kind(t.resolve(s.Items))
	case t.element(s) != nil:
		return "map of " + t.kind(t.element(s))
	case s.Format == "date-time":
		return "time (RFC 3339)"
	case isDuration(s):
		return "duration, such as `90m` or `168h`"
	}
	return cmp.Or(s.Type, "any value")
}

func isDuration(s *jsonschema.Schema) bool { return slices.Contains(s.Examples, any("168h")) }

func choices(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprintf("`%v`", v)
	}
	return strings.Join(words, ", ")
}

// markdownEscaper escapes the characters that Markdown would take for HTML or emphasis.
var markdownEscaper = strings.NewReplacer("<", `\<`, "*", `\*`)

// cell makes a text fit into one cell of a Markdown table.
func cell(text string) string {
	parts := strings.Split(strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`), "`")
	for i := 0; i < len(parts); i += 2 { // the other parts are inline code
		parts[i] = markdownEscaper.Replace(parts[i])
	}
	return strings.Join(parts, "`")
}
