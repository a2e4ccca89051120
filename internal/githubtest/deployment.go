package githubtest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Deployment is a deployment of a commit, with its statuses, the newest last.
type Deployment struct {
	ID                              int64
	SHA, Environment, Task, Creator string
	Transient                       bool
	Statuses                        []DeploymentStatus
}

// State is the state of the newest status; pending without one.
func (d Deployment) State() string {
	if len(d.Statuses) == 0 {
		return "pending"
	}
	return d.Statuses[len(d.Statuses)-1].State
}

// DeploymentStatus is a status of a deployment. State is queued, in_progress, pending, success, failure, error or
// inactive.
type DeploymentStatus struct{ State, Description, EnvironmentURL, LogURL string }

type deploymentEntry struct {
	Deployment
	at time.Time
}

// Deployments returns the deployments, the oldest first.
func (r repoChecks) Deployments() []Deployment {
	_, unlock := r.begin()
	defer unlock()
	var all []Deployment
	for _, d := range r.repo.deployments {
		d.Statuses = slices.Clone(d.Statuses)
		all = append(all, d.Deployment)
	}
	return all
}

func deploymentJSON(r *repository, d *deploymentEntry) object {
	url := r.apiURL() + "/deployments/" + strconv.FormatInt(d.ID, 10)
	return object{
		"id": d.ID, "node_id": numericNodeID("DE", d.ID), "url": url, "sha": d.SHA, "ref": d.SHA, "task": d.Task,
		"payload": object{}, "original_environment": d.Environment, "environment": d.Environment, "description": "",
		"creator": userJSON(d.Creator), "created_at": stamp(d.at), "updated_at": stamp(d.at),
		"statuses_url": url + "/statuses", "repository_url": r.apiURL(), "transient_environment": d.Transient,
		"production_environment": false,
	}
}

// listDeployments answers GET deployments, the newest first.
func listDeployments(c *call, r *repository) *answer {
	var found []*deploymentEntry
	for _, d := range slices.Backward(r.deployments) {
		isWanted := true
		for name, value := range map[string]string{"sha": d.SHA, "task": d.Task, "environment": d.Environment} {
			isWanted = isWanted && c.query(name, value) == value
		}
		if isWanted {
			found = append(found, d)
		}
	}
	return listPage(c, r, found, func(d *deploymentEntry) any { return deploymentJSON(r, d) })
}

// createDeployment answers POST deployments. Without an empty list of required contexts, all commit statuses must be
// successful; that isn't simulated.
func createDeployment(c *call, r *repository) *answer {
	in := struct {
		Ref, Task, Environment string
		AutoMerge              bool      `json:"auto_merge"`
		RequiredContexts       *[]string `json:"required_contexts"`
		Transient              bool      `json:"transient_environment"`
	}{AutoMerge: true}
	if a := c.decode(&in); a != nil {
		return a
	}
	sha := r.resolveCommit(in.Ref)
	switch {
	case in.Ref == "" || len(sha) != 40:
		return unprocessable("No ref found for: " + in.Ref)
	case in.AutoMerge || in.RequiredContexts == nil || len(*in.RequiredContexts) > 0:
		return problem(http.StatusConflict, "Conflict: merges and required contexts aren't simulated")
	}
	d := &deploymentEntry{at: c.change.now(), Deployment: Deployment{
		ID: c.change.newID(), SHA: sha, Environment: cmp.Or(in.Environment, "production"), Task: cmp.Or(in.Task, "deploy"),
		Creator: c.change.actor, Transient: in.Transient,
	}}
	r.deployments = append(r.deployments, d)
	c.change.send(r, "deployment", object{"action": "created", "deployment": deploymentJSON(r, d)})
	return reply(http.StatusCreated, deploymentJSON(r, d))
}

// withDeployment looks up the deployment in the path.
func withDeployment(h func(*call, *repository, *deploymentEntry) *answer) func(*call, *repository) *answer {
	return func(c *call, r *repository) *answer {
		i := slices.IndexFunc(r.deployments, func(d *deploymentEntry) bool { return d.ID == int64(c.number("deployment")) })
		if i < 0 {
			return notFound()
		}
		return h(c, r, r.deployments[i])
	}
}

func getDeployment(_ *call, r *repository, d *deploymentEntry) *answer {
	return ok(deploymentJSON(r, d))
}

// createDeploymentStatus answers POST deployments/ID/statuses.
func createDeploymentStatus(c *call, r *repository, d *deploymentEntry) *answer {
	var in struct {
		State, Description string
		EnvironmentURL     string `json:"environment_url"`
		LogURL             string `json:"log_url"`
	}
	if a := c.decode(&in); a != nil {
		return a
	}
	states := []string{"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}
	if !slices.Contains(states, in.State) || len([]rune(in.Description)) > 140 {
		return unprocessable("Validation Failed")
	}
	status := DeploymentStatus{
		State: in.State, Description: in.Description, EnvironmentURL: in.EnvironmentURL, LogURL: in.LogURL,
	}
	d.Statuses = append(d.Statuses, status)
	o := deploymentStatusJSON(d, status)
	c.change.send(r, "deployment_status", object{
		"action": "created", "deployment_status": o, "deployment": deploymentJSON(r, d),
	})
	return reply(http.StatusCreated, o)
}

func deploymentStatusJSON(d *deploymentEntry, s DeploymentStatus) object {
	return object{
		"state": s.State, "description": s.Description, "environment": d.Environment, "environment_url": s.EnvironmentURL,
		"log_url": s.LogURL, "target_url": s.LogURL, "creator": userJSON(d.Creator),
	}
}

// deleteDeployment answers DELETE deployments/ID. As on GitHub, an active deployment can be deleted only if it is the
// repository's only one.
func deleteDeployment(_ *call, r *repository, d *deploymentEntry) *answer {
	if d.State() != "inactive" && len(r.deployments) > 1 {
		return unprocessable("We cannot delete an active deployment unless it is the only deployment in a given environment.")
	}
	r.deployments = slices.DeleteFunc(r.deployments, func(e *deploymentEntry) bool { return e == d })
	return reply(http.StatusNoContent, nil)
}
