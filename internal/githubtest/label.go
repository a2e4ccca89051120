package githubtest

import (
	"cmp"
	"net/http"
	"strings"
)

// CreateLabel sends the webhook for a new label of the repository. Any label can be added without creating it.
func (r repoLabels) CreateLabel(name string) {
	c, unlock := r.begin()
	defer unlock()
	c.recordActivity(r.repo)
	c.send(r.repo, "label", object{"action": "created", "label": labelJSON(r.repo, name)})
}

// RenameLabel renames a label on all pull requests. As on GitHub, a label event is the only webhook.
func (r repoLabels) RenameLabel(from, to string) {
	c, unlock := r.begin()
	defer unlock()
	c.replaceLabel(r.repo, from, to)
	changes := object{"name": object{"from": from}}
	c.send(r.repo, "label", object{"action": "edited", "label": labelJSON(r.repo, cmp.Or(to, from)), "changes": changes})
}

// DeleteLabel removes a label from all pull requests. As on GitHub, a label event is the only webhook.
func (r repoLabels) DeleteLabel(name string) {
	c, unlock := r.begin()
	defer unlock()
	c.replaceLabel(r.repo, name, "")
	c.send(r.repo, "label", object{"action": "deleted", "label": labelJSON(r.repo, name)})
}

// replaceLabel replaces a label on all pull requests by another one, or removes it if the other one is empty.
func (c change) replaceLabel(r *repository, from, to string) {
	c.recordActivity(r)
	for _, p := range r.pullsInOrder {
		if !p.hasLabel(from) {
			continue
		}
		var labels []string
		for _, l := range p.Labels {
			switch {
			case !strings.EqualFold(l, from):
				labels = append(labels, l)
			case to != "":
				labels = append(labels, to)
			}
		}
		p.Labels = labels
		c.recordPullActivity(r, p)
	}
}

func listLabels(c *call, r *repository, p *pull) *answer {
	return listPage(c, r, p.Labels, func(l string) any { return labelJSON(r, l) })
}

// postLabels answers POST issues/N/labels.
func postLabels(c *call, r *repository, p *pull) *answer {
	return changeLabels(c, r, p, func(p *PullRequest, names []string) { p.addLabels(names) })
}

// putLabels answers PUT issues/N/labels. An empty list removes all labels.
func putLabels(c *call, r *repository, p *pull) *answer {
	return changeLabels(c, r, p, func(p *PullRequest, names []string) {
		p.Labels = nil
		p.addLabels(names)
	})
}

// changeLabels reads {"labels": […]} or a bare list, of names or of objects with names.
func changeLabels(c *call, r *repository, p *pull, do func(p *PullRequest, names []string)) *answer {
	var in any
	if a := c.decode(&in); a != nil {
		return a
	}
	if o, isObject := in.(map[string]any); isObject {
		in = o["labels"]
	}
	names, good := labelNames(in)
	if !good || (len(names) == 0 && c.request.Method == http.MethodPost) {
		return unprocessable("Invalid request. No subschema in \"anyOf\" matched.")
	}
	c.change.editPull(r, p, func(p *PullRequest) { do(p, names) })
	return listLabels(c, r, p)
}

func labelNames(in any) ([]string, bool) {
	items, isList := in.([]any)
	var names []string
	for _, item := range items {
		if o, isObject := item.(map[string]any); isObject {
			item = o["name"]
		}
		name, isText := item.(string)
		if !isText || name == "" {
			return nil, false
		}
		names = append(names, name)
	}
	return names, isList
}

func deleteLabel(c *call, r *repository, p *pull) *answer {
	label := c.value("name")
	if !p.hasLabel(label) {
		return problem(http.StatusNotFound, "Label does not exist")
	}
	c.change.editPull(r, p, func(p *PullRequest) { p.removeLabel(label) })
	return listLabels(c, r, p)
}

func deleteLabels(c *call, r *repository, p *pull) *answer {
	c.change.editPull(r, p, func(p *PullRequest) { p.Labels = nil })
	return reply(http.StatusNoContent, nil)
}
