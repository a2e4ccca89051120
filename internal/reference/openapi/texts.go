package openapi

import (
	"net/http"

	"github.com/invopop/jsonschema"

	"github.com/previewset/previewset/generator/api"
	"github.com/previewset/previewset/generator/visit/pages"
)

// The tags of operations.
const (
	tagArgoCD       = "Argo CD"
	tagEnvironments = "Environments"
	tagRequests     = "Requests"
	tagExplanations = "Explanations"
	tagMonitoring   = "Monitoring"
	tagPublic       = "Public"
)

var tags = []tag{
	{tagArgoCD, "The plugin generator's endpoint."},
	{tagEnvironments, "Live environments and their progress."},
	{tagRequests, "Requests and confirmations of users. They have an effect on the next snapshot, which is computed " +
		"at once."},
	{tagExplanations, "Decisions, use of resources, and inputs."},
	{tagMonitoring, "Probes, metrics and this document, without a token."},
	{tagPublic, "The public listener: GitHub's webhooks and visitors. Only this part may be reachable from the internet."},
}

var documentInfo = info{
	Title: "preview-generator", Version: "v1",
	Description: "The HTTP API of PreviewSet's service. Version 1 only grows: new endpoints, new " +
		"parameters, and new fields and events in answers. Clients ignore what they don't know. A change that breaks clients " +
		"gets the version 2 under /api/v2, and version 1 stays for at least two MINOR versions.\n" +
		"\n" +
		"The error body of every endpoint is a Message. Besides the listed statuses, 404, 405 and 500 are possible " +
		"everywhere.\n" +
		"The generator answers all requests from its current snapshot. Until there is one, the status is 503.",
	License: map[string]string{"name": "Apache-2.0", "identifier": "Apache-2.0"},
}

var (
	privateServer = server{"http://preview-generator.argocd:4355", "The private listener, inside the cluster"}
	publicServer  = server{"https://generator.preview.example.dev", "The public listener (port 4356), behind an HTTPRoute or Ingress"}
)

func securitySchemes() ordered[securityScheme] {
	all := newOrdered[securityScheme]()
	all.Set(ArgoCDToken, securityScheme{
		Type: "http", Scheme: "bearer", Description: "The token in --token-file. It gives access to rows only.",
	})
	all.Set(APIToken, securityScheme{
		Type: "http", Scheme: "bearer",
		Description: "The token in --api-token-file. Without this flag, these endpoints answer 401.",
	})
	all.Set(WebhookSignature, securityScheme{
		Type: "apiKey", In: "header", Name: "X-Hub-Signature-256",
		Description: "`sha256=` and the HMAC of the body, in hexadecimal, with the secret in --webhook-secret-file.",
	})
	return all
}

// errorTexts are the shared error responses.
var errorTexts = []struct {
	status            int
	name, description string
}{
	{http.StatusBadRequest, "BadRequest", "The request is invalid. The message says what to change."},
	{http.StatusUnauthorized, "Unauthorized", "The token or signature is missing or wrong."},
	{http.StatusForbidden, "Forbidden", "The token's role doesn't allow this. For a webhook: the generator runs without " +
		"--webhook-secret-file."},
	{http.StatusNotFound, "NotFound", "The object doesn't exist."},
	{http.StatusConflict, "Conflict", "The environment's state doesn't allow the request, or a person must confirm it."},
	{http.StatusRequestTimeout, "TooSlow", "The body comes more slowly than 64 KiB a second, or " +
		"its sender has more than 64 bodies under way."},
	{http.StatusRequestEntityTooLarge, "TooLarge", "The body is too large."},
	{http.StatusNotImplemented, "NotImplemented", "The generator isn't connected to the cluster or Prometheus that this " +
		"needs."},
	{http.StatusBadGateway, "BadGateway", "Prometheus answered with an error."},
	{http.StatusServiceUnavailable, "Unavailable", "There is no snapshot yet, or too many clients ask at once. Ask " +
		"again later."},
}

func errorResponses(s *schemas) ordered[response] {
	all := newOrdered[response]()
	for _, e := range errorTexts {
		all.Set(e.name, Response{Description: e.description, Body: api.Message{}}.build(s))
	}
	return all
}

func pathParameter(name string) Parameter {
	text := map[string]string{"name": "The environment's name.", "path": "Any path."}[name]
	return Parameter{Name: name, In: "path", Required: true, Description: text, Schema: &jsonschema.Schema{Type: "string"}}
}

func query(name, description, kind string) Parameter {
	return Parameter{Name: name, In: "query", Description: description, Schema: &jsonschema.Schema{Type: kind}}
}

func header(name, description string) Parameter {
	return Parameter{Name: name, In: "header", Description: description, Schema: &jsonschema.Schema{Type: "string"}}
}

func accepted(description string) Response {
	return Response{Status: http.StatusAccepted, Description: description, Body: api.Message{}}
}

// WebhookEvent is the part of GitHub's event that the generator uses.
type WebhookEvent struct {
	// Repository is the repository to read again.
	Repository map[string]any `json:"repository,omitempty"`
	// PullRequest tells which details the next read needs.
	PullRequest map[string]any `json:"pull_request,omitempty"`
	// Context names a commit status. The generator ignores events about its own.
	Context string `json:"context,omitempty"`
}

// VisitAnswer is the answer to a visitor that isn't a browser.
type VisitAnswer struct {
	// Message explains the state.
	Message string `json:"message"`
	// State is the state as visitors see it; missing if the host is outside of the domain. The header Previewset-State has
	// it too.
	State pages.Kind `json:"state,omitempty"`
}

func visitResponse(status int, description string) Response {
	state := Parameter{Description: "The state.", Schema: &jsonschema.Schema{
		Type: "string",
		Enum: anyList(pages.Kinds()),
	}}
	state.Name = "Previewset-State"
	retry := Parameter{
		Name: "Retry-After", Schema: &jsonschema.Schema{Type: "integer"},
		Description: "Seconds; missing if nothing changes until a user acts.",
	}
	return Response{
		Status: status, Description: description, Body: VisitAnswer{}, Texts: []string{contentHTML},
		Headers: []Parameter{state, retry},
	}
}

// factsSchema has the keys of preview.Inputs. The types of their values aren't part of the API.
func factsSchema() *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties()}
	for _, key := range []struct{ name, description string }{
		{"Commit", "The commit of the config branch."},
		{"Asked", "What the configuration asks of GitHub."},
		{"Memory", "The memory that belongs to the snapshot."},
		{"Facts", "Everything that the generator has read."},
	} {
		s.Properties.Set(key.name, &jsonschema.Schema{Description: key.description})
		s.Required = append(s.Required, key.name)
	}
	return s
}

func anyList[T any](values []T) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}

// TagDescription describes a tag.
func TagDescription(name string) string {
	for _, t := range tags {
		if t.Name == name {
			return t.Description
		}
	}
	return ""
}
