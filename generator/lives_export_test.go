package generator

import (
	"context"

	"github.com/previewset/previewset/internal/preview"
)

// Facts are what the service knows now.
func (g *Generator) Facts() preview.Facts { return g.state.facts }

// Asked takes what was asked of environments and wasn't heeded yet.
func (g *Generator) Asked() []preview.Request { return g.requests.take().asks.inOrder() }

// Heed takes in what was asked, and publishes.
func (g *Generator) Heed(ctx context.Context) { g.step(ctx, g.requests.take()) }

// Measured measures and publishes, without any other read.
func (g *Generator) Measured(ctx context.Context) {
	g.state.reads.want(activityKey, true)
	g.step(ctx, scope{})
	for g.state.reads.busy() {
		g.received(<-g.state.reads.done)
		g.step(ctx, scope{})
	}
}

// DecodeMemory is what is made of the content of a store.
func DecodeMemory(content []byte) (preview.Memory, error) {
	f, err := decodeMemory(content)
	return f.Memory, err
}
