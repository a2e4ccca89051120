package openapi

import (
	"net/http"

	"github.com/invopop/jsonschema"

	"github.com/previewset/previewset/generator/api"
	"github.com/previewset/previewset/internal/preview"
)

// Operation is an endpoint with its types and texts.
type Operation struct {
	Method string
	// Path is the route as gin has it.
	Path string
	// Public operations are on the public listener, the others on the private one.
	Public bool
	// Fallback operations answer requests that no route matches.
	Fallback bool

	ID, Tag, Summary, Description string
	// Security names a security scheme; empty if the operation is open to everybody.
	Security        string
	Parameters      []Parameter
	Request         any // a value of the type of the body; nil for none
	RequestRequired bool
	Responses       []Response
	// Errors are the statuses with the shared error body.
	Errors []int
}

// Parameter is a parameter of a request, or a header of a response.
type Parameter struct {
	Name        string             `json:"name,omitempty"`
	In          string             `json:"in,omitempty"`
	Description string             `json:"description"`
	Required    bool               `json:"required,omitempty"`
	Schema      *jsonschema.Schema `json:"schema"`
}

// Response is a response with a body of its own.
type Response struct {
	Status      int
	Description string
	Body        any                // a value of the type of the JSON body
	Schema      *jsonschema.Schema // the schema of the JSON body, in place of Body
	// List is the field with the items if clients can choose their fields, Identity the fields that are always there.
	List     string
	Identity []string
	Texts    []string // media types of other bodies
	YAML     bool     // the body is a YAML object
	Headers  []Parameter
}

// The names of the security schemes, and of media types.
const (
	ArgoCDToken      = "argoCDToken"
	APIToken         = "apiToken"
	WebhookSignature = "webhookSignature"

	contentJSON = "application/json"
	contentText = "text/plain"
	contentHTML = "text/html"
	contentYAML = "application/yaml"

	contentEvents = "text/event-stream"
)

// Operations returns all endpoints of the generator, in the document's order.
func Operations() []Operation {
	var all []Operation
	for _, group := range [][]Operation{
		argoCDOperations(), environmentOperations(), requestOperations(), explanationOperations(), monitoringOperations(),
		publicOperations(),
	} {
		all = append(all, group...)
	}
	return all
}

func argoCDOperations() []Operation {
	return []Operation{{
		Method: http.MethodPost, Path: "/api/v1/getparams.execute", ID: "getParams", Tag: tagArgoCD, Security: ArgoCDToken,
		Summary: "Return the rows for an ApplicationSet",
		Description: "Argo CD's plugin generator calls this endpoint. The generator answers from memory, compressed with " +
			"gzip if the client accepts it.\n" +
			"A 200 answer always has all rows that the parameters select. In every other case the status is an error, and " +
			"Argo CD changes nothing.\n" +
			"A source, profile or repository that the configuration doesn't have is 400: a mistyped value would select no " +
			"rows, and Argo CD would delete all Applications of the ApplicationSet.\n" +
			"A filter that suddenly selects none of the environments that the ApplicationSet had is 409, until a person " +
			"confirms it.",
		Request: api.ParamsRequest{}, RequestRequired: true,
		Responses: []Response{{Status: http.StatusOK, Description: "All selected rows.", Body: api.ParamsAnswer{}}},
		Errors: []int{
			http.StatusBadRequest, http.StatusUnauthorized, http.StatusConflict, http.StatusServiceUnavailable,
		},
	}}
}

func environmentOperations() []Operation {
	return []Operation{
		{
			Method: http.MethodGet, Path: "/api/v1/environments", ID: "listEnvironments", Tag: tagEnvironments,
			Security: APIToken,
			Summary:  "List the live environments", Description: listText,
			Parameters: listParameters(),
			Responses: []Response{{
				Status: http.StatusOK, Description: "Live environments, sorted by name.",
				Body: api.EnvironmentList{}, List: "environments", Identity: []string{"name"}, Texts: []string{contentEvents},
			}},
			Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusServiceUnavailable},
		},
		{
			Method: http.MethodGet, Path: "/api/v1/environments/:name", ID: "getEnvironment", Tag: tagEnvironments,
			Security: APIToken,
			Summary:  "Show a live environment and its progress",
			Description: "With a cluster, the answer says whether Argo CD has deployed the environment: `ready`, `failing` " +
				"and `reason`.\n" +
				"The generator reads the cluster at most once a second for each environment.\n" +
				"`offers` are the requests that the caller may send now. Pages show them as buttons.",
			Parameters: []Parameter{{
				Name: "config_commit", In: "query", Schema: &jsonschema.Schema{Type: "string", Pattern: "^[0-9a-f]{7,40}$"},
				Description: "A commit of the config branch. The answer then has `config_read`: whether the generator has read " +
					"this commit.",
			}},
			Responses: []Response{{Status: http.StatusOK, Description: "The environment.", Body: api.ShownEnvironment{}}},
			Errors:    []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusServiceUnavailable},
		},
		{
			Method: http.MethodGet, Path: "/api/v1/environments/:name/application", ID: "getApplication", Tag: tagEnvironments,
			Security: APIToken, Summary: "Show the status of an environment's Application",
			Description: "The environment needn't be live: Argo CD takes time to delete an Application. 404 means that the " +
				"Application doesn't exist.",
			Responses: []Response{{
				Status: http.StatusOK, Description: "The Application's status.",
				Body: preview.ApplicationStatus{},
			}},
			Errors: []int{
				http.StatusUnauthorized, http.StatusNotFound, http.StatusNotImplemented, http.StatusServiceUnavailable,
			},
		},
	}
}

func requestOperations() []Operation {
	request := func(action, summary, description string) Operation {
		return Operation{
			Method: http.MethodPost, Path: "/api/v1/environments/:name/" + action, ID: action + "Environment", Tag: tagRequests,
			Security: APIToken, Summary: summary, Description: description, Request: api.EnvironmentRequest{},
			Responses: []Response{accepted("The generator has accepted the request. The next snapshot has the effect.")},
			Errors: []int{
				http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict,
				http.StatusServiceUnavailable,
			},
		}
	}
	return []Operation{
		request("wake", "Wake an environment",
			"With `for`, the environment stays awake for this time. If `limits.awake` is reached, it waits in the queue."),
		request("sleep", "Put an environment to sleep", "`for` isn't allowed: it sleeps until a visit, a push or a "+
			"request wakes it."),
		request("extend", "Move an environment's expiry, or bring an expired one back",
			"`for` counts from now; the default and the maximum is `lifetime.maxExtension`."),
		request("redeploy", "Start new Pods of all services of an environment", "The commits stay the same. Images with a "+
			"moving tag are pulled again. `for` isn't allowed. A sleeping environment, and a second request within a minute, "+
			"are refused."),
		{
			Method: http.MethodPost, Path: "/api/v1/confirm", ID: "confirm", Tag: tagRequests, Security: APIToken,
			Summary: "Confirm that environments may be removed",
			Description: "If one name can't be confirmed, the answer is 404 and nothing is confirmed. An ApplicationSet " +
				"gets its answer when Argo CD asks again, within 3 minutes.",
			Request: api.Confirmation{}, RequestRequired: true,
			Responses: []Response{accepted("Confirmed. The next snapshot removes the environments.")},
			Errors:    []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound},
		},
	}
}

func explanationOperations() []Operation {
	return []Operation{
		{
			Method: http.MethodGet, Path: "/api/v1/decisions", ID: "listDecisions", Tag: tagExplanations, Security: APIToken,
			Summary: "List the decisions about pull requests and environment files", Description: listText,
			Parameters: append([]Parameter{
				query("repository", "Only decisions about this repository (owner/name).", "string"),
				query("number", "Only decisions about the pull request with this number.", "integer"),
			}, listParameters()...),
			Responses: []Response{{
				Status: http.StatusOK, Description: "The decisions.", Body: api.DecisionList{}, List: "decisions",
				Identity: []string{"environment", "repository", "number", "rule"}, Texts: []string{contentEvents},
			}},
			Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusServiceUnavailable},
		},
		{
			Method: http.MethodGet, Path: "/api/v1/usage", ID: "getUsage", Tag: tagExplanations, Security: APIToken,
			Summary:     "Sum the resources that environments have used",
			Description: "The generator asks the Prometheus that `activity.prometheus` in previewset.yaml names.",
			Parameters: []Parameter{
				{
					Name: "by", In: "query", Description: "The property to group by.",
					Schema: &jsonschema.Schema{Type: "string", Enum: anyList(preview.UsageBy()), Default: "owner"},
				},
				{
					Name: "since", In: "query", Description: "How far to look back: a duration from 1h to 2160h.",
					Schema: &jsonschema.Schema{Type: "string", Default: "168h", Examples: []any{"24h"}},
				},
			},
			Responses: []Response{{Status: http.StatusOK, Description: "The sums.", Body: api.UsageAnswer{}}},
			Errors: []int{
				http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotImplemented, http.StatusBadGateway,
				http.StatusServiceUnavailable,
			},
		},
		{
			Method: http.MethodGet, Path: "/api/v1/facts", ID: "getFacts", Tag: tagExplanations, Security: APIToken,
			Summary: "Return the inputs of the current snapshot",
			Description: "`previewctl plan` computes with them what another configuration would do. The content belongs to " +
				"one version of PreviewSet and can change with the next.",
			Responses: []Response{{Status: http.StatusOK, Description: "The inputs.", Schema: factsSchema()}},
			Errors:    []int{http.StatusUnauthorized, http.StatusServiceUnavailable},
		},
	}
}

func monitoringOperations() []Operation {
	return []Operation{
		{
			Method: http.MethodGet, Path: "/api/v1/openapi.yaml", ID: "getDocument", Tag: tagMonitoring,
			Summary:   "Return this document",
			Responses: []Response{{Status: http.StatusOK, Description: "The OpenAPI document.", YAML: true}},
		},
		{
			Method: http.MethodGet, Path: "/livez", ID: "getLive", Tag: tagMonitoring, Summary: "Report that the process runs",
			Responses: []Response{{Status: http.StatusOK, Description: "The process runs.", Texts: []string{contentText}}},
		},
		{
			Method: http.MethodGet, Path: "/readyz", ID: "getReady", Tag: tagMonitoring,
			Summary: "Report whether there is a snapshot",
			Parameters: []Parameter{query("verbose", "Show the age and the errors of all sources. The value doesn't matter.",
				"string")},
			Responses: []Response{
				{Status: http.StatusOK, Description: "There is a snapshot.", Texts: []string{contentText}},
				{Status: http.StatusServiceUnavailable, Description: "There is no snapshot yet.", Texts: []string{contentText}},
			},
		},
		{
			Method: http.MethodGet, Path: "/metrics", ID: "getMetrics", Tag: tagMonitoring,
			Summary:     "Return metrics for Prometheus",
			Description: "The metrics are described in metrics.md.",
			Responses: []Response{{
				Status: http.StatusOK, Description: "Metrics in a text format of Prometheus.",
				Texts: []string{contentText},
			}},
		},
	}
}

func publicOperations() []Operation {
	return []Operation{
		{
			Method: http.MethodPost, Path: "/webhooks/github", Public: true, ID: "receiveWebhook", Tag: tagPublic,
			Security: WebhookSignature,
			Summary:  "Receive a webhook of GitHub",
			Description: "A webhook only makes the generator read a repository sooner. Its content is never a fact.\n" +
				"GitHub documents the body: https://docs.github.com/en/webhooks/webhook-events-and-payloads",
			Parameters: []Parameter{
				header("X-GitHub-Event", "The event. Events that change nothing here are accepted and ignored."),
				header("X-GitHub-Delivery", "The ID of the delivery. A repeated delivery is accepted and ignored."),
			},
			Request: WebhookEvent{}, RequestRequired: true,
			Responses: []Response{accepted("The webhook was accepted.")},
			Errors: []int{
				http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout,
				http.StatusRequestEntityTooLarge,
			},
		},
		{
			Method: http.MethodGet, Path: "/:path", Public: true, Fallback: true, ID: "visit", Tag: tagPublic,
			Summary: "Visit the host of an environment that Argo CD doesn't serve now",
			Description: "Every path and method on the host of an environment, while no route of the environment answers. " +
				"A browser gets a page, every other client gets JSON.\n" +
				"The visit of a person wakes a sleeping environment. The status is never 2xx, so that no client takes this " +
				"answer for the application's.",
			Parameters: []Parameter{header("Accept", "With text/html, the answer is a page.")},
			Responses: []Response{
				visitResponse(http.StatusServiceUnavailable, "The environment doesn't run now. The header Previewset-State "+
					"tells why."),
				visitResponse(http.StatusNotFound, "No environment has this host, or it was removed."),
			},
		},
	}
}
