package generator

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// Reporter sets the commit status "previewset" on a commit. State is pending or success; target is a URL or "".
type Reporter interface {
	Report(ctx context.Context, repository, sha, state, description, target string) error
}

const (
	// statusContext names our commit status: that it was set is no news.
	statusContext = "previewset"
	// reportsAtOnce bounds how many statuses one snapshot sets; the others follow with the next ones. Each costs quota.
	reportsAtOnce = 20
	// failuresAtOnce bounds how many of them fail: mostly all would, because the token may not set any.
	failuresAtOnce = 3
	// reportAgain is how long one that failed waits, unless there is something else to say.
	reportAgain = 5 * time.Minute
	// maxDescription is GitHub's bound of a status's description, in characters.
	maxDescription = 140
)

// commitStatus is what is to be said of one pull request.
type commitStatus struct {
	pr                 string // owner/name#number
	repository, sha    string
	state, description string
	target             string
}

func (c commitStatus) text() string {
	return strings.Join([]string{c.sha, c.state, c.target, c.description}, " ")
}

// unreported is a status that couldn't be set, and when that is tried again.
type unreported struct {
	text  string
	again time.Time
}

// report tells GitHub, on the head commit of each pull request that somebody asked a preview for, whether it is live or
// what it waits for. What was told once isn't told again.
func (g *Generator) report(ctx context.Context) func() func() {
	due, told, failed := g.untold()
	return func() func() {
		g.tell(ctx, due, told, failed)
		return func() { g.state.reported, g.state.unreported = told, failed }
	}
}

// untold are the statuses that are to be set, those that failed before last; and what GitHub knows and wouldn't take so far.
func (g *Generator) untold() (due []commitStatus, told map[string]string, failed map[string]unreported) {
	told, failed = map[string]string{}, map[string]unreported{}
	for _, c := range commitStatuses(g.served.Load().snapshot, g.reported()) {
		last, known := g.state.reported[c.pr]
		if known {
			told[c.pr] = last
		}
		before, fails := g.state.unreported[c.pr]
		if fails && before.text == c.text() {
			failed[c.pr] = before
		}
		if (!known || last != c.text()) && !g.opts.Now().Before(failed[c.pr].again) {
			due = append(due, c)
		}
	}
	slices.SortStableFunc(due, func(a, b commitStatus) int { return failed[a.pr].again.Compare(failed[b.pr].again) })
	return due, told, failed
}

// reported are the repositories that may be told something, by the names that they have and had, in lower case. Who has taken
// the name of one is none of them.
func (g *Generator) reported() map[string]bool {
	names := map[string]bool{}
	if g.state.config == nil {
		return names
	}
	for _, name := range g.state.config.Repositories() {
		is, was := g.state.facts.Repositories[name].ID, g.state.memory.Identity(name)
		if g.allowed(name) && (is == was || is == 0 || was == 0) {
			names[name], names[strings.ToLower(g.state.facts.Repositories[name].FullName)] = true, true
		}
	}
	return names
}

func commitStatuses(s *preview.Snapshot, repositories map[string]bool) []commitStatus {
	rows := make(map[string]*preview.Row, len(s.Rows))
	for i := range s.Rows {
		rows[s.Rows[i].Name] = &s.Rows[i]
	}
	var all []commitStatus
	for i := range s.Decisions {
		if d := &s.Decisions[i]; reportable(d) && repositories[strings.ToLower(d.Repository)] {
			all = append(all, commitStatusOf(d, rows[d.Environment]))
		}
	}
	return all
}

// reportable is what somebody asked for: the label is there, and a commit to say it on.
func reportable(d *preview.Decision) bool {
	return d.Number > 0 && d.HeadSHA != "" && d.Outcome != preview.Gone && d.Rule != "unlabelled" && d.Rule != "join"
}

// commitStatusOf says of a head commit whether it is live. Where an older one is, it waits. What is asleep is there: a visit
// wakes it.
func commitStatusOf(d *preview.Decision, row *preview.Row) commitStatus {
	pr := d.Repository + "#" + strconv.Itoa(d.Number)
	c := commitStatus{pr: pr, repository: d.Repository, sha: d.HeadSHA, state: "pending"}
	live := d.Outcome != preview.Held && row != nil
	if live {
		c.target = row.URL
	}
	if live && row.HeadSHA == d.HeadSHA {
		c.state = "success"
	}
	c.description = description(d, c.state)
	return c
}

func (g *Generator) tell(ctx context.Context, due []commitStatus, told map[string]string, failed map[string]unreported) {
	failures := 0
	for _, c := range due[:min(len(due), reportsAtOnce)] {
		if failures == failuresAtOnce {
			return
		}
		err := g.opts.Reporter.Report(ctx, c.repository, c.sha, c.state, c.description, c.target)
		g.metrics.statuses.WithLabelValues(outcome(err == nil)).Inc()
		if err != nil {
			failures++
			failed[c.pr] = unreported{text: c.text(), again: g.opts.Now().Add(reportAgain)}
			g.opts.Logger.Warn("commit status can't be set; it is tried again", "pr", c.pr, "error", err)
			continue
		}
		told[c.pr] = c.text()
		delete(failed, c.pr)
	}
}

// description is a decision in GitHub's 140 characters. It names no environment but the pull request's own. What GitHub
// answered and when isn't in it: that would be another text every time.
func description(d *preview.Decision, state string) string {
	text := fmt.Sprintf("%s; %s", d.Reason, d.Remedy)
	why := "; previewctl why " + d.Repository + "#" + strconv.Itoa(d.Number)
	switch {
	case state == "success" && (d.Rule == "labelled" || d.Rule == "unread"):
		text = "the preview " + d.Environment + " is live"
	case d.Rule == "unread":
		text = "not all that it needs could be read yet" + why
	case d.Rule == "taken":
		text = "its name or host is taken" + why
	case d.Remedy == "":
		text = d.Reason
	}
	return bounded(text)
}

// bounded is as much of a text as GitHub takes: it refuses characters that are four bytes in UTF-8.
func bounded(text string) string {
	r := []rune(text)
	for i := range r {
		if r[i] > '\uffff' {
			r[i] = '\ufffd'
		}
	}
	return shortened(string(r), maxDescription)
}
