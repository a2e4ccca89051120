package api

import (
	"encoding/json"
	"time"

	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/internal/preview"
)

// event is the part of a webhook's body that the generator uses. Its long strings are cut.
type event struct {
	Repository struct {
		ID       int64  `json:"id"`
		FullName string `json:"full_name"`
	} `json:"repository"`
	PullRequest json.RawMessage `json:"pull_request"`
	Context     string          `json:"context"` // of a commit status
	Action      string          `json:"action"`

	CheckRun struct {
		ID         int64    `json:"id"`
		Name       string   `json:"name"`
		ExternalID string   `json:"external_id"`
		App        eventApp `json:"app"`
	} `json:"check_run"`
	CheckSuite struct {
		App     eventApp `json:"app"`
		HeadSHA string   `json:"head_sha"`
	} `json:"check_suite"`
	RequestedAction struct {
		Identifier string `json:"identifier"`
	} `json:"requested_action"`
	Sender struct {
		ID    int64  `json:"id"`
		Login string `json:"login"`
	} `json:"sender"`
}

// eventApp is the GitHub App of a check.
type eventApp struct {
	ID int64 `json:"id"`
}

// isClick reports whether an event about one of our checks is a click on a button, or on GitHub's own "Re-run" or
// "Re-run all checks".
func (e event) isClick(kind string) bool {
	return kind == "check_run" && e.Action == "requested_action" || kind != "status" && e.Action == "rerequested"
}

// click returns the click on a button of one of our check runs. It is no fact: the check run and the user are looked up.
func (e event) click() pending.Click {
	click := pending.Click{
		Repository: e.Repository.FullName, CheckRun: e.CheckRun.ID, ExternalID: e.CheckRun.ExternalID,
		Commit: e.CheckSuite.HeadSHA, Button: e.RequestedAction.Identifier, Login: e.Sender.Login, UserID: e.Sender.ID,
	}
	if e.Action == "rerequested" {
		click.Button = pending.ButtonRerun
	}
	return click
}

// eventPullRequest are the fields that tell what the next read will need, and how the pull request leaves its
// environment.
type eventPullRequest struct {
	Number  int       `json:"number"`
	State   string    `json:"state"`
	Updated time.Time `json:"updated_at"`
	Draft   bool      `json:"draft"`
	Labels  []struct {
		Name string `json:"name"`
	} `json:"labels"`
	Head, Base struct {
		SHA  string `json:"sha"`
		Repo struct {
			ID int64 `json:"id"`
		} `json:"repo"`
	}
}

// expectedPullRequests returns the event's pull request; nil if there is none that can be parsed. It is no fact: it
// helps the prefetch, it confirms a direct read that shows the same, and it tells that an older answer is stale.
func (e event) expectedPullRequests() []preview.PullRequest {
	var p eventPullRequest
	if json.Unmarshal(e.PullRequest, &p) != nil {
		return nil
	}
	pr := preview.PullRequest{
		Number: p.Number, Draft: p.Draft, HeadSHA: p.Head.SHA, BaseSHA: p.Base.SHA,
		HeadRepositoryID: p.Head.Repo.ID, BaseRepositoryID: p.Base.Repo.ID, Updated: p.Updated, Closed: p.State == "closed",
	}
	for _, l := range p.Labels {
		pr.Labels = append(pr.Labels, l.Name)
	}
	return []preview.PullRequest{pr}
}
