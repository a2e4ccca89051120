package report

import (
	"maps"
	"time"
)

// Record is what GitHub has of one kind of report for one pull request.
type Record struct {
	// Text identifies the content.
	Text string `json:"text,omitempty"`
	// ID is GitHub's ID of the check run, the deployment or the comment.
	ID int64 `json:"id,omitempty"`
	// Commit is that of the check run or the deployment. Task is that of the deployment.
	Commit string `json:"commit,omitempty"`
	Task   string `json:"task,omitempty"`
	// Earlier are the deployments of earlier commits, and their check runs without a result, the oldest first.
	Earlier []Earlier `json:"earlier,omitempty"`
	// Edits are the times in the last hour at which the content of the comment or the check run was changed.
	Edits []time.Time `json:"edits,omitempty"`
}

// Earlier is a deployment or check run of an earlier commit.
type Earlier struct {
	ID       int64 `json:"id"`
	Inactive bool  `json:"inactive,omitempty"` // GitHub shows it as inactive
}

func (r Record) isEmpty() bool { return r.Text == "" && r.ID == 0 && len(r.Earlier) == 0 }

// Saved are the check runs, deployments and comments that GitHub has, by kind and pull request. A restart creates
// nothing twice.
type Saved map[Kind]map[string]Record

// savedKinds are the kinds in Saved.
var savedKinds = []Kind{Check, Deployment, Comment}

// Saved returns the check runs, deployments and comments to save.
func (r *Reports) Saved() Saved {
	s := Saved{}
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

// Restore takes over saved commit statuses, check runs, deployments and comments.
func (r *Reports) Restore(statuses map[string]string, s Saved) {
	records := make(map[string]Record, len(statuses))
	for key, text := range statuses {
		records[key] = Record{Text: text}
	}
	r.lists = map[Kind]list{Status: {records: records}}
	for _, kind := range savedKinds {
		r.lists[kind] = list{records: s[kind]}
	}
}
