package generator

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/previewset/previewset/internal/preview"
)

// Reporter sets the commit status "previewset" on a commit. State is pending or success; target is a URL or "".
type Reporter interface {
	Report(ctx context.Context, repository, sha, state, description, target string) error
}

const (
	// reportsAtOnce bounds how many statuses one snapshot sets; the others follow with the next ones. Each costs quota.
	reportsAtOnce = 20
	// maxDescription is GitHub's bound of a status's description, in characters.
	maxDescription = 140
)

// report tells GitHub, on the head commit of each pull request that somebody asked a preview for, whether it is live or
// what it waits for. What was told once isn't told again.
func (g *Generator) report(ctx context.Context) func() func() {
	s, last := g.served.Load().snapshot, g.state.reported
	return func() func() {
		reported := g.reportAll(ctx, s, last)
		return func() { g.state.reported = reported }
	}
}

// reportAll returns what GitHub knows now, by pull request, out of what it knew before.
func (g *Generator) reportAll(ctx context.Context, s *preview.Snapshot, before map[string]string) map[string]string {
	urls := map[string]string{}
	for i := range s.Rows {
		urls[s.Rows[i].Name] = s.Rows[i].URL
	}
	reported, sent := map[string]string{}, 0
	for i := range s.Decisions {
		d := &s.Decisions[i]
		if !reportable(d) {
			continue
		}
		key, text := d.Repository+"#"+strconv.Itoa(d.Number), d.HeadSHA+" "+d.Outcome+" "+describe(d)
		last, known := before[key]
		if (!known || last != text) && sent < reportsAtOnce {
			sent++
			if g.reportOne(ctx, d, urls[d.Environment]) {
				last, known = text, true
			}
		}
		if known {
			reported[key] = last
		}
	}
	return reported
}

// reportable is what somebody asked for: the label is there, and a commit to say it on.
func reportable(d *preview.Decision) bool {
	return d.Number > 0 && d.HeadSHA != "" && (d.Outcome == preview.Live || d.Outcome == preview.Held) && d.Rule != "unlabelled" && d.Rule != "join"
}

func (g *Generator) reportOne(ctx context.Context, d *preview.Decision, url string) bool {
	state := "pending"
	if d.Outcome == preview.Live {
		state = "success"
	} else {
		url = ""
	}
	err := g.opts.Reporter.Report(ctx, d.Repository, d.HeadSHA, state, describe(d), url)
	g.metrics.statuses.WithLabelValues(outcome(err == nil)).Inc()
	if err != nil {
		g.opts.Logger.Warn("commit status can't be set; it is tried again", "repository", d.Repository, "pr", d.Number, "error", err)
		return false
	}
	return true
}

// describe is a decision in GitHub's 140 characters. It names no environment but the pull request's own.
func describe(d *preview.Decision) string {
	text := fmt.Sprintf("%s; %s", d.Reason, d.Remedy)
	switch {
	case d.Outcome == preview.Live && d.Rule == "labelled":
		text = "the preview " + d.Environment + " is live"
	case d.Rule == "taken":
		text = "its name or host is taken; previewctl why " + d.Repository + "#" + strconv.Itoa(d.Number)
	case d.Remedy == "":
		text = d.Reason
	}
	if r := []rune(text); len(r) > maxDescription {
		text = strings.TrimSpace(string(r[:maxDescription-1])) + "…"
	}
	return text
}
