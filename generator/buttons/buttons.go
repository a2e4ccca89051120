// Package buttons does what people ask for with the buttons of our check runs at GitHub: it wakes, extends and
// redeploys previews.
// A webhook about a click proves only that GitHub sent it. So the check run must be one that the generator has written,
// and GitHub is asked whether the user may push to the repository.
package buttons

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/generator/sources"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Permissions tells whether the account with a login and an ID may push to a repository.
type Permissions interface {
	CanWrite(ctx context.Context, repository, login string, userID int64) (bool, error)
}

// CheckRuns are the check runs of the generator, by pull request: "owner/name#number".
type CheckRuns interface {
	// ByCheckRun finds the pull request with the check run; empty if the check run isn't ours.
	ByCheckRun(id int64) (pr string)
	// ByCommit finds the pull requests with check runs of a commit.
	ByCommit(sha string) (prs []string)
	// Rerun makes another check run take the place of a pull request's check run.
	Rerun(pr string)
}

// known are the identifiers of all buttons.
var known = []string{preview.ActionWake, preview.ActionExtend, preview.ActionRedeploy, pending.ButtonRerun}

// Buttons handles clicks. It belongs to the goroutine of the refresh cycle.
type Buttons struct {
	Permissions Permissions // nil ignores all clicks
	Actions     *actions.Actions
	Now         func() time.Time
	Log         *slog.Logger

	waiting pending.Clicks
}

// Add adds clicks. IsDue says whether clicks wait for Handle.
func (b *Buttons) Add(clicks pending.Clicks) (isDue bool) {
	if b.Permissions != nil {
		b.waiting = b.waiting.Merge(clicks)
	}
	return len(b.waiting) > 0
}

// clicked is a click on a check run of the generator.
type clicked struct {
	pending.Click
	pr, repository string
}

// Handle handles the waiting clicks. A failed one isn't tried again, because the user can click again. If a check run is
// to be written again, wantReport is called.
func (b *Buttons) Handle(ctx context.Context, runs CheckRuns, p *answer.Published, wantReport func()) sources.Task {
	var all []clicked
	for _, click := range b.waiting {
		all = append(all, b.find(click, runs)...)
	}
	b.waiting = nil
	return func() sources.Apply {
		var reruns []string
		for _, click := range all {
			switch {
			case !b.mayPush(ctx, click):
			case click.Button == pending.ButtonRerun:
				reruns = append(reruns, click.pr)
				b.Log.Info("a check run is written again", "caller", config.Printable(click.Login), "pr", click.pr)
			default:
				b.request(click, p)
			}
		}
		return func() {
			for _, pr := range reruns {
				runs.Rerun(pr)
				wantReport()
			}
		}
	}
}

// find returns a click with its pull request; with several if it is about a commit. It logs each mistake in the click.
func (b *Buttons) find(click pending.Click, runs CheckRuns) (found []clicked) {
	prs := []string{runs.ByCheckRun(click.CheckRun)}
	if click.CheckRun == 0 && click.Button == pending.ButtonRerun {
		prs = runs.ByCommit(click.Commit)
	}
	for _, pr := range prs {
		repository, _, _ := strings.Cut(pr, "#")
		c := clicked{click, pr, repository}
		switch {
		case pr == "" || click.CheckRun != 0 && pr != click.ExternalID || !strings.EqualFold(repository, click.Repository):
			b.refuse(c, "it isn't the newest check run of a preview")
		case !slices.Contains(known, click.Button):
			b.refuse(c, "there is no such button")
		default:
			found = append(found, c)
		}
	}
	return found
}

// mayPush asks GitHub whether the user may push to the repository. It logs if not.
func (b *Buttons) mayPush(ctx context.Context, click clicked) bool {
	isWriter, err := b.Permissions.CanWrite(ctx, click.repository, click.Login, click.UserID)
	switch {
	case err != nil:
		b.refuse(click, err.Error())
	case !isWriter:
		b.refuse(click, "the user may not push to the repository")
	}
	return err == nil && isWriter
}

// request queues the request as the API does.
func (b *Buttons) request(click clicked, p *answer.Published) {
	if p == nil {
		b.refuse(click, "there is no snapshot yet")
		return
	}
	r := preview.Request{
		Environment: environmentOf(p.Snapshot, click.pr), Action: click.Button, By: click.Login, At: b.Now().UTC(),
	}
	from := actions.Origin{Via: "button at " + click.pr}
	if _, err := b.Actions.Request(p, r, from); err != nil {
		b.refuse(click, err.Error())
	}
}

// refuse logs a click without effect.
func (b *Buttons) refuse(click clicked, why string) {
	b.Log.Warn("a click on a check run has no effect", "action", config.Printable(click.Button),
		"caller", config.Printable(click.Login), "pr", click.pr, "check_run", click.CheckRun, "reason", config.Printable(why))
}

// environmentOf returns the environment of a pull request now; empty if it has none.
func environmentOf(s *preview.Snapshot, pr string) string {
	for i := range s.Decisions {
		if d := &s.Decisions[i]; d.Number > 0 && d.Repository+"#"+strconv.Itoa(d.Number) == pr {
			return d.Environment
		}
	}
	return ""
}
