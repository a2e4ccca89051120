package github

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

// events are what happened to a pull request, as it was read last.
type events struct{ pages []page[event] }

// event is one of them; without a label where it is about something else.
type event struct {
	id       int64
	labelled *preview.Labelling
}

// labellings are who put labels on a pull request, or why that can't be read.
type labellings struct {
	all []preview.Labelling
	err error
}

// wantedLabellings reads who labelled the pull requests where that is wanted, by number. What can't be read is a problem of
// that pull request alone.
func (r *reading) wantedLabellings(ctx context.Context, prs []preview.PullRequest, wanted func(preview.PullRequest) bool) (map[int]*labellings, error) {
	known, found := map[int]*events{}, map[int]*labellings{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(inParallel)
	for _, pr := range prs {
		if wanted == nil || r.kept[pr.Number] || !wanted(pr) {
			continue
		}
		e, l := r.entry.events[pr.Number], &labellings{}
		if e == nil {
			e = &events{}
		}
		known[pr.Number], found[pr.Number] = e, l
		g.Go(func() error {
			l.all, l.err = r.readLabellings(gctx, pr.Number, e)
			return gctx.Err() // a read that was given up is no problem of the pull request
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	r.entry.events = known // what isn't asked for any more is forgotten
	return found, nil
}

// readLabellings goes through the events of a pull request, which GitHub lists from the oldest on.
func (r *reading) readLabellings(ctx context.Context, number int, known *events) ([]preview.Labelling, error) {
	l := list[event]{what: "list events", most: maxDetailPages, key: func(e event) int64 { return e.id }}
	l.read = func(ctx context.Context, page int, last page[event]) (page[event], bool, error) {
		path := fmt.Sprintf("%s/issues/%d/events?%s", r.path, number, numbered(page))
		return conditional(ctx, r, path, last, func(found []*eventJSON) ([]event, error) { return each(found, (*eventJSON).event) })
	}
	if _, err := l.all(ctx, &known.pages); err != nil {
		return nil, err
	}
	all := []preview.Labelling{}
	for _, p := range known.pages {
		for _, e := range p.items {
			if e.labelled != nil {
				all = append(all, *e.labelled)
			}
		}
	}
	return all, nil
}

// tell says of a pull request who labelled it.
func (l *labellings) tell(pr *preview.PullRequest) {
	pr.Labellings = l.all
	if l.err != nil {
		addProblem(pr, fmt.Errorf("read who labelled it: %w", l.err))
	}
}

type eventJSON struct {
	ID    int64  `json:"id"`
	Event string `json:"event"`
	Actor *user  `json:"actor"` // null where the account is gone
	Label *struct {
		Name string `json:"name"`
	} `json:"label"`
}

func (e *eventJSON) event() (event, error) {
	if e == nil || e.ID == 0 {
		return event{}, errors.New("the answer has an event without an ID")
	}
	out := event{id: e.ID}
	if e.Event == "labeled" && e.Label != nil {
		out.labelled = &preview.Labelling{Label: e.Label.Name, By: e.Actor.login(), Human: e.Actor.human()}
	}
	return out, nil
}
