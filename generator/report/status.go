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

func commitStatuses(s *preview.Snapshot, repositories map[string]bool) []commitStatus {
	rows := make(map[string]*preview.Row, len(s.Rows))
	for i := range s.Rows {
		rows[s.Rows[i].Name] = &s.Rows[i]
	}
	var all []commitStatus
	for i := range s.Decisions {
		if d := &s.Decisions[i]; isRequested(d) && repositories[strings.ToLower(d.Repository)] {
			all = append(all, newCommitStatus(d, rows[d.Environment]))
		}
	}
	return all
}

// isRequested says whether a pull request asks for a preview and has a commit that can carry a status.
func isRequested(d *preview.Decision) bool {
	return d.Number > 0 && d.HeadSHA != "" && d.Outcome != preview.Gone && d.Rule != preview.RuleUnlabelled &&
		d.Rule != preview.RuleJoin
}

// newCommitStatus returns the status of a decision. The state is success when the environment has this commit, awake or
// asleep.
func newCommitStatus(d *preview.Decision, row *preview.Row) commitStatus {
	pr := d.Repository + "#" + strconv.Itoa(d.Number)
	c := commitStatus{pr: pr, repository: d.Repository, sha: d.HeadSHA, state: "pending"}
	isLive := d.Outcome != preview.Held && row != nil
	if isLive {
		c.target = row.URL
	}
	if isLive && row.HeadSHA == d.HeadSHA {
		c.state = "success"
	}
	c.description = describe(d, c.state)
	return c
}

// describe fits a decision into GitHub's limit. It names only the pull request's own environment, because another name
// may be confidential. It leaves out GitHub's error messages, because they differ each time.
func describe(d *preview.Decision, state string) string {
	text := fmt.Sprintf("%s; %s", d.Reason, d.Remedy)
	why := "; previewctl why " + d.Repository + "#" + strconv.Itoa(d.Number)
	switch {
	case state == "success" && (d.Rule == preview.RuleLabelled || d.Rule == preview.RuleUnread):
		text = "the preview " + d.Environment + " is live"
	case d.Rule == preview.RuleUnread:
		text = "a source of this preview can't be read yet" + why
	case d.Rule == preview.RuleTaken:
		text = "its name or host is taken" + why
	case d.Remedy == "":
		text = d.Reason
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
