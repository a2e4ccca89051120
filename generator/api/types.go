package api

import (
	"encoding/json"
	"time"

	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/internal/preview"
)

// Message is the body of an error, of an accepted request and of an accepted webhook.
type Message struct {
	// Message is a sentence for people. Don't compare it; use the status code.
	Message string `json:"message"`
	// Until is the time until which an accepted request keeps the environment or holds it awake. It is absent in all other
	// answers.
	Until *time.Time `json:"until,omitempty"`
	// Note says what the user should know about an accepted request. It is absent in all other answers.
	Note string `json:"note,omitempty"`
}

// ParamsRequest is the request of Argo CD's plugin generator.
type ParamsRequest struct {
	// ApplicationSetName is the ApplicationSet that asks. The generator refreshes it when the answer changes.
	ApplicationSetName string `json:"applicationSetName,omitempty"`
	// Input has the parameters of the ApplicationSet's generator.
	Input ParamsInput `json:"input,omitzero"`
}

// ParamsInput is a field of ParamsRequest.
type ParamsInput struct {
	// Parameters choose rows by source, repository, owner or profile. A value is a string or a list of strings.
	Parameters map[string]json.RawMessage `json:"parameters,omitempty"`
}

// ParamsAnswer is the answer to Argo CD's plugin generator. Package answer writes it, compressed.
type ParamsAnswer struct {
	// Output has the parameters.
	Output ParamsOutput `json:"output"`
}

// ParamsOutput is a field of ParamsAnswer.
type ParamsOutput struct {
	// Parameters are the rows: one for each live environment that the input selects.
	Parameters []preview.Row `json:"parameters"`
}

// EnvironmentList has live environments.
type EnvironmentList struct {
	// Environments are sorted by name.
	Environments []ListedEnvironment `json:"environments"`
	// Continue is the parameter continue for the next page; missing if there is none.
	Continue string `json:"continue,omitempty"`
}

// ListedEnvironment is a live environment with its progress and the decision that keeps it live.
type ListedEnvironment struct {
	*preview.Row
	// Progress is how far it was at the last read of its Application, at most half a minute ago; missing until then.
	Progress *preview.Progress `json:"progress,omitempty"`
	// Decision is the decision that keeps the environment live.
	Decision *preview.Decision `json:"decision,omitempty"`
}

// ShownEnvironment is a live environment with the status of its Application, and what the caller may ask.
type ShownEnvironment struct {
	preview.Status
	// PullRequests are the pull requests that run in it.
	PullRequests []answer.PullRequest `json:"pull_requests"`
	// CommitURLs are the web addresses of the services' commits, by service, as far as they are known.
	CommitURLs map[string]string `json:"commit_urls,omitempty"`
	// Offers are the requests that make sense now and that the caller may send.
	Offers []actions.Offer `json:"offers,omitempty"`
}

// DecisionList has the decisions about pull requests and environment files.
type DecisionList struct {
	// Decisions are sorted by repository and number, then by name.
	Decisions []preview.Decision `json:"decisions"`
	// Problems are mistakes in the configuration in force, and sources that can't be read.
	Problems []string `json:"problems"`
	// Continue is the parameter continue for the next page; missing if there is none.
	Continue string `json:"continue,omitempty"`
}

// EnvironmentRequest is the optional body of a request to wake, sleep, extend or redeploy.
type EnvironmentRequest struct {
	// For is a duration, such as 48h: how long a woken environment stays awake, or how far from now an expiry moves.
	For string `json:"for,omitempty"`
	// Caller names the user in messages and the log. The generator doesn't verify it.
	Caller string `json:"caller,omitempty"`
}

// Confirmation names everything that a user confirms, 1 to 1,000 names in total.
type Confirmation struct {
	// Environments wait for confirmation and may be removed.
	Environments []string `json:"environments,omitempty"`
	// Repositories were never read, or their names belong to other repositories now. A repository that was never read
	// counts as empty until it can be read: the generator answers without it, and keeps only its known environments. For
	// another repository with the name, the generator reads that one from now on.
	Repositories []string `json:"repositories,omitempty"`
	// ApplicationSets got the status 409, because their filters don't select the environments that they had. They get an
	// answer without these environments from now on.
	ApplicationSets []string `json:"applicationSets,omitempty"`
	// Caller names the user in the log. The generator doesn't verify it.
	Caller string `json:"caller,omitempty"`
}

// UsageAnswer is the use of resources since a time.
type UsageAnswer struct {
	// By says which property the rows are grouped by.
	By string `json:"by"`
	// Since is the beginning of the time that is summed.
	Since time.Time `json:"since"`
	preview.Usage
}
