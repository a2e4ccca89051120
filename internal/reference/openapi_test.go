package reference_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"github.com/previewset/previewset"
	"github.com/previewset/previewset/internal/reference"
	"github.com/previewset/previewset/internal/reference/openapi"
)

// comments are the folders with the types of requests and answers.
var comments = openapi.Comments{
	Package: "github.com/previewset/previewset/internal/reference",
	Folders: []string{
		"../preview", "../../generator/api", "../../generator/answer", "../../generator/actions", "openapi",
	},
}

func TestOpenAPIDocumentIsUpToDate(t *testing.T) {
	t.Parallel()
	text, err := openapi.Document(comments, false)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, reference.Page{Path: "http-api.yaml", Text: text})
	compare(t, reference.EndpointsPage(openapi.Operations()))
	load(t, text)
}

func TestEveryFieldOfTheAPIHasADescription(t *testing.T) {
	t.Parallel()
	text, err := openapi.Document(comments, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, schema := range load(t, text).Components.Schemas {
		for field, p := range schema.Value.Properties {
			if p.Value.Description == "" {
				t.Errorf("%s.%s has no description; write a comment in Go", name, field)
			}
		}
	}
}

// load parses and validates a document.
func load(t *testing.T, text []byte) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestOpenAPIDocumentHasAllRoutes(t *testing.T) {
	t.Parallel()
	g, _ := newService(t)
	for _, listener := range []struct {
		handler http.Handler
		public  bool
	}{{g.Handler(), false}, {g.PublicHandler(), true}} {
		engine, ok := listener.handler.(*gin.Engine)
		if !ok {
			t.Fatalf("the handler is a %T", listener.handler)
		}
		var registered, documented []string
		for _, r := range engine.Routes() {
			registered = append(registered, r.Method+" "+r.Path)
		}
		for _, o := range openapi.Operations() {
			if o.Public == listener.public && !o.Fallback {
				documented = append(documented, o.Method+" "+o.Path)
			}
		}
		slices.Sort(registered)
		slices.Sort(documented)
		if diff := cmp.Diff(registered, documented); diff != "" {
			t.Errorf("routes (-registered +documented):\n%s", diff)
		}
	}
}

// exchange is a request with the status that it must get.
type exchange struct {
	method, route, path, body string
	header                    map[string]string
	status                    int
}

func TestAnswersFitTheOpenAPIDocument(t *testing.T) {
	t.Parallel()
	text, err := openapi.Document(comments, true)
	if err != nil {
		t.Fatal(err)
	}
	doc := load(t, text)
	g, _ := newService(t)
	covered := map[string]bool{}
	for _, e := range exchanges() {
		t.Run(fmt.Sprintf("%s %s %d", e.method, e.path, e.status), func(t *testing.T) {
			route := routeOf(t, doc, e.method, e.route)
			h := g.Handler()
			if route.PathItem.Servers != nil {
				h = g.PublicHandler()
			}
			w := call(t, h, e.method, e.path, e.body, e.header)
			if w.Code != e.status {
				t.Fatalf("status is %d, want %d: %s", w.Code, e.status, w.Body)
			}
			fits(t, route, e, w)
		})
		covered[e.method+" "+e.route] = true
	}
	for _, o := range openapi.Operations() {
		if name := o.Method + " " + openapi.PathTemplate(o.Path); !covered[name] {
			t.Errorf("no exchange tests %s", name)
		}
	}
}

func routeOf(t *testing.T, doc *openapi3.T, method, path string) *routers.Route {
	t.Helper()
	item := doc.Paths.Find(path)
	if item == nil || item.GetOperation(method) == nil {
		t.Fatalf("the document has no %s %s", method, path)
	}
	return &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: item.GetOperation(method)}
}

// fits fails if the request of a successful exchange, or its response, doesn't fit the document.
func fits(t *testing.T, route *routers.Route, e exchange, w *httptest.ResponseRecorder) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), e.method, e.path, strings.NewReader(e.body))
	for k, v := range e.header {
		r.Header.Set(k, v)
	}
	if e.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	request := &openapi3filter.RequestValidationInput{
		Request: r, Route: route, PathParams: map[string]string{"name": "gateway-pr-1", "path": "cart"},
		Options: &openapi3filter.Options{
			AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
			IncludeResponseStatus: true,
		},
	}
	if e.status < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(t.Context(), request); err != nil {
			t.Errorf("the request: %v", err)
		}
	}
	if schema := route.Spec.Components.Schemas[wholeLists[e.route]]; schema != nil && e.status == http.StatusOK &&
		!strings.Contains(e.path, "fields=") {
		var body any
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if err := schema.Value.VisitJSON(body); err != nil {
			t.Errorf("a list with all fields: %v", err)
		}
	}
	request.Options.ExcludeResponseBody = strings.HasPrefix(w.Header().Get("Content-Type"), "text/html")
	response := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: w.Code, Header: w.Header(), Options: request.Options,
	}
	if err := openapi3filter.ValidateResponse(context.Background(), response.SetBodyBytes(w.Body.Bytes())); err != nil {
		t.Errorf("the response: %v\n%s", err, w.Body)
	}
}

// wholeLists has the schemas of lists. The document allows items with fewer fields too, but only if fields asks for them.
var wholeLists = map[string]string{
	"/api/v1/environments": "EnvironmentList", "/api/v1/decisions": "DecisionList",
}

// The generator serves the document that is in the repository.
func TestServedDocument(t *testing.T) {
	t.Parallel()
	g, _ := newService(t)
	served := call(t, g.Handler(), http.MethodGet, "/api/v1/openapi.yaml", "", nil).Body.Bytes()
	if !bytes.Equal(served, previewset.HTTPAPI) {
		t.Errorf("another document is served:\n%s", served)
	}
	load(t, served)
}

func exchanges() []exchange {
	api, argo := bearer(apiToken), bearer(argoToken)
	const environment = "/api/v1/environments/gateway-pr-1"
	const template = "/api/v1/environments/{name}"
	return []exchange{
		{"POST", "/api/v1/getparams.execute", "/api/v1/getparams.execute", `{"applicationSetName": "previews"}`, argo, 200},
		{
			"POST", "/api/v1/getparams.execute", "/api/v1/getparams.execute",
			`{"applicationSetName": "previews", "input": {"parameters": {"source": ["pull-request", "slot"]}}}`, argo, 200,
		},
		{"POST", "/api/v1/getparams.execute", "/api/v1/getparams.execute", `{}`, nil, 401},
		{"POST", "/api/v1/getparams.execute", "/api/v1/getparams.execute", `[]`, argo, 400},
		{"GET", "/api/v1/environments", "/api/v1/environments", "", api, 200},
		{"GET", "/api/v1/environments", "/api/v1/environments?limit=1", "", api, 200},
		{"GET", "/api/v1/environments", "/api/v1/environments?limit=1&continue=Z2F0ZXdheS1wci0x", "", api, 200},
		{"GET", "/api/v1/environments", "/api/v1/environments?fields=url,progress.phase", "", api, 200},
		{"GET", "/api/v1/environments", "/api/v1/environments?fields=colour", "", api, 400},
		{"GET", "/api/v1/environments", "/api/v1/environments?watch=true&limit=1", "", api, 400},
		{"GET", "/api/v1/environments", "/api/v1/environments", "", nil, 401},
		{"GET", template, environment + "?config_commit=0123456", "", api, 200},
		{"GET", template, environment + "?config_commit=main", "", api, 400},
		{"GET", template, "/api/v1/environments/nothing", "", api, 404},
		{"GET", template + "/application", environment + "/application", "", api, 200},
		{"GET", template + "/application", "/api/v1/environments/a-missing/application", "", api, 404},
		{"GET", "/api/v1/decisions", "/api/v1/decisions", "", api, 200},
		{"GET", "/api/v1/decisions", "/api/v1/decisions?repository=acme/shop&number=1", "", api, 200},
		{"GET", "/api/v1/decisions", "/api/v1/decisions?limit=2&fields=outcome,reason", "", api, 200},
		{"GET", "/api/v1/decisions", "/api/v1/decisions?limit=0", "", api, 400},
		{"GET", "/api/v1/openapi.yaml", "/api/v1/openapi.yaml", "", nil, 200},
		{"GET", "/api/v1/facts", "/api/v1/facts", "", api, 200},
		{"GET", "/api/v1/usage", "/api/v1/usage?by=repository&since=24h", "", api, 200},
		{"GET", "/api/v1/usage", "/api/v1/usage?by=colour", "", api, 400},
		{"POST", template + "/wake", environment + "/wake", `{"for": "2h", "caller": "alice"}`, api, 202},
		{"POST", template + "/extend", environment + "/extend", "", api, 202},
		{"POST", template + "/redeploy", environment + "/redeploy", "", api, 202},
		{"POST", template + "/sleep", environment + "/sleep", "", api, 202},
		{"POST", template + "/sleep", environment + "/sleep", `{"for": "2h"}`, api, 400},
		{"POST", template + "/wake", "/api/v1/environments/shop-pr-2/wake", "", api, 409},
		{"POST", "/api/v1/confirm", "/api/v1/confirm", `{"environments": ["gateway-pr-1"]}`, api, 404},
		{"GET", "/livez", "/livez", "", nil, 200},
		{"GET", "/readyz", "/readyz?verbose", "", nil, 200},
		{"GET", "/metrics", "/metrics", "", nil, 200},
		signedWebhook(`{"repository": {"full_name": "acme/shop", "id": 1}, "pull_request": {"number": 1}}`),
		{"POST", "/webhooks/github", "/webhooks/github", `{}`, nil, 401},
		{"GET", "/{path}", "http://gateway-pr-1.preview.example.dev/cart", "", nil, 503},
		{"GET", "/{path}", "http://unknown.preview.example.dev/cart", "", map[string]string{"Accept": "text/html"}, 404},
		{"GET", "/{path}", "http://elsewhere.example.org/cart", "", nil, 404},
	}
}

func bearer(token string) map[string]string {
	return map[string]string{"Authorization": "Bearer " + token}
}

func signedWebhook(body string) exchange {
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	mac.Write([]byte(body))
	return exchange{"POST", "/webhooks/github", "/webhooks/github", body, map[string]string{
		"X-GitHub-Event": "pull_request", "X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	}, 202}
}
