package generator

import "github.com/previewset/previewset/internal/preview"

// Memory is what the service remembers now.
func (g *Generator) Memory() preview.Memory { return g.state.memory }

// Packed is how many environments and shapes were packed for what is saved, since the start.
func (g *Generator) Packed() uint64 { return g.state.packer.versions }
