package generator

import (
	"context"
	"maps"
	"slices"

	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/internal/preview"
)

// Facts are the facts that the service has now.
func (g *Generator) Facts() preview.Facts { return g.refresher.facts() }

// Memory is the memory of the last snapshot.
func (g *Generator) Memory() preview.Memory { return g.refresher.memory }

// Encoded is how many environments, templates and parts were encoded for the saved state.
func (g *Generator) Encoded() uint64 { return g.refresher.store.Encoded() }

// TakeWork removes and returns the pending work.
func (g *Generator) TakeWork() pending.Work { return g.queue.Take() }

// TakeRequests removes and returns the pending requests. Other pending work is dropped.
func (g *Generator) TakeRequests() []preview.Request { return g.queue.Take().Requests.InOrder() }

// ApplyWork takes in the pending work and publishes a snapshot.
func (g *Generator) ApplyWork(ctx context.Context) { g.refresher.step(ctx, g.queue.Take(), false) }

// Callers is the number of ApplicationSets that are remembered.
func (g *Generator) Callers() int { return g.callers.Count() }

// MeasureAndPublish measures activity and publishes a snapshot, without any other read.
func (g *Generator) MeasureAndPublish(ctx context.Context) {
	g.refresher.reads.want(activityKey, true)
	g.refresher.step(ctx, pending.Work{}, false)
	g.refresher.finishReads(ctx)
}

// ServeChanged serves a changed copy of the snapshot that is served.
func (g *Generator) ServeChanged(change func(*preview.Snapshot)) {
	last := g.current.Published()
	s := *last.Snapshot
	s.Rows, s.Decisions = slices.Clone(s.Rows), slices.Clone(s.Decisions)
	s.Memory.Lives, s.Memory.Intents = maps.Clone(s.Memory.Lives), maps.Clone(s.Memory.Intents)
	change(&s)
	g.current.published.Store(last.WithSnapshot(&s))
}
