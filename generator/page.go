package generator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/pages"
	"github.com/previewset/previewset/internal/preview"
)

// stateOf is what the public may know of a place.
func (g *Generator) stateOf(s *served, at place) pages.State {
	switch {
	case at.name == "":
		return pages.Unknown
	case at.row != nil:
		return g.stateOfLive(s, at.row)
	case at.decision.Outcome == preview.Gone || hasLeft(s, at.name):
		return pages.Gone
	case at.decision.Rule == "ready":
		return pages.Building
	}
	return pages.Held
}

// hasLeft says whether an environment's time was over, though what asked for it is still there.
func hasLeft(s *served, name string) bool {
	_, left := s.snapshot.Memory.Left[name]
	return left
}

func (g *Generator) stateOfLive(s *served, row *preview.Row) pages.State {
	switch row.State {
	case preview.Waking:
		return pages.Waking
	case preview.Asleep:
		if isWoken(s.snapshot.Memory.Intents[row.Name], s.snapshot.Memory.Lives[row.Name]) {
			return pages.Queued
		}
		if g.visits.pending(row.Name, g.opts.Now()) {
			return pages.Waking
		}
		return pages.Asleep
	}
	return pages.Starting
}

// isWoken says whether somebody has asked that what is asleep wakes, and nobody since that it sleeps.
func isWoken(i preview.Intent, l preview.Life) bool {
	return !i.Woken.IsZero() && !i.Woken.Before(l.Changed) && i.Woken.After(i.Slept)
}

// details are what is known of a place, for people who have signed in.
func (g *Generator) details(ctx context.Context, s *served, at place) *pages.Details {
	if at.name == "" {
		return nil
	}
	d := &pages.Details{Lines: at.lines(s.snapshot.Memory.Lives[at.name])}
	if at.row == nil || g.opts.Applications == nil {
		return d
	}
	status := g.environmentStatus(ctx, *at.row)
	d.Progress = cmp.Or(sentence(status.Reason), "Argo CD has done all of it")
	for _, w := range status.Workloads {
		d.Workloads = append(d.Workloads, pages.Workload{Name: w.Name, Ready: min(w.Ready, w.Replicas), Replicas: w.Replicas})
	}
	return d
}

// lines tell what an environment is, and why it is as it is.
func (at place) lines(life preview.Life) []pages.Line {
	row, d := at.row, at.decision
	if row == nil {
		row = &preview.Row{Owner: d.Owner, Title: d.Title, Repository: d.Repository, PullRequestURL: d.URL}
		if d.Number > 0 {
			row.Number = strconv.Itoa(d.Number)
		}
	}
	pullRequest := row.Repository
	if row.Number != "" {
		pullRequest += "#" + row.Number
	}
	return slices.DeleteFunc([]pages.Line{
		{Name: "Why", Value: sentence(d.Reason)},
		{Name: "What to do", Value: sentence(d.Remedy)},
		{Name: "Waking takes", Value: tookLast(row, life)},
		{Name: "Pull request", Value: pullRequest, URL: row.PullRequestURL},
		{Name: "Title", Value: row.Title},
		{Name: "Owner", Value: row.Owner},
		{Name: "Purpose", Value: row.Purpose},
		{Name: "Profile", Value: row.Profile},
	}, func(l pages.Line) bool { return l.Value == "" })
}

// tookLast is how long an environment that is awaited took to wake the last time.
func tookLast(row *preview.Row, life preview.Life) string {
	if life.Took <= 0 || (row.State != preview.Asleep && row.State != preview.Waking) {
		return ""
	}
	amount, unit := life.Took.Round(time.Second)/time.Second, "seconds"
	if life.Took > 2*time.Minute {
		amount, unit = life.Took.Round(time.Minute)/time.Minute, "minutes"
	}
	return fmt.Sprintf("about %d %s, as the last time", amount, unit)
}

// sentence begins with a capital; reasons and remedies are parts of sentences.
func sentence(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' && !strings.HasPrefix(s, "previewctl ") {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
