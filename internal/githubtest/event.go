package githubtest

import (
	"strconv"
	"strings"
	"time"
)

// event is something that happened to a pull request: "labeled", "unlabeled", "closed" or "reopened".
type event struct {
	kind, label, actor string
	id                 int64
	at                 time.Time
}

// as makes somebody the one who does what follows, until the function that it returns is called.
func (s *Server) as(login string) func() {
	before := s.actor
	s.actor = orOctocat(login)
	return func() { s.actor = before }
}

func (s *Server) happened(p *pull, e event) {
	e.id, e.at, e.actor = s.newID(), s.now(), s.actor
	p.events = append(p.events, e)
}

// EditBy is Edit by somebody: the webhooks' sender and the issue events' actor.
func (r *Repo) EditBy(login string, number int, do func(*PullRequest)) {
	s := r.lock()
	defer s.mu.Unlock()
	defer s.as(login)()
	if p := r.repo.pulls[number]; p != nil {
		s.edit(r.repo, p, do)
	}
}

// LabelBy puts labels on a pull request in somebody's name.
func (r *Repo) LabelBy(login string, number int, labels ...string) {
	r.EditBy(login, number, func(p *PullRequest) { p.addLabels(labels) })
}

func (e event) json(r *repository) object {
	o := object{
		"id": e.id, "node_id": nodeID("E", strconv.FormatInt(e.id, 10)), "url": r.api() + "/issues/events/" + strconv.FormatInt(e.id, 10),
		"actor": userJSON(e.actor), "event": e.kind, "commit_id": nil, "commit_url": nil, "created_at": stamp(e.at), "performed_via_github_app": nil,
	}
	if e.label != "" {
		o["label"] = object{"name": e.label, "color": "ededed"}
	}
	return o
}

// listEvents is GET issues/N/events, the oldest first.
func listEvents(c *call, r *repository, p *pull) *answer {
	return listed(c, r, p.events, func(e event) any { return e.json(r) })
}

// CreateLabel tells of a new label of the repository; all labels that are put somewhere exist anyway.
func (r *Repo) CreateLabel(name string) {
	s := r.lock()
	defer s.mu.Unlock()
	s.touch(r.repo)
	s.emit(r.repo, "label", object{"action": "created", "label": labelJSON(r.repo, name)})
}

// RenameLabel renames a label wherever it is. GitHub tells of that by a label event alone.
func (r *Repo) RenameLabel(from, to string) {
	changes := object{"changes": object{"name": object{"from": from}}}
	r.changeLabel("edited", from, to, changes)
}

// DeleteLabel takes a label off everything. GitHub tells of that by a label event alone.
func (r *Repo) DeleteLabel(name string) { r.changeLabel("deleted", name, "", object{}) }

func (r *Repo) changeLabel(action, from, to string, payload object) {
	s := r.lock()
	defer s.mu.Unlock()
	s.touch(r.repo)
	for _, p := range r.repo.order {
		var labels []string
		for _, l := range p.Labels {
			switch {
			case !strings.EqualFold(l, from):
				labels = append(labels, l)
			case to != "":
				labels = append(labels, to)
			}
		}
		if p.hasLabel(from) {
			p.Labels = labels
			s.touchPull(r.repo, p)
		}
	}
	name := from
	if to != "" {
		name = to
	}
	payload["action"], payload["label"] = action, labelJSON(r.repo, name)
	s.emit(r.repo, "label", payload)
}
