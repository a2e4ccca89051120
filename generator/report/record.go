package report

import (
	"maps"
	"time"
)

// Record is what GitHub has of one kind of report for one pull request.
type Record struct {
	// Text identifies the content at GitHub. It is the commit, state, target and description of a commit status; the
	// result of a check run with a digest of its content; the newest status of a deployment; a digest of a comment.
	Text string `json:"text,omitempty"`
	// ID is GitHub's ID of the check run, the deployment or the comment.
	ID int64 `json:"id,omitempty"`
	// Commit is the head commit that the check run or the deployment is about.
	Commit string `json:"commit,omitempty"`
	// Address is where Jira's link leads; empty if the issue doesn't exist.
	Address string `json:"address,omitempty"`
	// Task is the task of the deployment.
	Task string `json:"task,omitempty"`
	// Earlier are the deployments of earlier commits, or the check runs of earlier commits without a result. The oldest
	// comes first.
	Earlier []Earlier `json:"earlier,omitempty"`
	// Replaces is the ID of the check run that another one must replace, after a click on "Re-run".
	Replaces int64 `json:"replaces,omitempty"`
	// Edits are the times in the last hour at which the content of the comment or the check run was changed.
	Edits []time.Time `json:"edits,omitempty"`
}

// Earlier is a deployment or check run of an earlier commit.
type Earlier struct {
	ID       int64 `json:"id"`
	Inactive bool  `json:"inactive,omitempty"` // GitHub shows it as inactive
}

func (r Record) isEmpty() bool { return r.Text == "" && r.ID == 0 && len(r.Earlier) == 0 }

// SavedRecords are the records of check runs, deployments and comments by pull request, and of links by issue. They are saved, so
// that a restarted service creates nothing twice.
type SavedRecords map[Kind]map[string]Record

// savedKinds are the kinds in SavedRecords.
var savedKinds = []Kind{Check, Deployment, Comment, RemoteLink}

// Saved returns the check runs, deployments, comments and links to save.
func (r *Reports) Saved() SavedRecords {
	s := SavedRecords{}
	for _, kind := range savedKinds {
		if records := r.lists[kind].records; len(records) > 0 {
			s[kind] = maps.Clone(records)
		}
	}
	return s
}

// Statuses returns the texts of the commit statuses that GitHub has, by pull request, to save.
func (r *Reports) Statuses() map[string]string {
	texts := map[string]string{}
	for key, record := range r.lists[Status].records {
		texts[key] = record.Text
	}
	return texts
}

// Restore takes over saved commit statuses, check runs, deployments, comments and links.
func (r *Reports) Restore(statuses map[string]string, s SavedRecords) {
	records := make(map[string]Record, len(statuses))
	for key, text := range statuses {
		records[key] = Record{Text: text}
	}
	r.lists = map[Kind]list{Status: {records: records}}
	for _, kind := range savedKinds {
		r.lists[kind] = list{records: s[kind]}
	}
}
