package generator

import "github.com/previewset/previewset/internal/preview"

// Memory is what the service remembers now.
func (g *Generator) Memory() preview.Memory { return g.state.memory }
