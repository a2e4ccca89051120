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

// Workloads reads the Deployments and StatefulSets of a namespace or, with a pattern like "preview-*", of all that begin so.
type Workloads interface {
	Workloads(ctx context.Context, namespace string) ([]preview.Workload, error)
}

// What is asked of the cluster about single Applications is bounded, because any number of CI jobs may wait at once: each
// Application is read again after a second at the earliest, and all together a few a second.
const (
	applicationFresh  = time.Second
	applicationReads  = 4
	applicationForget = time.Minute
)

// lookups are what was lately read of single environments, by name.
type lookups[T any] struct {
	flights singleflight.Group
	mu      sync.Mutex
	known   map[string]lookup[T]
	second  time.Time // when the current one began
	reads   int       // in it
}

type lookup[T any] struct {
	at     time.Time
	status T
	err    error
}

// application is what Argo CD has made of an Application, at most a second old, or as old as it must be where too many ask.
// ok is false where nothing is known and no more may be read.
func (g *Generator) application(ctx context.Context, name string) (read lookup[*preview.ApplicationStatus], ok bool) {
	return g.applications.get(ctx, name, g.opts.Now(), g.opts.Applications.Application)
}

// workloads are what runs in a namespace, as application tells of one.
func (g *Generator) workloads(ctx context.Context, namespace string) (read lookup[[]preview.Workload], ok bool) {
	return g.running.get(ctx, namespace, g.opts.Now(), g.opts.Workloads.Workloads)
}

func (l *lookups[T]) get(ctx context.Context, name string, now time.Time, read func(context.Context, string) (T, error)) (is lookup[T], ok bool) {
	if known, has, may := l.look(name, now); !may {
		return known, has
	}
	v, _, _ := l.flights.Do(name, func() (any, error) {
		r := lookup[T]{at: now}
		r.status, r.err = read(context.WithoutCancel(ctx), name) // others wait for it too
		l.keep(name, r)
		return r, nil
	})
	is, ok = v.(lookup[T])
	return is, ok
}

// look says what is known of a name, and whether it may be read now; that is counted.
func (l *lookups[T]) look(name string, now time.Time) (known lookup[T], has, may bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, has = l.known[name]
	if age := now.Sub(known.at); has && age >= 0 && age < applicationFresh {
		return known, true, false
	}
	if age := now.Sub(l.second); age < 0 || age >= time.Second {
		l.second, l.reads = now, 0
	}
	l.reads++
	return known, has, l.reads <= applicationReads
}

func (l *lookups[T]) keep(name string, r lookup[T]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = map[string]lookup[T]{}
	}
	maps.DeleteFunc(l.known, func(_ string, old lookup[T]) bool { return r.at.Sub(old.at) > applicationForget })
	l.known[name] = r
}

// environmentStatus is a row, what Argo CD has made of it, and what runs in it.
func (g *Generator) environmentStatus(ctx context.Context, r preview.Row) preview.Status {
	s := g.applicationStatus(ctx, r)
	if g.opts.Workloads == nil {
		return s
	}
	if read, ok := g.workloads(ctx, r.Namespace); ok && read.err == nil {
		s.Workloads = read.status
	}
	return s
}

// applicationStatus is a row, and what Argo CD has made of it.
func (g *Generator) applicationStatus(ctx context.Context, r preview.Row) preview.Status {
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
