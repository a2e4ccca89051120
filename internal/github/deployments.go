package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/previewset/previewset/internal/github/rest"
)

type deploymentJSON struct {
	ID int64 `json:"id"`
}

// Deploy returns the deployment of a commit to an environment of GitHub with the task. If there is none, it creates one
// without required checks and without a merge of the default branch. So a lost answer creates no second one.
func (c *Client) Deploy(ctx context.Context, repository, sha, environment, task string) (id int64, err error) {
	action := fmt.Sprintf("create deployment %s of %.7s in %s", task, sha, repository)
	query := url.Values{"sha": {sha}, "environment": {environment}, "task": {task}, "per_page": {"1"}}
	var found []deploymentJSON
	if _, err = c.rest.Get(ctx, "repos/"+repository+"/deployments?"+query.Encode(), "", &found); err != nil {
		return 0, explainWrite(err, action, "deployments")
	}
	if len(found) > 0 {
		return found[0].ID, nil
	}
	var created deploymentJSON
	err = c.write(ctx, http.MethodPost, repository, "/deployments", map[string]any{
		"ref": sha, "environment": environment, "task": task, "auto_merge": false, "required_contexts": []string{},
		"transient_environment": true, "production_environment": false, "description": "PreviewSet",
	}, &created)
	return created.ID, explainWrite(err, action, "deployments")
}

// SetDeploymentStatus adds a status to a deployment, and returns whether that exists. State is queued, in_progress,
// success, failure or inactive; environmentURL and logURL are URLs or empty. The description has at most 140 characters.
func (c *Client) SetDeploymentStatus(
	ctx context.Context, repository string, id int64, state, description, environmentURL, logURL string,
) (exists bool, err error) {
	status := map[string]any{"state": state, "description": description, "auto_inactive": false}
	if environmentURL != "" {
		status["environment_url"] = environmentURL
	}
	if logURL != "" {
		status["log_url"] = logURL
	}
	path := fmt.Sprintf("/deployments/%d", id)
	err = c.write(ctx, http.MethodPost, repository, path+"/statuses", status, nil)
	if rest.StatusOf(err) == http.StatusNotFound && !c.exists(ctx, repository, path) {
		return false, nil
	}
	return true, explainWrite(err, fmt.Sprintf("set status of deployment %d in %s", id, repository), "deployments")
}

// DeleteDeployment deletes an inactive deployment. A missing one is no error: a person may have deleted it. GitHub
// also answers 404 if the App lost its access; then its other writes fail, too, and say so.
func (c *Client) DeleteDeployment(ctx context.Context, repository string, id int64) error {
	err := c.write(ctx, http.MethodDelete, repository, fmt.Sprintf("/deployments/%d", id), nil, nil)
	if rest.StatusOf(err) == http.StatusNotFound {
		return nil
	}
	return explainWrite(err, fmt.Sprintf("delete deployment %d in %s", id, repository), "deployments")
}
