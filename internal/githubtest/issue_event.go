package githubtest

import (
	"strconv"
	"time"
)

// issueEvent is an event of a pull request: "labeled", "unlabeled", "closed" or "reopened".
type issueEvent struct {
	kind, label, actor string
	id                 int64
	at                 time.Time
}

// addEvent records an event; the label is empty for events that aren't about a label.
func (c change) addEvent(p *pull, kind, label string) {
	p.events = append(p.events, issueEvent{kind: kind, label: label, actor: c.actor, id: c.newID(), at: c.now()})
}

func issueEventJSON(r *repository, e issueEvent) object {
	o := object{
		"id": e.id, "node_id": numericNodeID("E", e.id), "url": r.apiURL() + "/issues/events/" + strconv.FormatInt(e.id, 10),
		"actor": userJSON(e.actor), "event": e.kind, "commit_id": nil, "commit_url": nil, "created_at": stamp(e.at),
		"performed_via_github_app": nil,
	}
	if e.label != "" {
		o["label"] = object{"name": e.label, "color": "ededed"}
	}
	return o
}

// listIssueEvents answers GET issues/N/events, the oldest first.
func listIssueEvents(c *call, r *repository, p *pull) *answer {
	return listPage(c, r, p.events, func(e issueEvent) any { return issueEventJSON(r, e) })
}
