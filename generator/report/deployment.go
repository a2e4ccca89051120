package report

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// maxEarlier bounds the deployments of earlier commits that a pull request keeps at GitHub.
const maxEarlier = 5

// The states of deployments that statuses don't have.
const (
	queued     = "queued"
	inProgress = "in_progress"
	inactive   = "inactive"
)

// deploymentStates are the states of deployments by phase. A preview that sleeps before it was ever ready, or that was
// removed, is inactive.
var deploymentStates = map[preview.Phase]string{
	preview.PhaseQueued: queued, preview.PhaseChecks: queued,
	preview.PhaseDeploying: inProgress, preview.PhaseWaking: inProgress,
	preview.PhaseReady: success, preview.PhaseFailed: failure, preview.PhaseDegraded: failure,
	preview.PhaseAsleep: inactive, preview.PhaseRemoved: inactive,
}

// deploymentPlanner finds the deployments of pull requests.
type deploymentPlanner struct{ environment string }

// plan keeps the deployments of earlier commits while the environment is live, if the head may not be deployed.
func (p deploymentPlanner) plan(v *view) (entries []entry, kept []string) {
	ended, unclear := v.ended()
	kept = slices.Concat(unclear, v.unclear)
	for _, r := range v.asking {
		switch {
		case r.decision.AllowsDeployment(r.row):
			entries = append(entries, p.deployment(r))
		case r.row != nil:
			kept = append(kept, r.key)
		default: // such as a fork without its approval
			ended = append(ended, r.key)
		}
	}
	for _, key := range ended {
		entries = append(entries, endedDeployment(key))
	}
	return entries, kept
}

// deployment is the wanted deployment of a pull request's head.
type deployment struct {
	pr, repository, sha     string
	environment, task       string
	state, description, url string
	logURL                  string // the preview's page
	endsEarlier             bool   // no earlier commit runs, so the deployments of earlier ones become inactive
}

func (p deploymentPlanner) deployment(r asking) deployment {
	d := r.decision
	w := deployment{
		pr: r.key, repository: d.Repository, sha: d.HeadSHA, environment: p.environment, task: d.Environment,
		state: stateOf(r.progress, deploymentStates),
	}
	w.url, w.logURL = r.address(), r.page
	w.endsEarlier = r.row == nil || d.IsDeployed(r.row)
	wasReady := r.last.Commit == w.sha && strings.HasPrefix(r.last.Text, success+" ")
	if r.staysGreen(wasReady) {
		w.state = success
	}
	w.description = describe(d, r.progress, w.state)
	return w
}

func (w deployment) key() string { return w.pr }

// status identifies the wanted status of the deployment.
func (w deployment) status() string {
	return strings.Join([]string{w.state, w.url, w.description}, " ")
}

func (w deployment) text() string { return w.sha + " " + w.status() }

// next writes the deployment of the new commit first, then the end of the earlier ones.
func (w deployment) next(r Record, _ time.Time) write {
	if r.ID != 0 && (r.Commit != w.sha || r.Task != w.task) {
		r = r.replaced()
	}
	switch {
	case r.ID == 0:
		return func(ctx context.Context, g GitHub) (_ Record, err error) {
			r.Commit, r.Task, r.Text = w.sha, w.task, ""
			r.ID, err = g.Deploy(ctx, w.repository, w.sha, w.environment, w.task)
			return r, err
		}
	case r.Text != w.status():
		return func(ctx context.Context, g GitHub) (Record, error) {
			exists, err := g.SetDeploymentStatus(ctx, w.repository, r.ID, w.state, w.description, w.url, w.logURL)
			r.Text = w.status()
			if !exists { // the next write creates another one
				r.ID, r.Text = 0, ""
			}
			return r, err
		}
	case w.endsEarlier && r.firstActive() >= 0:
		return deactivate(w.repository, r, r.firstActive())
	case len(r.Earlier) > maxEarlier && r.Earlier[0].Inactive:
		return deleteOldest(w.repository, r)
	}
	return nil
}

// replaced returns the record with its deployment among the earlier ones.
func (r Record) replaced() Record {
	isInactive := strings.HasPrefix(r.Text, inactive+" ")
	r.Earlier = append(slices.Clone(r.Earlier), Earlier{ID: r.ID, Inactive: isInactive})
	r.ID, r.Commit, r.Task, r.Text = 0, "", "", ""
	return r
}

// firstActive returns the index of the first earlier deployment that isn't inactive; -1 if there is none.
func (r Record) firstActive() int {
	return slices.IndexFunc(r.Earlier, func(e Earlier) bool { return !e.Inactive })
}

// endedDeployment is the key of a pull request that has no preview any more, or whose head may not be deployed. Its
// deployments become inactive, and then they are deleted, because GitHub would list all of them.
type endedDeployment string

func (w endedDeployment) key() string { return string(w) }

func (w endedDeployment) text() string { return "" }

func (w endedDeployment) next(r Record, _ time.Time) write {
	if r.ID != 0 {
		r = r.replaced()
	}
	repository, _ := split(string(w))
	switch active := r.firstActive(); {
	case active >= 0:
		return deactivate(repository, r, active)
	case len(r.Earlier) > 0:
		return deleteOldest(repository, r)
	}
	return nil
}

// deactivate makes an earlier deployment inactive.
func deactivate(repository string, r Record, i int) write {
	return func(ctx context.Context, g GitHub) (Record, error) {
		r.Earlier = slices.Clone(r.Earlier)
		r.Earlier[i].Inactive = true
		_, err := g.SetDeploymentStatus(ctx, repository, r.Earlier[i].ID, inactive, "it was replaced or removed", "", "")
		return r, err
	}
}

// deleteOldest deletes the oldest deployment.
func deleteOldest(repository string, r Record) write {
	return func(ctx context.Context, g GitHub) (Record, error) {
		err := g.DeleteDeployment(ctx, repository, r.Earlier[0].ID)
		r.Earlier = r.Earlier[1:]
		return r, err
	}
}
