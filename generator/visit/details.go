package visit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/visit/pages"
	"github.com/previewset/previewset/internal/preview"
)

// details are for signed-in users.
func (v *Visits) details(ctx context.Context, p *answer.Published, entry hostEntry) *pages.Details {
	if entry.name == "" {
		return nil
	}
	d := &pages.Details{Lines: entry.lines(p.Snapshot.Memory.Lives[entry.name])}
	if entry.row == nil || !v.progress.HasApplications() {
		return d
	}
	status := v.progress.Environment(ctx, *entry.row)
	d.Progress = cmp.Or(sentence(status.Reason), "Argo CD has finished")
	for _, w := range status.Workloads {
		d.Workloads = append(d.Workloads, pages.Workload{Name: w.Name, Ready: min(w.Ready, w.Replicas), Replicas: w.Replicas})
	}
	return d
}

// lines describe the environment and the reason for its state.
func (entry hostEntry) lines(life preview.Life) []pages.Line {
	row, d := entry.row, entry.decision
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
		{Name: "Waking takes", Value: lastWakeDuration(row, life)},
		{Name: "Pull request", Value: pullRequest, URL: row.PullRequestURL},
		{Name: "Title", Value: row.Title},
		{Name: "Owner", Value: row.Owner},
		{Name: "Purpose", Value: row.Purpose},
		{Name: "Profile", Value: row.Profile},
	}, func(l pages.Line) bool { return l.Value == "" })
}

// lastWakeDuration is how long a sleeping or waking environment took to wake the last time.
func lastWakeDuration(row *preview.Row, life preview.Life) string {
	if life.Took <= 0 || (row.State != preview.Asleep && row.State != preview.Waking) {
		return ""
	}
	amount, unit := life.Took.Round(time.Second)/time.Second, "seconds"
	if life.Took > 2*time.Minute {
		amount, unit = life.Took.Round(time.Minute)/time.Minute, "minutes"
	}
	return fmt.Sprintf("about %d %s, like the last time", amount, unit)
}

// sentence begins a reason or remedy with a capital letter.
func sentence(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' && !strings.HasPrefix(s, "previewctl ") {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
