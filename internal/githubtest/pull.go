package githubtest

import (
	"slices"
	"strings"
	"time"
)

// PullRequest is a pull request as tests describe it. Open replaces empty fields by defaults.
type PullRequest struct {
	Number int
	Title  string
	Body   string
	Author string // login; the default is "octocat"
	Draft  bool
	Labels []string

	AuthorDeleted bool // the author's account doesn't exist any more: user is null

	HeadRef, HeadSHA string
	HeadRepository   int64 // ID; the default is the repository itself
	HeadDeleted      bool  // the head repository shows as null, as if it were deleted
	BaseRef, BaseSHA string

	State  string // "open" or "closed"
	Merged bool

	Created, Updated, Closed time.Time

	// Files are the files that it changes.
	Files []File
	// Raw replaces top-level keys of its JSON; a nil value becomes null.
	Raw map[string]any
}

// File is a file of a pull request. Status is "added", "modified", "removed" or "renamed"; the default is "modified".
type File struct{ Name, Status, Previous string }

// pull is a pull request in the state.
type pull struct {
	PullRequest
	id       int64
	version  int64 // state.version at its last change
	reviews  []reviewEntry
	events   []issueEvent
	comments []*commentEntry
}

// IssueComment is a comment of a pull request.
type IssueComment struct {
	ID           int64
	Author, Body string
	App          int64 // the GitHub App that wrote it; 0 without one
	Edits        int
}

type commentEntry struct {
	IssueComment
	at time.Time
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
