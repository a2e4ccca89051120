package generator

import (
	"context"

	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/internal/preview"
)

// Facts are the facts that the generator has now.
func (g *Generator) Facts() preview.Facts { return g.refresher.facts() }

// Memory is the memory of the last snapshot.
func (g *Generator) Memory() preview.Memory { return g.refresher.memory }

// Encoded is how many environments, templates and parts were encoded for the saved state.
func (g *Generator) Encoded() uint64 { return g.refresher.store.Encoded() }

// MeasureAndPublish measures activity and publishes a snapshot, without any other read.
func (g *Generator) MeasureAndPublish(ctx context.Context) {
	g.refresher.reads.want(activityKey, true)
	g.refresher.step(ctx, pending.Work{}, false)
	g.refresher.finishReads(ctx)
}
