package githubtest

import (
	"cmp"
	"net/http"
	"strings"
)

// HasLabel reports whether the repository has a label.
func (r repoLabels) HasLabel(name string) bool {
	_, unlock := r.begin()
	defer unlock()
	return r.repo.labels[strings.ToLower(name)] != ""
}

// CreateLabel adds a label to the repository. As on GitHub, a label that is added to a pull request is created too.
func (r repoLabels) CreateLabel(name string) {
	c, unlock := r.begin()
	defer unlock()
	r.repo.addLabels(name)
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

// DeleteLabel removes a label from the repository and from all pull requests. As on GitHub, the webhooks are a label event
// and, for each pull request that had the label, "unlabeled" without the key label
// (https://github.com/octokit/webhooks/issues/639).
func (r repoLabels) DeleteLabel(name string) {
	c, unlock := r.begin()
	defer unlock()
	c.deleteLabel(r.repo, name)
}

func (c change) deleteLabel(r *repository, name string) {
	had := c.replaceLabel(r, name, "")
	c.send(r, "label", object{"action": "deleted", "label": labelJSON(r, name)})
	for _, p := range had {
		c.sendPull(r, p, "unlabeled", nil)
	}
}

// addLabels adds the labels that the repository lacks. Names are compared without regard to case.
func (r *repository) addLabels(names ...string) {
	for _, name := range names {
		if key := strings.ToLower(name); r.labels[key] == "" {
			r.labels[key] = name
		}
	}
}

// replaceLabel replaces a label on all pull requests by another one, or removes it if the other one is empty. It returns
// the pull requests that had the label.
func (c change) replaceLabel(r *repository, from, to string) (had []*pull) {
	c.recordActivity(r)
	delete(r.labels, strings.ToLower(from))
	if to != "" {
		r.addLabels(to)
	}
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
		had = append(had, p)
	}
	return had
}

// getRepositoryLabel answers GET labels/NAME.
func getRepositoryLabel(_ *call, r *repository, name string) *answer {
	found := r.labels[strings.ToLower(name)]
	if found == "" {
		return notFound()
	}
	return ok(labelJSON(r, found))
}

// deleteRepositoryLabel answers DELETE labels/NAME.
func deleteRepositoryLabel(c *call, r *repository, name string) *answer {
	found := r.labels[strings.ToLower(name)]
	if found == "" {
		return notFound()
	}
	c.change.deleteLabel(r, found)
	return reply(http.StatusNoContent, nil)
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
