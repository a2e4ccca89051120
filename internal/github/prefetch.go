package github

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/preview"
)

// maxPrefetched limits the prefetched pull requests. A webhook announces one; a burst of webhooks isn't urgent.
const maxPrefetched = maxParallel

// prefetch starts to read the changed paths of pull requests that webhooks announced, in parallel with the list.
// Otherwise the read after a webhook would wait for two answers in sequence. The caller must call wait, which returns
// the paths. It may keep them only if it could read the list: otherwise another repository may have the name now.
//
// A webhook's content is no fact. The paths are used only if the list shows the same head and base as the webhook:
// the webhook came before the read of the paths and the list after it, so the paths belong to them.
func (c changesByNumber) prefetch(ctx context.Context, api *repositoryAPI, wants preview.Wants) (wait func() changesByNumber) {
	var g errgroup.Group
	found := make([]changes, min(len(wants.Expected), maxPrefetched))
	for i := range found {
		pr := wants.Expected[i]
		isValid := pr.Number > 0 && pr.HeadSHA != "" && !pr.Closed
		if !isValid || wants.Changes == nil || !wants.Changes(pr) || c[pr.Number].isFor(pr) {
			continue
		}
		g.Go(func() error {
			if paths, err := readChangedPaths(ctx, api, pr); err == nil { // after an error fillChanges reads them again
				found[i] = changes{head: pr.HeadSHA, base: pr.BaseSHA, paths: paths}
			}
			return nil
		})
	}
	return func() changesByNumber {
		_ = g.Wait() // no function returns an error
		read := changesByNumber{}
		for i, f := range found {
			if f.paths != nil {
				read[wants.Expected[i].Number] = f
			}
		}
		return read
	}
}
