package report

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

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

// text identifies the content: a status with the same text isn't set again.
func (c commitStatus) text() string {
	return strings.Join([]string{c.sha, c.state, c.target, c.description}, " ")
}

func (c commitStatus) key() string { return c.pr }

func (c commitStatus) next(r Record, _ time.Time) write {
	if r.Text == c.text() {
		return nil
	}
	return func(ctx context.Context, g GitHub) (Record, error) {
		err := g.Report(ctx, c.repository, c.sha, c.state, c.description, c.target)
		return Record{Text: c.text()}, err
	}
}

// planStatuses returns the statuses of all pull requests that ask for a preview.
func planStatuses(v *view) (entries []entry, kept []string) {
	for _, r := range v.asking {
		entries = append(entries, newCommitStatus(r))
	}
	return entries, v.unclear
}

// statusStates are the states of commit statuses by phase. A removed preview fails. A preview that fell asleep before this commit was
// ready fails too: it doesn't become ready by itself, and a required check must not wait forever.
var statusStates = map[preview.Phase]string{
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

// notStarted ends the description of a preview that has been asleep since its creation. No commit ran in it, so the
// description doesn't say that it is live.
const notStarted = " is asleep: it wakes on the first visit"

// newCommitStatus returns the status of a pull request. A commit that was ready stays green while its environment
// sleeps or wakes, or is synced again.
func newCommitStatus(r asking) commitStatus {
	d := r.decision
	c := commitStatus{pr: r.key, repository: d.Repository, sha: d.HeadSHA, state: stateOf(r.progress, statusStates)}
	c.target = cmp.Or(r.address(), r.page)
	wasReady := strings.HasPrefix(r.last.Text, c.sha+" "+success+" ") && !strings.HasSuffix(r.last.Text, notStarted)
	if r.staysGreen(wasReady) || d.NotStarted { // a status has no neutral state
		c.state = success
	}
	c.description = describe(d, r.progress, c.state)
	return c
}

// stateOf returns the state of a progress. A deployment that doesn't go on without a person failed: a required check
// must not wait forever.
func stateOf(p preview.Progress, states map[preview.Phase]string) string {
	if p.Phase == preview.PhaseDeploying && p.Remedy != "" {
		return failure
	}
	return states[p.Phase]
}

// describe fits a progress into GitHub's limit. It doesn't name the owner of a taken name or host, because that may be
// confidential. It leaves out GitHub's error messages, because they differ each time. The text about a commit that was
// ready also fits a preview that sleeps, wakes or is synced again: otherwise each of these would cost a write.
func describe(d *preview.Decision, p preview.Progress, state string) string {
	why := "; previewctl why " + nameOf(d)
	var text string
	switch {
	case d.NotStarted:
		text = "the preview " + d.Environment + notStarted
	case state == success:
		text = "the preview " + d.Environment + " is live"
		if d.LostSlot != "" {
			text += "; its owner no longer holds the slot" + why
		}
	case p.Phase == preview.PhaseDeploying && p.Remedy == "":
		text = "the preview " + d.Environment + " is being deployed"
	case p.Phase == preview.PhaseAsleep || p.Phase == preview.PhaseWaking:
		text = fmt.Sprintf(
			"the preview %s is %s, and wasn't ready before; previewctl wake %s", d.Environment, p.Phase, d.Environment,
		)
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
