package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/previewset/previewset/internal/github/rest"
)

// maxParallel limits the parallel requests about single pull requests and commits of one repository.
const maxParallel = 4

// repositoryAPI sends the requests of one read of a repository, and counts their cost.
type repositoryAPI struct {
	rest *rest.Client
	// namePath is "repos/owner/name". Only its answers show which repository has the name.
	namePath string
	// path is namePath, or "repositories/ID" after a rename, because a redirect costs quota.
	path        string
	wasReadOnce bool // an earlier read found the repository
	// expectedCost is the number of requests that the next read is expected to be charged for.
	expectedCost atomic.Int64
}

func newRepositoryAPI(c *rest.Client, id identity) *repositoryAPI {
	path := "repos/" + id.name
	api := &repositoryAPI{rest: c, namePath: path, path: path, wasReadOnce: id.id != 0}
	if id.fullName != "" && !strings.EqualFold(id.fullName, id.name) {
		api.path = fmt.Sprintf("repositories/%d", id.id)
	}
	return api
}

// get is rest.Client.Get. It also estimates the cost of the next read of the same path:
//
//	this answer                           next read
//	304, or the first one with an ETag    0: it is expected to be unchanged
//	changed since the last read           1: it changes often
//	without an ETag                       1: it can't be conditional
//	an error status                       1: it isn't cached
//	after a redirect                      1 more
func (a *repositoryAPI) get(ctx context.Context, path, etag string, v any) (rest.Answer, error) {
	answer, err := a.rest.Get(ctx, path, etag, v)
	costsAgain := err == nil && !answer.Unchanged && (etag != "" || answer.ETag == "")
	if costsAgain || rest.StatusOf(err) != 0 {
		a.expectedCost.Add(1)
	}
	if answer.Redirected {
		a.expectedCost.Add(1)
	}
	return answer, err
}

// explainNotFound adds the remedy to status 404 for a repository, or the consequence if an earlier read found it.
func (a *repositoryAPI) explainNotFound(err error) error {
	switch {
	case rest.StatusOf(err) != http.StatusNotFound:
		return err
	case a.wasReadOnce:
		return fmt.Errorf("%w; an earlier read found it, so it was deleted or made private, or access to it was lost; "+
			"its last known state stays", err)
	}
	return fmt.Errorf("%w; correct its name in previewset.yaml, or give access to it", err)
}

// readEach calls read for each index from 0 to n-1, several at once. Its only error is the end of the context:
// read keeps its errors, because an unreadable pull request must not fail the whole read.
func readEach(ctx context.Context, n int, read func(ctx context.Context, i int)) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(maxParallel)
	for i := range n {
		g.Go(func() error {
			read(gctx, i)
			return gctx.Err()
		})
	}
	return g.Wait()
}
