package pending

import (
	"cmp"
	"slices"
	"time"

	"github.com/previewset/previewset/internal/preview"
)

// maxRequests bounds the waiting requests: four for each of the 5,000 possible environments.
const maxRequests = 20_000

// Requests are the requests about environments (wake, sleep, extend, redeploy) that wait for the next snapshot.
type Requests map[requestKey]preview.Request

// requestKey identifies requests that are merged into one.
type requestKey struct{ environment, action string }

// Add adds a request. Equal requests become one: it has the latest time and the longest duration.
func (a *Requests) Add(r preview.Request) {
	if *a == nil {
		*a = Requests{}
	}
	key := requestKey{r.Environment, r.Action}
	before, known := (*a)[key]
	switch {
	case !known && len(*a) >= maxRequests:
		return
	case known && isLonger(before, r):
		before.At = later(before.At, r.At)
		r = before
	case known:
		r.At = later(before.At, r.At)
	}
	(*a)[key] = r
}

// isLonger compares the durations of two requests with the same key. An extension without a duration is the longest.
func isLonger(a, b preview.Request) bool {
	if a.Action == preview.ActionExtend && (a.For == 0 || b.For == 0) {
		return b.For != 0
	}
	return a.For > b.For
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// InOrder returns the requests, oldest first.
func (a Requests) InOrder() []preview.Request {
	all := make([]preview.Request, 0, len(a))
	for _, r := range a {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b preview.Request) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Action, b.Action))
	})
	return all
}
