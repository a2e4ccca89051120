package github

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/previewset/previewset/internal/github/paged"
	"github.com/previewset/previewset/internal/preview"
)

// event is an event of a pull request. labelling is nil for other events than added labels.
type event struct {
	id        int64
	labelling *preview.Labelling
}

// eventsByNumber are the events of pull requests, as read last.
type eventsByNumber map[int]*events

// events are the events of one pull request.
type events struct {
	pages     []paged.Page[event]
	isShorter bool // the last read found fewer events, and wasn't used
}

func (e *events) count() (n int) {
	for _, p := range e.pages {
		n += len(p.Items)
	}
	return n
}

// pullRequestLabellings are the labellings of one pull request, or the error of the read.
type pullRequestLabellings struct {
	all []preview.Labelling
	err error
}

// readLabellings reads who added labels to the wanted pull requests. Events that are no longer wanted are forgotten.
func (e *eventsByNumber) readLabellings(
	ctx context.Context, api *repositoryAPI, open openPullRequests, wanted func(preview.PullRequest) bool,
) (map[int]*pullRequestLabellings, error) {
	indexes := open.indexes(wanted)
	now, found := eventsByNumber{}, make(map[int]*pullRequestLabellings, len(indexes))
	for _, index := range indexes {
		number := open.all[index].Number
		if now[number] = (*e)[number]; now[number] == nil {
			now[number] = &events{}
		}
		found[number] = &pullRequestLabellings{}
	}
	err := readEach(ctx, len(indexes), func(ctx context.Context, i int) {
		number := open.all[indexes[i]].Number
		l := found[number]
		l.all, l.err = readEvents(ctx, api, number, now[number])
	})
	if err != nil {
		return nil, err
	}
	*e = now
	return found, nil
}

// readEvents brings the events up to date and returns the labellings, oldest first. Events don't disappear, so a
// shorter list is an error the first time: GitHub may have answered from a copy that lags behind.
func readEvents(ctx context.Context, api *repositoryAPI, number int, e *events) ([]preview.Labelling, error) {
	list := paged.List[[]*eventJSON, event]{
		Name: "list events", MaxPages: maxDetailPages, Get: api.get,
		Key: func(e event) int64 { return e.id },
		Path: func(page int) string {
			return fmt.Sprintf("%s/issues/%d/events?%s", api.path, number, paged.Query(page))
		},
		Decode: func(found []*eventJSON) ([]event, error) {
			return paged.Items(found, (*eventJSON).toEvent)
		},
	}
	before := events{slices.Clone(e.pages), true}
	if _, err := list.Update(ctx, &e.pages); err != nil {
		e.pages = before.pages // a pass before the error may have read a shorter list
		return nil, err
	}
	if e.count() < before.count() && !e.isShorter {
		*e = before
		return nil, errors.New("GitHub answered with fewer events than before; the next read tries again")
	}
	e.isShorter = false
	all := []preview.Labelling{}
	for _, p := range e.pages {
		for _, e := range p.Items {
			if e.labelling != nil {
				all = append(all, *e.labelling)
			}
		}
	}
	return all, nil
}

// addTo sets the labellings of a pull request, or adds a problem. It does nothing if they weren't read.
func (l *pullRequestLabellings) addTo(pr *preview.PullRequest) {
	if l == nil {
		return
	}
	pr.Labellings = l.all
	if l.err != nil {
		addProblem(pr, fmt.Errorf("read who added its labels: %w", l.err))
	}
}

type eventJSON struct {
	ID    int64      `json:"id"`
	Event string     `json:"event"`
	Actor *account   `json:"actor"` // null for a deleted account
	Label *labelJSON `json:"label"`
}

func (e *eventJSON) toEvent() (event, error) {
	if e == nil || e.ID == 0 {
		return event{}, errors.New("the answer has an event without an ID")
	}
	out := event{id: e.ID}
	if e.Event == "labeled" && e.Label != nil {
		out.labelling = &preview.Labelling{Label: e.Label.Name, By: e.Actor.login(), Human: e.Actor.isHuman()}
	}
	return out, nil
}
