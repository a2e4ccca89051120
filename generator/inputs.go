package generator

import (
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/internal/preview"
)

// maxInputs bounds how many are sent what the answer was computed from at once: it is everything that the service knows.
const maxInputs = 2

// inputs are what a snapshot was computed from.
type inputs struct {
	config *preview.Config // nil where only memory answers
	facts  preview.Facts
}

// inputs are what the refresher has now. What is in the facts is never changed, only replaced.
func (g *Generator) inputs() inputs {
	facts := g.state.facts
	facts.Repositories = maps.Clone(facts.Repositories)
	return inputs{config: g.state.config, facts: facts}
}

// prefix is that of namespaces and Applications; "" where configuration was never read.
func (in inputs) prefix() string {
	if in.config == nil {
		return ""
	}
	return in.config.Policy.NamespacePrefix
}

// getFacts answers what the newest answer was computed from, so that previewctl computes what another configuration would
// be answered, with the same rules.
func (g *Generator) getFacts(c *gin.Context) {
	s := g.current(c)
	if s == nil {
		return
	}
	if s.inputs.config == nil {
		fail(c, http.StatusServiceUnavailable, "the configuration was never read; see /readyz?verbose")
		return
	}
	if !g.sending.TryAcquire(1) {
		fail(c, http.StatusServiceUnavailable, "the facts are being sent to others; ask again in a moment")
		return
	}
	defer g.sending.Release(1)
	c.Header("Content-Type", "application/json; charset=utf-8")
	c.Header("Vary", "Accept-Encoding")
	if !acceptsGzip(c.GetHeader("Accept-Encoding")) {
		s.writeInputs(c.Writer)
		return
	}
	c.Header("Content-Encoding", "gzip")
	zip := gzip.NewWriter(c.Writer)
	s.writeInputs(zip)
	_ = zip.Close() // the client may go
}

// writeInputs writes preview.Inputs as JSON, a repository at a time: together they can be larger than the service may be.
func (s *served) writeInputs(to io.Writer) {
	in, w := s.inputs, &stickyWriter{w: to}
	w.text(`{"Commit":`)
	w.json(in.config.Commit)
	w.text(`,"Asked":`)
	w.json(in.config.Asked())
	w.text(`,"Memory":`)
	w.json(s.snapshot.Memory)
	w.text(`,"Facts":{"Protected":`)
	w.json(in.facts.Protected)
	w.text(`,"Cluster":`)
	w.json(in.facts.Cluster)
	w.text(`,"Repositories":{`)
	for i, name := range slices.Sorted(maps.Keys(in.facts.Repositories)) {
		if i > 0 {
			w.text(",")
		}
		w.json(name)
		w.text(":")
		w.json(in.facts.Repositories[name])
	}
	w.text(`},"Activity":`)
	w.json(in.facts.Activity)
	w.text(`,"Skew":`)
	w.json(in.facts.Skew)
	w.text(`,"Settled":`)
	w.json(in.facts.Settled)
	w.text("}}\n")
}
