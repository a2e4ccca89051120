package report

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

const (
	completed = "completed"
	neutral   = "neutral"
	// maxSummary is GitHub's limit for the summary of a check run, in bytes.
	maxSummary = 65535
)

// The identifiers of the buttons of check runs. They are the actions of requests.
const (
	buttonWake     = preview.ActionWake
	buttonExtend   = preview.ActionExtend
	buttonRedeploy = preview.ActionRedeploy
)

// checkRun is the wanted check run of a pull request's head.
type checkRun struct {
	pr, repository string
	run            preview.CheckRun
}

// planCheckRuns returns the check runs of all pull requests that ask for a preview, and the end of the check runs of
// those that no longer ask.
func planCheckRuns(v *view) (entries []entry, kept []string) {
	ended, unclear := v.ended()
	for _, r := range v.asking {
		entries = append(entries, newCheckRun(r))
	}
	for _, key := range ended {
		entries = append(entries, endedCheckRun(key))
	}
	return entries, append(unclear, v.unclear...)
}

// newCheckRun returns the check run of a pull request. A commit that was ready stays green while its environment sleeps
// or wakes, or is synced again.
func newCheckRun(r asking) checkRun {
	d := r.decision
	state := stateOf(r.progress, deploymentStates)
	wasReady := r.last.Commit == d.HeadSHA && strings.HasPrefix(r.last.Text, completed+" "+success+" ")
	switch {
	case r.staysGreen(wasReady):
		state = success
	case d.NotStarted: // a required check accepts it
		state = neutral
	case state == inactive: // asleep before it was ever ready, or expired
		state = failure
	}
	c := checkRun{pr: r.key, repository: d.Repository, run: preview.CheckRun{
		SHA: d.HeadSHA, ExternalID: r.key, DetailsURL: cmp.Or(r.page, r.address()),
		Title: checkTitle(r), Summary: checkSummary(r), Actions: buttonsOf(r),
	}}
	if c.run.Status = state; state == success || state == failure || state == neutral {
		c.run.Status, c.run.Conclusion = completed, state
	}
	return c
}

// checkTitle has no text from outside.
func checkTitle(r asking) string {
	title := string(r.progress.Phase)
	if r.decision.Outcome == preview.Held {
		title = "held: " + string(r.decision.Rule)
	}
	if r.decision.Environment == "" {
		return title
	}
	return "Preview " + r.decision.Environment + ": " + title
}

// checkSummary is like a comment. A summary that is too long has no services and links.
func checkSummary(r asking) string {
	summary := commentBody(r)
	if len(summary) > maxSummary {
		r.row = nil
		summary = commentBody(r)
	}
	return summary
}

// buttonsOf returns the buttons that can have an effect now. GitHub accepts at most 3, texts of at most 20 characters and
// descriptions of at most 40.
func buttonsOf(r asking) []preview.CheckRunAction {
	var all []preview.CheckRunAction
	if r.row != nil && r.progress.Phase == preview.PhaseAsleep {
		all = append(all, preview.CheckRunAction{
			Label: "Wake", Description: "Wake the preview", Identifier: buttonWake,
		})
	}
	if r.row != nil && r.row.State != preview.Asleep {
		all = append(all, preview.CheckRunAction{
			Label: "Redeploy", Description: "Start new Pods with the same commit", Identifier: buttonRedeploy,
		})
	}
	isExpired := r.decision.Rule == preview.RuleIdle || r.decision.Rule == preview.RuleExpired
	if r.row != nil && r.decision.ExpiresAt != nil || isExpired {
		all = append(all, preview.CheckRunAction{
			Label: "Extend", Description: "Keep the preview longer", Identifier: buttonExtend,
		})
	}
	return all
}

func (c checkRun) key() string { return c.pr }

// result identifies the part of the content that has no limit of edits.
func (c checkRun) result() string {
	parts := []string{c.run.Status, c.run.Conclusion}
	for _, a := range c.run.Actions {
		parts = append(parts, a.Identifier)
	}
	return strings.Join(parts, " ") + " "
}

func (c checkRun) text() string {
	return c.result() + digestOf(strings.Join([]string{c.run.Title, c.run.DetailsURL, c.run.Summary}, "\n"))
}

// resultIn returns the result that is part of a record's text.
func resultIn(r Record) string { return r.Text[:strings.LastIndexByte(r.Text, ' ')+1] }

// next writes another check run with the same name after a completed one, because GitHub doesn't open that again. The
// new commit comes first, then the end of the earlier ones.
func (c checkRun) next(r Record, now time.Time) write {
	wasCompleted := strings.HasPrefix(r.Text, completed+" ")
	if r.ID != 0 && (r.Commit != c.run.SHA || wasCompleted && !c.run.IsCompleted()) {
		r = r.withoutRun()
	}
	edits := r.recentEdits(now)
	switch {
	case r.ID == 0:
		return func(ctx context.Context, g GitHub) (_ Record, err error) {
			r.Commit, r.Text, r.Edits = c.run.SHA, c.text(), slices.Concat(edits, []time.Time{now})
			run := c.run
			run.Replaces = r.Replaces
			r.ID, err = g.CreateCheckRun(ctx, c.repository, run)
			r.Replaces = 0
			return r, err
		}
	case r.Text != c.text() && (len(edits) < maxEdits || resultIn(r) != c.result()):
		return func(ctx context.Context, g GitHub) (Record, error) {
			exists, err := g.UpdateCheckRun(ctx, c.repository, r.ID, c.run)
			r.Text, r.Edits = c.text(), slices.Concat(edits, []time.Time{now})
			if !exists { // the next write creates another one
				r.ID, r.Text = 0, ""
			}
			return r, err
		}
	case len(r.Earlier) > 0:
		return endEarliest(c.repository, r, "Another check run replaced this one.")
	}
	return nil
}

// withoutRun returns the record without its check run. One without a result is among the earlier ones.
func (r Record) withoutRun() Record {
	if !strings.HasPrefix(r.Text, completed+" ") {
		r.Earlier = append(slices.Clone(r.Earlier), Earlier{ID: r.ID})
	}
	r.ID, r.Commit, r.Text = 0, "", ""
	return r
}

// endEarliest ends the oldest of the earlier check runs.
func endEarliest(repository string, r Record, why string) write {
	return func(ctx context.Context, g GitHub) (Record, error) {
		_, err := g.UpdateCheckRun(ctx, repository, r.Earlier[0].ID, preview.CheckRun{
			Status: completed, Conclusion: neutral, Title: "no preview", Summary: why,
		})
		r.Earlier = r.Earlier[1:]
		return r, err
	}
}

// endedCheckRun is the key of a pull request that has no preview any more. Its check runs become neutral, so that a
// required check doesn't block it.
type endedCheckRun string

func (c endedCheckRun) key() string { return string(c) }

func (c endedCheckRun) text() string { return "" }

func (c endedCheckRun) next(r Record, _ time.Time) write {
	if id := cmp.Or(r.ID, r.Replaces); id != 0 {
		r.Earlier = append(slices.Clone(r.Earlier), Earlier{ID: id})
		r.ID, r.Commit, r.Text, r.Replaces = 0, "", "", 0
	}
	if len(r.Earlier) == 0 {
		return nil
	}
	repository, _ := split(string(c))
	return endEarliest(repository, r, endedBody)
}

// Rerun makes another check run take the place of a pull request's one, after the next Plan. GitHub waits for it after a
// click on "Re-run". Too many clicks in an hour have no effect.
func (r *Reports) Rerun(pr string) { r.reruns = append(r.reruns, pr) }

// beginRerun forgets the check run of a pull request.
func (r *Reports) beginRerun(pr string) {
	records := r.lists[Check].records
	if record, ok := records[pr]; ok && record.ID != 0 && len(record.recentEdits(r.options.Now())) < maxEdits {
		last := record.withoutRun()
		last.Commit, last.Text = record.Commit, record.Text // a green commit stays green
		last.Replaces = record.ID
		records[pr] = last
	}
}

// ByCommit returns the pull requests whose newest check run is about the commit, in order.
func (r *Reports) ByCommit(sha string) (prs []string) {
	for key, record := range r.lists[Check].records {
		if record.ID != 0 && record.Commit == sha {
			prs = append(prs, key)
		}
	}
	slices.Sort(prs)
	return prs
}

// ByCheckRun returns the pull request with the check run, "owner/name#number". It is empty if the check run isn't ours,
// or isn't the newest one.
func (r *Reports) ByCheckRun(id int64) (pr string) {
	for key, record := range r.lists[Check].records {
		if id != 0 && record.ID == id {
			return key
		}
	}
	return ""
}
