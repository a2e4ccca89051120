package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/previewset/previewset/internal/github/rest"
	"github.com/previewset/previewset/internal/preview"
)

// CheckRunName is the name of the check runs that CreateCheckRun creates.
const CheckRunName = "previewset"

type ownCheckRunsJSON struct {
	Runs []struct {
		ID         int64  `json:"id"`
		ExternalID string `json:"external_id"`
		Status     string `json:"status"`
	} `json:"check_runs"`
}

// CreateCheckRun returns the check run of a commit with the external ID and writes its content. It creates a missing
// one. So a lost answer creates no second one. Only a GitHub App may write check runs.
func (c *Client) CreateCheckRun(ctx context.Context, repository string, run preview.CheckRun) (id int64, err error) {
	action := fmt.Sprintf("create check run on %.7s of %s", run.SHA, repository)
	if id, err = c.findCheckRun(ctx, repository, run); err != nil {
		return 0, explainWrite(err, action, "checks")
	}
	if id != 0 {
		_, err = c.UpdateCheckRun(ctx, repository, id, run)
		return id, err
	}
	content := checkRunContent(run)
	content["head_sha"], content["external_id"] = run.SHA, run.ExternalID
	var created struct {
		ID int64 `json:"id"`
	}
	err = c.write(ctx, http.MethodPost, repository, "/check-runs", content, &created)
	return created.ID, explainWrite(err, action, "checks")
}

// UpdateCheckRun writes the content of a check run, and returns whether that exists. A completed one stays completed.
func (c *Client) UpdateCheckRun(
	ctx context.Context, repository string, id int64, run preview.CheckRun,
) (exists bool, err error) {
	path := fmt.Sprintf("/check-runs/%d", id)
	err = c.write(ctx, http.MethodPatch, repository, path, checkRunContent(run), nil)
	if rest.StatusOf(err) == http.StatusNotFound && !c.exists(ctx, repository, path) {
		return false, nil
	}
	return true, explainWrite(err, fmt.Sprintf("update check run %d in %s", id, repository), "checks")
}

// findCheckRun returns the newest check run of a commit from our App and with the external ID, or 0. A completed one
// counts only if the wanted one is completed too.
func (c *Client) findCheckRun(ctx context.Context, repository string, run preview.CheckRun) (id int64, err error) {
	query := url.Values{
		"check_name": {CheckRunName}, "app_id": {strconv.FormatInt(c.rest.App(), 10)}, "filter": {"all"}, "per_page": {"100"},
	}
	var found ownCheckRunsJSON
	path := "repos/" + repository + "/commits/" + url.PathEscape(run.SHA) + "/check-runs?" + query.Encode()
	if _, err := c.rest.Get(ctx, path, "", &found); err != nil {
		return 0, err
	}
	isCompleted := false
	for _, r := range found.Runs {
		if r.ExternalID == run.ExternalID && r.ID > max(id, run.Replaces) {
			id, isCompleted = r.ID, r.Status == "completed"
		}
	}
	if isCompleted && !run.IsCompleted() {
		return 0, nil
	}
	return id, nil
}

func checkRunContent(run preview.CheckRun) map[string]any {
	actions := run.Actions
	if actions == nil {
		actions = []preview.CheckRunAction{} // removes the buttons
	}
	content := map[string]any{
		"name": CheckRunName, "status": run.Status, "actions": actions,
		"output": map[string]string{"title": run.Title, "summary": run.Summary},
	}
	if run.Conclusion != "" {
		content["conclusion"] = run.Conclusion
	}
	if run.DetailsURL != "" {
		content["details_url"] = run.DetailsURL
	}
	return content
}
