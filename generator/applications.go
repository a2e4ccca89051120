package generator

import (
	"context"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/sync/singleflight"

	"github.com/previewset/previewset/internal/preview"
)

// Applications tells what Argo CD has made of an Application; nil where there is none.
type Applications interface {
	Application(ctx context.Context, name string) (*preview.ApplicationStatus, error)
}

// What is asked of the cluster about single Applications is bounded, because any number of CI jobs may wait at once: each
// Application is read again after a second at the earliest, and all together a few a second.
const (
	applicationFresh  = time.Second
	applicationReads  = 4
	applicationForget = time.Minute
)

// applications are what was lately read of single Applications.
type applications struct {
	flights singleflight.Group
	mu      sync.Mutex
	known   map[string]applicationRead
	second  time.Time // when the current one began
	reads   int       // in it
}

type applicationRead struct {
	at     time.Time
	status *preview.ApplicationStatus
	err    error
}

// application is what Argo CD has made of an Application, at most a second old, or as old as it must be where too many ask.
// ok is false where nothing is known and no more may be read.
func (g *Generator) application(ctx context.Context, name string) (read applicationRead, ok bool) {
	a, now := &g.applications, g.opts.Now()
	if known, has, may := a.look(name, now); !may {
		return known, has
	}
	v, _, _ := a.flights.Do(name, func() (any, error) {
		r := applicationRead{at: now}
		r.status, r.err = g.opts.Applications.Application(context.WithoutCancel(ctx), name) // others wait for it too
		a.keep(name, r)
		return r, nil
	})
	read, ok = v.(applicationRead)
	return read, ok
}

// look says what is known of an Application, and whether it may be read now; that is counted.
func (a *applications) look(name string, now time.Time) (known applicationRead, has, may bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known, has = a.known[name]
	if has && now.Sub(known.at) < applicationFresh {
		return known, true, false
	}
	if now.Sub(a.second) >= time.Second {
		a.second, a.reads = now, 0
	}
	a.reads++
	return known, has, a.reads <= applicationReads
}

func (a *applications) keep(name string, r applicationRead) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil {
		a.known = map[string]applicationRead{}
	}
	maps.DeleteFunc(a.known, func(_ string, old applicationRead) bool { return r.at.Sub(old.at) > applicationForget })
	a.known[name] = r
}

// environmentStatus is a row, and what Argo CD has made of it.
func (g *Generator) environmentStatus(ctx context.Context, r preview.Row) preview.Status {
	if g.opts.Applications == nil {
		return r.WithoutApplication("")
	}
	read, ok := g.application(ctx, r.Namespace)
	switch {
	case !ok:
		return r.WithoutApplication("too many ask about environments at once; ask again in a moment")
	case read.err != nil:
		g.opts.Logger.Warn("Application can't be read", "env", r.Name, "error", read.err)
		return r.WithoutApplication("its Application can't be read; see the service's log")
	}
	return r.WithApplication(read.status)
}

// getApplication tells of an environment's Application, whether the environment is live or not: Argo CD takes its time to
// delete one.
func (g *Generator) getApplication(c *gin.Context) {
	s := g.current(c)
	if s == nil {
		return
	}
	name := c.Param("name")
	switch {
	case g.opts.Applications == nil:
		fail(c, http.StatusNotImplemented, "the service knows no cluster; run it beside Argo CD, or with --kubeconfig")
		return
	case s.inputs.prefix() == "":
		fail(c, http.StatusServiceUnavailable, "the configuration was never read; see /readyz?verbose")
		return
	}
	read, ok := g.application(c.Request.Context(), s.inputs.prefix()+name)
	switch {
	case !ok:
		fail(c, http.StatusServiceUnavailable, "too many ask about environments at once; ask again in a moment")
	case read.err != nil:
		_ = c.Error(read.err)
	case read.status == nil:
		fail(c, http.StatusNotFound, "there is no such Application")
	default:
		c.JSON(http.StatusOK, read.status)
	}
}
