// Package visit answers anonymous visitors: requests to the host of an environment that Argo CD doesn't serve now. A
// person's visit wakes a sleeping environment; a visit can do nothing else. Names and states come from the snapshot,
// never from the request.
package visit

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/visit/pages"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Requester names visits as the caller of a wake request.
const Requester = "a visit"

// Snapshots has the snapshot that is served now; nil before the first one.
type Snapshots interface{ Published() *answer.Published }

// Requests takes wake requests.
type Requests interface{ Request(r preview.Request) }

// Progress tells how far an environment is.
type Progress interface {
	HasApplications() bool
	Environment(ctx context.Context, row preview.Row) preview.Status
}

// Visits answers visits. It is safe for concurrent use.
type Visits struct {
	snapshots Snapshots
	requests  Requests
	progress  Progress
	now       func() time.Time
	proxies   Proxies
	pageOf    func(environment string) string // the address of an environment's page for signed-in people; "" if there is none
	limits    wakeLimits
	hosts     atomic.Pointer[hosts] // of the snapshot that was visited last
}

// New returns Visits. PageOf returns the address of an environment's page for signed-in people, "" if there is none.
func New(
	s Snapshots, r Requests, p Progress, proxies Proxies, pageOf func(environment string) string, now func() time.Time,
) *Visits {
	return &Visits{snapshots: s, requests: r, progress: p, now: now, proxies: proxies, pageOf: pageOf}
}

// Handle answers a visit.
func (v *Visits) Handle(c *gin.Context) {
	view := pages.View{Kind: pages.Unready}
	if p := v.snapshots.Published(); p != nil {
		entry, ok := v.hostsOf(p).find(c.Request.Host)
		if !ok {
			httpserver.Fail(c, http.StatusNotFound, "nothing at this path")
			return
		}
		from := v.proxies.clientOf(c.Request)
		view = pages.View{Name: entry.name, Kind: v.kindOf(p, entry)}
		switch {
		case !mayAct(p, from):
			view.NeedsSignIn, view.Page = true, v.pageOf(entry.name)
		case canAct(view.Kind) && isPerson(c.Request):
			v.act(from, &view)
		}
		if from.signedIn && pages.AcceptsPage(c.Request) {
			view.Details = v.details(c.Request.Context(), p, entry)
		}
	}
	if err := pages.Answer(c.Writer, c.Request, view); err != nil {
		_ = c.Error(err)
	}
}

// mayAct reports whether the policy lets a client wake environments.
func mayAct(p *answer.Published, from client) bool {
	return from.signedIn || p.Config == nil || p.Config.Policy.Visits != config.VisitsSignedIn
}

// canAct reports whether a visitor of this kind of page can do anything. Otherwise the costly test for a person isn't
// needed.
func canAct(k pages.Kind) bool { return k == pages.Asleep || k == pages.Starting }

// act wakes a sleeping environment for a person, or notes that a starting one is used.
func (v *Visits) act(from client, view *pages.View) {
	now, wakes := v.now(), false
	if view.Kind == pages.Asleep {
		var wait time.Duration
		if wakes, wait = v.limits.takeWake(view.Name, from, now); wait > 0 {
			view.Wait = int(wait/time.Second) + 1
			return
		}
		view.Kind = pages.Waking
	} else {
		wakes = v.limits.takeUse(view.Name, from, now)
	}
	if wakes {
		v.requests.Request(preview.Request{Environment: view.Name, Action: preview.ActionWake, By: Requester, At: now})
	}
}

// hostsOf returns the known hosts of a snapshot. They are computed at its first visit, because most snapshots have
// none.
func (v *Visits) hostsOf(p *answer.Published) *hosts {
	if h := v.hosts.Load(); h != nil && h.of == p {
		return h
	}
	h := newHosts(p)
	v.hosts.Store(h)
	return h
}
