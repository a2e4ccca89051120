// Package openapi describes the generator's HTTP API as an OpenAPI document: its schemas come from the Go types of
// requests and answers, its texts from operations.go. A test compares it with the registered routes and with real
// answers.
package openapi

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	"github.com/invopop/jsonschema"
)

// Document returns the OpenAPI document as YAML. With strict, its schemas refuse unknown fields in answers too.
func Document(c Comments, strict bool) ([]byte, error) {
	s, err := newSchemas(c, strict)
	if err != nil {
		return nil, err
	}
	d := &document{
		OpenAPI: "3.1.0", Info: documentInfo, Servers: []server{privateServer}, Tags: tags,
		Paths: newOrdered[*pathItem](),
		Components: components{
			SecuritySchemes: securitySchemes(), Responses: errorResponses(s), Schemas: s.components,
		},
	}
	for _, o := range Operations() {
		if err := d.add(o, s); err != nil {
			return nil, err
		}
	}
	return d.text()
}

// ginParameter matches a parameter in a path of gin.
var ginParameter = regexp.MustCompile(`:(\w+)`)

// PathTemplate returns a path of gin as OpenAPI writes it.
func PathTemplate(path string) string { return ginParameter.ReplaceAllString(path, "{$1}") }

func (d *document) add(o Operation, s *schemas) error {
	path := PathTemplate(o.Path)
	item, ok := d.Paths.Get(path)
	if !ok {
		item = &pathItem{}
		if o.Public {
			item.Servers = []server{publicServer}
		}
		d.Paths.Set(path, item)
	}
	switch o.Method {
	case http.MethodGet:
		item.Get = o.build(s)
	case http.MethodPost:
		item.Post = o.build(s)
	default:
		return fmt.Errorf("%s %s: the document has no such method", o.Method, o.Path)
	}
	return nil
}

// build returns the operation's part of the document.
func (o Operation) build(s *schemas) *operation {
	b := &operation{
		Tags: []string{o.Tag}, OperationID: o.ID, Summary: o.Summary, Description: o.Description,
		Security: []map[string][]string{}, Parameters: o.Parameters, Responses: newOrdered[response](),
	}
	if o.Security != "" {
		b.Security = append(b.Security, map[string][]string{o.Security: {}})
	}
	if m := ginParameter.FindStringSubmatch(o.Path); m != nil {
		b.Parameters = append([]Parameter{pathParameter(m[1])}, b.Parameters...)
	}
	if o.Request != nil {
		b.RequestBody = &requestBody{
			Required: o.RequestRequired, Content: map[string]media{contentJSON: {s.ofRequest(reflect.TypeOf(o.Request))}},
		}
	}
	for _, r := range o.Responses {
		b.Responses.Set(strconv.Itoa(r.Status), r.build(s))
	}
	errors := o.Errors
	if o.Security == APIToken { // each of these endpoints needs a role
		errors = slices.Sorted(slices.Values(append([]int{http.StatusForbidden}, errors...)))
	}
	for _, status := range errors {
		b.Responses.Set(strconv.Itoa(status), response{Ref: "#/components/responses/" + errorName(status)})
	}
	return b
}

func (r Response) build(s *schemas) response {
	out := response{Description: r.Description, Headers: newOrdered[Parameter](), Content: map[string]media{}}
	if len(r.Headers) == 0 {
		out.Headers = ordered[Parameter]{}
	}
	for _, h := range r.Headers {
		name := h.Name
		h.Name = ""
		out.Headers.Set(name, h)
	}
	if r.Body != nil {
		out.Content[contentJSON] = media{s.of(reflect.TypeOf(r.Body))}
	}
	if r.List != "" {
		out.Content[contentJSON] = media{&jsonschema.Schema{
			AnyOf: []*jsonschema.Schema{out.Content[contentJSON].Schema, selectedList(r.List, r.Identity)},
		}}
	}
	if r.Schema != nil {
		out.Content[contentJSON] = media{r.Schema}
	}
	for _, kind := range r.Texts {
		out.Content[kind] = media{&jsonschema.Schema{Type: "string"}}
	}
	if r.YAML {
		out.Content[contentYAML] = media{&jsonschema.Schema{Type: "object"}}
	}
	return out
}

// errorName names the shared response of a status.
func errorName(status int) string {
	for _, e := range errorTexts {
		if e.status == status {
			return e.name
		}
	}
	return ""
}
