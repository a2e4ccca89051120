package githubtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// PullRequest is what tests say of one. Open fills what is empty.
type PullRequest struct {
	Number int
	Title  string
	Body   string
	Author string // login; "octocat" if empty
	Ghost  bool   // the author's account is gone: user is null
	Draft  bool
	Labels []string

	HeadRef, HeadSHA string
	HeadRepository   int64 // ID; the repository itself if 0. It shows as null after that one was deleted, or with HeadGone
	HeadGone         bool
	BaseRef, BaseSHA string

	State  string // "open" or "closed"
	Merged bool

	Created, Updated, Closed time.Time

	// Files are what it changes.
	Files []File
	// Raw replaces top-level keys of its JSON; a nil value is null.
	Raw map[string]any
}

// File is a file of a pull request. Status is "added", "modified", "removed" or "renamed"; "modified" if empty.
type File struct{ Name, Status, Previous string }

type pull struct {
	PullRequest
	id      int64
	version int64
	reviews []reviewEntry
	events  []event
}

// Open opens a pull request and returns its number.
func (r *Repo) Open(p PullRequest) int {
	s := r.lock()
	defer s.mu.Unlock()
	return s.open(r.repo, p).Number
}

func (s *Server) open(r *repository, p PullRequest) *pull {
	p.Number = r.next
	r.next++
	p.Title = cmp.Or(p.Title, fmt.Sprintf("Change %d", p.Number))
	p.Author = cmp.Or(p.Author, "octocat")
	p.HeadRepository = cmp.Or(p.HeadRepository, r.id)
	p.HeadRef = cmp.Or(p.HeadRef, fmt.Sprintf("change-%d", p.Number))
	p.BaseRef = cmp.Or(p.BaseRef, r.defaultBranch)
	p.BaseSHA = cmp.Or(p.BaseSHA, r.refs["heads/"+p.BaseRef])
	p.State, p.Merged = "open", false
	if p.Created.IsZero() {
		p.Created = s.now()
	}
	p.Updated = p.Created
	if head := s.repos[p.HeadRepository]; head != nil {
		p.HeadSHA = cmp.Or(p.HeadSHA, head.refs["heads/"+p.HeadRef], SHA(fmt.Sprintf("%d %d head", r.id, p.Number)))
		head.refs["heads/"+p.HeadRef] = p.HeadSHA
	}
	p.Labels = slices.Clone(p.Labels)
	n := &pull{PullRequest: p, id: s.newID()}
	r.pulls[p.Number] = n
	r.order = append(r.order, n)
	s.touchPull(r, n)
	defer s.as(p.Author)()
	s.know(p.HeadSHA, Commit{Author: p.Author, Committer: p.Author, Parent: p.BaseSHA})
	for _, l := range p.Labels {
		s.happened(n, event{kind: "labeled", label: l})
	}
	s.emitPull(r, n, "opened", nil)
	return n
}

func (s *Server) touchPull(r *repository, p *pull) {
	s.touch(r)
	p.version, p.Updated = s.tick, s.now()
}

// PullRequest returns a copy of one.
func (r *Repo) PullRequest(number int) (PullRequest, bool) {
	s := r.lock()
	defer s.mu.Unlock()
	p := r.repo.pulls[number]
	if p == nil {
		return PullRequest{}, false
	}
	return p.PullRequest, true
}

// Edit changes a pull request as do says and sends the webhooks that belong to what is different afterwards.
func (r *Repo) Edit(number int, do func(*PullRequest)) {
	s := r.lock()
	defer s.mu.Unlock()
	if p := r.repo.pulls[number]; p != nil {
		s.edit(r.repo, p, do)
	}
}

func (s *Server) edit(r *repository, p *pull, do func(*PullRequest)) {
	before := p.PullRequest
	before.Labels = slices.Clone(before.Labels)
	do(&p.PullRequest)
	if p.State != before.State {
		p.Closed = time.Time{}
		if p.State == "closed" {
			p.Closed = s.now()
		}
	}
	if head := s.repos[p.HeadRepository]; head != nil && p.HeadSHA != before.HeadSHA {
		head.refs["heads/"+p.HeadRef] = p.HeadSHA
	}
	s.touchPull(r, p)
	s.emitDifferences(r, p, before)
}

func (s *Server) emitDifferences(r *repository, p *pull, before PullRequest) {
	if p.HeadSHA != before.HeadSHA {
		s.emitPull(r, p, "synchronize", object{"before": before.HeadSHA, "after": p.HeadSHA})
	}
	for _, l := range without(p.Labels, before.Labels) {
		s.happened(p, event{kind: "labeled", label: l})
		s.emitPull(r, p, "labeled", object{"label": labelJSON(r, l)})
	}
	for _, l := range without(before.Labels, p.Labels) {
		s.happened(p, event{kind: "unlabeled", label: l})
		s.emitPull(r, p, "unlabeled", object{"label": labelJSON(r, l)})
	}
	if p.Draft != before.Draft {
		s.emitPull(r, p, map[bool]string{true: "converted_to_draft", false: "ready_for_review"}[p.Draft], nil)
	}
	if changes := textChanges(p.PullRequest, before); len(changes) > 0 {
		s.emitPull(r, p, "edited", object{"changes": changes})
	}
	if p.State != before.State {
		action := map[bool]string{true: "closed", false: "reopened"}[p.State == "closed"]
		s.happened(p, event{kind: action})
		s.emitPull(r, p, action, nil)
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

func without(all, those []string) []string {
	var out []string
	for _, l := range all {
		if !slices.Contains(those, l) {
			out = append(out, l)
		}
	}
	return out
}

// Label puts labels on a pull request.
func (r *Repo) Label(number int, labels ...string) {
	r.Edit(number, func(p *PullRequest) { p.addLabels(labels) })
}

func (p *PullRequest) addLabels(labels []string) {
	for _, l := range labels {
		if !p.hasLabel(l) {
			p.Labels = append(p.Labels, l)
		}
	}
}

func (p *PullRequest) hasLabel(label string) bool {
	return slices.ContainsFunc(p.Labels, func(l string) bool { return strings.EqualFold(l, label) })
}

func (p *PullRequest) removeLabel(label string) {
	p.Labels = slices.DeleteFunc(p.Labels, func(l string) bool { return strings.EqualFold(l, label) })
}

// Unlabel takes a label off.
func (r *Repo) Unlabel(number int, label string) {
	r.Edit(number, func(p *PullRequest) { p.removeLabel(label) })
}

// Close closes a pull request without merging it.
func (r *Repo) Close(number int) {
	r.Edit(number, func(p *PullRequest) { p.State = "closed" })
}

// Reopen opens a closed one again.
func (r *Repo) Reopen(number int) {
	r.Edit(number, func(p *PullRequest) { p.State, p.Merged = "open", false })
}

// Merge merges a pull request: it is closed and its base branch moves.
func (r *Repo) Merge(number int) {
	s := r.lock()
	defer s.mu.Unlock()
	if p := r.repo.pulls[number]; p != nil {
		s.merge(r.repo, p)
	}
}

func (s *Server) merge(r *repository, p *pull) string {
	sha := SHA(fmt.Sprintf("%d %d merge", r.id, p.Number))
	s.edit(r, p, func(p *PullRequest) { p.State, p.Merged = "closed", true })
	s.setRef(r, "heads/"+p.BaseRef, sha)
	return sha
}

// Push moves the branch of a pull request to a new commit and returns that; files, if given, are what it changes then.
func (r *Repo) Push(number int, files ...File) string {
	s := r.lock()
	defer s.mu.Unlock()
	p := r.repo.pulls[number]
	if p == nil {
		return ""
	}
	if files != nil {
		p.Files = files
	}
	sha := SHA(fmt.Sprintf("%s %d", p.HeadSHA, s.tick))
	s.know(sha, Commit{Author: p.Author, Committer: p.Author, Parent: p.HeadSHA})
	head := s.repos[p.HeadRepository]
	if head == nil {
		s.edit(r.repo, p, func(p *PullRequest) { p.HeadSHA = sha })
		return sha
	}
	s.setRef(head, "heads/"+p.HeadRef, sha)
	return sha
}
