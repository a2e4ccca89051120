package mcpserver

import (
	"encoding/json"

	"github.com/previewset/previewset/internal/preview"
)

// maxListed is how many environments and decisions a list has, so that it fits an agent's context.
const maxListed = 100

// shortRow is an environment without its manifests.
type shortRow struct {
	Name       string            `json:"name"`
	State      preview.State     `json:"state"`
	URL        string            `json:"url"`
	Repository string            `json:"repository,omitempty"`
	Number     string            `json:"number,omitempty"`
	Title      string            `json:"title,omitempty"`
	Owner      string            `json:"owner,omitempty"`
	Profile    string            `json:"profile,omitempty"`
	Purpose    string            `json:"purpose,omitempty"`
	Progress   *preview.Progress `json:"progress,omitempty"`
}

// shortDecision is a decision about a pull request or an environment that isn't live.
type shortDecision struct {
	Outcome     preview.Outcome `json:"outcome"`
	Environment string          `json:"environment,omitempty"`
	Repository  string          `json:"repository,omitempty"`
	Number      int             `json:"number,omitempty"`
	Title       string          `json:"title,omitempty"`
	Owner       string          `json:"owner,omitempty"`
	Rule        preview.Rule    `json:"rule"`
	Reason      string          `json:"reason"`
	Remedy      string          `json:"remedy,omitempty"`
}

// shortList keeps existing environments, and the decisions about all else.
func shortList(answer []byte) (any, error) {
	var all struct {
		Environments []shortRow      `json:"environments"`
		Decisions    []shortDecision `json:"decisions"`
	}
	if err := json.Unmarshal(answer, &all); err != nil {
		return nil, err
	}
	others := []shortDecision{}
	for _, d := range all.Decisions {
		if d.Outcome == preview.Held || d.Outcome == preview.Gone {
			others = append(others, d)
		}
	}
	omitted := max(0, len(all.Environments)-maxListed) + max(0, len(others)-maxListed)
	return map[string]any{
		"environments": all.Environments[:min(len(all.Environments), maxListed)],
		"not_live":     others[:min(len(others), maxListed)],
		"omitted":      omitted,
	}, nil
}

// shortPlan omits the rows of changed environments.
func shortPlan(answer []byte) (any, error) {
	var plan struct {
		Changes []struct {
			Environment string `json:"environment"`
			Change      string `json:"change"`
			Reason      string `json:"reason"`
			Patch       string `json:"patch,omitempty"`
		} `json:"changes"`
		Held     []shortDecision `json:"held"`
		Problems []string        `json:"problems"`
	}
	err := json.Unmarshal(answer, &plan)
	return plan, err
}
