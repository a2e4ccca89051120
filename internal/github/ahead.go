package github

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

// maxAhead bounds how many pull requests are read ahead: a webhook is about one, and a burst of them isn't in a hurry.
const maxAhead = inParallel

// readAhead asks for the changed paths of expected pull requests while the list is being read, because a webhook's reader
// would otherwise wait for two answers in a row. What they are is returned by a function that waits for them; it must be called.
//
// What a webhook says is no fact. But where head and base are the same in it, which was sent before, and in the list, then
// what was read in between is about them. Anything else is read again, as is what couldn't be read.
func (r *reading) readAhead(ctx context.Context, wants preview.Wants) (wait func() map[int]changes) {
	var g errgroup.Group
	found := make([]changes, min(len(wants.Expected), maxAhead))
	for i := range found {
		pr := wants.Expected[i]
		if wants.Changes == nil || pr.Number <= 0 || pr.HeadSHA == "" || !wants.Changes(pr) || r.entry.changes[pr.Number].of(pr) {
			continue
		}
		g.Go(func() error {
			if paths, err := r.changedPaths(ctx, pr); err == nil {
				found[i] = changes{head: pr.HeadSHA, base: pr.BaseSHA, paths: paths}
			}
			return nil
		})
	}
	return func() map[int]changes {
		_ = g.Wait() // no function returns an error
		read := map[int]changes{}
		for i, c := range found {
			if c.paths != nil {
				read[wants.Expected[i].Number] = c
			}
		}
		return read
	}
}
