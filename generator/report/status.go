package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// maxDescription is GitHub's limit for a description, in characters.
const maxDescription = 140

// commitStatus is the status of one pull request.
type commitStatus struct {
	pr                 string // owner/name#number
	repository, sha    string
	state, description string
	target             string
}

// text identifies a status; two with the same text needn't be set twice.
func (c commitStatus) text() string {
	return strings.Join([]string{c.sha, c.state, c.target, c.description}, " ")
}

// progressOf returns the progress of an environment; nil if it isn't known yet.
type progressOf func(environment string) *preview.Progress

// commitStatuses returns the statuses of all pull requests that ask for a preview. Those with an unknown progress keep
// the status that they have.
func (s *Statuses) commitStatuses(
	snapshot *preview.Snapshot, progress progressOf, repositories map[string]bool,
) (due []commitStatus, unknown []string) {
	rows := make(map[string]*preview.Row, len(snapshot.Rows))
	for i := range snapshot.Rows {
		rows[snapshot.Rows[i].Name] = &snapshot.Rows[i]
	}
	for i := range snapshot.Decisions {
		d := &snapshot.Decisions[i]
		if !isRequested(d) || !repositories[strings.ToLower(d.Repository)] {
			continue
		}
		row, p := rows[d.Environment], progress(d.Environment)
		if d.Outcome != preview.Held && row != nil && p == nil {
			unknown = append(unknown, nameOf(d))
			continue
		}
		due = append(due, newCommitStatus(d, row, preview.HeadProgress(d, row, p), s.reported[nameOf(d)]))
	}
	return due, unknown
}

// isRequested says whether a pull request asks for a preview and has a commit that can carry a status.
func isRequested(d *preview.Decision) bool {
	return d.Number > 0 && d.HeadSHA != "" && d.Outcome != preview.Gone && d.Rule != preview.RuleUnlabelled
}

func nameOf(d *preview.Decision) string { return d.Repository + "#" + strconv.Itoa(d.Number) }

// states are the states of commit statuses by phase. A removed preview doesn't come back by itself.
var states = map[preview.Phase]string{
	preview.PhaseQueued: pending, preview.PhaseChecks: pending, preview.PhaseDeploying: pending,
	preview.PhaseReady: success, preview.PhaseFailed: failure, preview.PhaseDegraded: failure,
	preview.PhaseAsleep: failure, preview.PhaseWaking: pending, preview.PhaseRemoved: failure,
}

// The states of commit statuses that are used.
const (
	pending = "pending"
	success = "success"
	failure = "failure"
)

// newCommitStatus returns the status of a decision. Last is the text of the status that GitHub has. A commit that was
// ready stays green while its environment sleeps or wakes, or is synced again.
func newCommitStatus(d *preview.Decision, row *preview.Row, p preview.Progress, last string) commitStatus {
	c := commitStatus{pr: nameOf(d), repository: d.Repository, sha: d.HeadSHA, state: states[p.Phase]}
	if d.Outcome != preview.Held && row != nil {
		c.target = row.URL
	}
	isSettled := p.Phase == preview.PhaseReady || p.Phase == preview.PhaseFailed || p.Phase == preview.PhaseDegraded
	if c.target != "" && !isSettled && strings.HasPrefix(last, c.sha+" "+success+" ") {
		c.state = success
	}
	c.description = describe(d, p, c.state)
	return c
}

// describe fits a progress into GitHub's limit. It names only the pull request's own environment, because another name
// may be confidential. It leaves out GitHub's error messages, because they differ each time.
func describe(d *preview.Decision, p preview.Progress, state string) string {
	why := "; previewctl why " + nameOf(d)
	var text string
	switch {
	case state == success:
		text = "the preview " + d.Environment + " is live"
		if d.LostSlot != "" {
			text += "; its owner has the slot no more" + why
		}
	case p.Phase == preview.PhaseDeploying && p.Remedy == "":
		text = "the preview " + d.Environment + " is being deployed"
	case p.Phase == preview.PhaseAsleep || p.Phase == preview.PhaseWaking:
		text = fmt.Sprintf("the preview %s is %s, and wasn't ready before; previewctl wake %s", d.Environment, p.Phase, d.Environment)
	case d.Rule == preview.RuleUnread:
		text = "a source of this preview can't be read yet" + why
	case d.Rule == preview.RuleTaken:
		text = "its name or host is taken" + why
	case p.Remedy != "":
		text = p.Reason + "; " + p.Remedy
	default:
		text = p.Reason
	}
	return truncate(replaceLongRunes(text), maxDescription)
}

// replaceLongRunes replaces characters of four bytes, which GitHub refuses.
func replaceLongRunes(text string) string {
	return strings.Map(func(r rune) rune {
		if r > '\uffff' {
			return '\ufffd'
		}
		return r
	}, text)
}

// truncate cuts a text to a number of characters.
func truncate(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
