package githubtest

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

func (c change) openPull(r *repository, p PullRequest) *pull {
	n := &pull{PullRequest: c.withDefaults(r, p), id: c.newID()}
	r.nextNumber++
	r.pulls[n.Number] = n
	r.pullsInOrder = append(r.pullsInOrder, n)
	r.addLabels(n.Labels...)
	c.recordPullActivity(r, n)
	c = c.by(n.Author)
	c.commits.addNew(n.HeadSHA, Commit{Author: n.Author, Committer: n.Author, Parent: n.BaseSHA})
	for _, l := range n.Labels {
		c.addEvent(n, "labeled", l)
	}
	c.sendPull(r, n, "opened", nil)
	return n
}

// withDefaults sets the number and the state, replaces empty fields, and creates the head branch if necessary.
func (c change) withDefaults(r *repository, p PullRequest) PullRequest {
	p.Number = r.nextNumber
	p.Title = cmp.Or(p.Title, fmt.Sprintf("Change %d", p.Number))
	p.Author = cmp.Or(p.Author, octocat)
	p.HeadRepository = cmp.Or(p.HeadRepository, r.id)
	p.HeadRef = cmp.Or(p.HeadRef, fmt.Sprintf("change-%d", p.Number))
	p.BaseRef = cmp.Or(p.BaseRef, r.defaultBranch)
	p.BaseSHA = cmp.Or(p.BaseSHA, r.refs["heads/"+p.BaseRef])
	p.State, p.Merged = "open", false
	if p.Created.IsZero() {
		p.Created = c.now()
	}
	p.Updated = p.Created
	if head := c.repos[p.HeadRepository]; head != nil {
		p.HeadSHA = cmp.Or(p.HeadSHA, head.refs["heads/"+p.HeadRef], SHA(fmt.Sprintf("%d %d head", r.id, p.Number)))
		head.refs["heads/"+p.HeadRef] = p.HeadSHA
	}
	p.Labels = slices.Clone(p.Labels)
	return p
}

// editPull calls do to change a pull request, and sends the webhooks for the differences.
func (c change) editPull(r *repository, p *pull, do func(*PullRequest)) {
	before := p.PullRequest
	before.Labels = slices.Clone(before.Labels)
	do(&p.PullRequest)
	r.addLabels(p.Labels...)
	if p.State != before.State {
		p.Closed = time.Time{}
		if p.State == "closed" {
			p.Closed = c.now()
		}
	}
	if head := c.repos[p.HeadRepository]; head != nil && p.HeadSHA != before.HeadSHA {
		head.refs["heads/"+p.HeadRef] = p.HeadSHA
	}
	c.recordPullActivity(r, p)
	c.sendDifferences(r, p, before)
}

// sendDifferences sends one webhook for each difference from the former pull request, and records issue events.
func (c change) sendDifferences(r *repository, p *pull, before PullRequest) {
	if p.HeadSHA != before.HeadSHA {
		c.sendPull(r, p, "synchronize", object{"before": before.HeadSHA, "after": p.HeadSHA})
	}
	for _, l := range without(p.Labels, before.Labels) {
		c.addEvent(p, "labeled", l)
		c.sendPull(r, p, "labeled", object{"label": labelJSON(r, l)})
	}
	for _, l := range without(before.Labels, p.Labels) {
		c.addEvent(p, "unlabeled", l)
		c.sendPull(r, p, "unlabeled", object{"label": labelJSON(r, l)})
	}
	if p.Draft != before.Draft {
		c.sendPull(r, p, map[bool]string{true: "converted_to_draft", false: "ready_for_review"}[p.Draft], nil)
	}
	if changes := textChanges(p.PullRequest, before); len(changes) > 0 {
		c.sendPull(r, p, "edited", object{"changes": changes})
	}
	if p.State != before.State {
		action := map[bool]string{true: "closed", false: "reopened"}[p.State == "closed"]
		c.addEvent(p, action, "")
		c.sendPull(r, p, action, nil)
	}
}

func textChanges(p, before PullRequest) object {
	changes := object{}
	if p.Title != before.Title {
		changes["title"] = object{"from": before.Title}
	}
	if p.Body != before.Body {
		changes["body"] = object{"from": before.Body}
	}
	if p.BaseRef != before.BaseRef {
		changes["base"] = object{"ref": object{"from": before.BaseRef}, "sha": object{"from": before.BaseSHA}}
	}
	return changes
}

func without(all, removed []string) []string {
	var out []string
	for _, l := range all {
		if !slices.Contains(removed, l) {
			out = append(out, l)
		}
	}
	return out
}

// mergeSHA returns the merge commit of a pull request.
func mergeSHA(r *repository, p *pull) string { return SHA(fmt.Sprintf("%d %d merge", r.id, p.Number)) }

func (c change) merge(r *repository, p *pull) {
	c.editPull(r, p, func(p *PullRequest) { p.State, p.Merged = "closed", true })
	c.setRef(r, "heads/"+p.BaseRef, mergeSHA(r, p))
}

// push adds a commit to a pull request's branch and returns its SHA.
func (c change) push(r *repository, p *pull) string {
	sha := SHA(fmt.Sprintf("%s %d", p.HeadSHA, c.version))
	c.commits.addNew(sha, Commit{Author: p.Author, Committer: p.Author, Parent: p.HeadSHA})
	head := c.repos[p.HeadRepository]
	if head == nil {
		c.editPull(r, p, func(p *PullRequest) { p.HeadSHA = sha })
		return sha
	}
	c.setRef(head, "heads/"+p.HeadRef, sha)
	return sha
}
