// Package generator is the generator behind Argo CD's plugin generator. It runs the refresh cycle: it reads the sources,
// resolves a snapshot, saves the state, publishes the snapshot, and then tells Argo CD and GitHub. See cycle.go.
//
// The subpackages are divided by the parties that they talk to: api (Argo CD, previewctl, webhooks), visit (anonymous
// visitors), signin and previewspage (signed-in people), shares (guests), buttons (clicks at GitHub), sources (facts),
// progress (what Argo CD has done), store (saved state), applicationsets (Argo CD's refreshes) and report (what GitHub
// and Jira show). HTTP handlers only read the published snapshot, because Argo CD asks often and in parallel. Package
// preview decides everything else.
package generator

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/applicationsets"
	"github.com/previewset/previewset/generator/history"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/generator/replica"
	"github.com/previewset/previewset/generator/status"
)

// Generator computes and serves the answer.
type Generator struct {
	opts      Options
	current   *current
	queue     *pending.Queue
	callers   *applicationsets.Callers
	actions   *actions.Actions
	refresher *refresher

	public, private http.Handler
}

// current is the result of the last refresh cycle. Handlers read it while the next cycle runs.
type current struct {
	published atomic.Pointer[answer.Published]
	status    atomic.Pointer[status.Status]
}

// Published returns the snapshot that is served now; nil before the first one.
func (c *current) Published() *answer.Published { return c.published.Load() }

// Status returns the state of the sources in the last refresh cycle.
func (c *current) Status() *status.Status { return c.status.Load() }

// New returns a Generator. It answers 503 until Run has computed a whole snapshot.
func New(o Options) *Generator {
	o.setDefaults()
	g := &Generator{opts: o, current: &current{}, queue: pending.NewQueue(), callers: &applicationsets.Callers{}}
	g.actions = &actions.Actions{Queue: g.queue, History: history.New(), Logger: o.Logger}
	g.current.status.Store(&status.Status{Reason: "nothing has been read yet"})
	g.refresher = newRefresher(&g.opts, g.current, g.queue, g.callers, g.actions)
	g.private, g.public = g.handlers()
	return g
}

// Run refreshes until ctx is done: all sources at once, then at every interval, and sooner after webhooks and requests.
// One of several replicas refreshes only while it leads. It waits for Serve before, and its error says that the process
// must end.
func (g *Generator) Run(ctx context.Context) error {
	if g.opts.Replica != nil {
		return g.opts.Replica.Lead(ctx, g.refresher.run)
	}
	return g.refresher.run(ctx)
}

// Refresh reads all sources once and publishes the result. Sources that can't be read keep their last facts. It isn't
// safe for concurrent use, nor while Run runs.
func (g *Generator) Refresh(ctx context.Context) { g.refresher.refreshOnce(ctx) }

// Published returns the snapshot that is served now; nil before the first one.
func (g *Generator) Published() *answer.Published { return g.current.Published() }

// Status returns the state of the sources in the last refresh cycle.
func (g *Generator) Status() *status.Status { return g.current.Status() }

// Handler serves Argo CD, the API, metrics and probes.
func (g *Generator) Handler() http.Handler { return g.private }

// PublicHandler serves webhooks, visits and the previews page. It is the only handler that may be reachable from the internet.
func (g *Generator) PublicHandler() http.Handler { return g.public }

// Serve serves both handlers until ctx is done. Then it gives running requests 5 seconds. One of several replicas goes on
// to serve for replica.Drain before.
func (g *Generator) Serve(ctx context.Context, private, public net.Listener) error {
	if g.opts.Replica != nil {
		if err := g.opts.Replica.Listen(private, public); err != nil {
			return err
		}
		var cancel context.CancelFunc
		ctx, cancel = replica.Draining(ctx)
		defer cancel()
	}
	return httpserver.Serve(ctx, g.opts.Logger, map[net.Listener]http.Handler{private: g.private, public: g.public})
}
