package api

import (
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/jsontext"
	"github.com/previewset/previewset/internal/preview"
)

// maxFactsClients bounds the clients that receive facts at once, because facts are large.
const maxFactsClients = 2

// getFacts answers the inputs of the snapshot, so that previewctl can compute the effect of another configuration with
// the same rules.
func (a *API) getFacts(c *gin.Context) {
	p := a.publishedWithConfig(c)
	if p == nil {
		return
	}
	if !a.factsSlots.TryAcquire(1) {
		httpserver.Fail(c, http.StatusServiceUnavailable, "other clients receive facts now; ask again in a moment")
		return
	}
	defer a.factsSlots.Release(1)
	c.Header("Content-Type", "application/json; charset=utf-8")
	c.Header("Vary", "Accept-Encoding")
	if !httpserver.AcceptsGzip(c.GetHeader("Accept-Encoding")) {
		writeInputs(c.Writer, p)
		return
	}
	c.Header("Content-Encoding", "gzip")
	zip := gzip.NewWriter(c.Writer)
	writeInputs(zip, p)
	_ = zip.Close() // the client may be gone
}

// writeInputs writes preview.Inputs as JSON, one repository at a time: the whole text can be larger than the generator's
// memory limit. A test compares the fields with those of preview.Inputs and preview.Facts.
func writeInputs(to io.Writer, p *answer.Published) {
	w := jsontext.NewWriter(to)
	field := func(name string, v any) {
		w.Text(name)
		w.JSON(v)
	}
	field(`{"Commit":`, p.Config.Commit)
	field(`,"Asked":`, preview.AskedRefs(p.Config))
	field(`,"Memory":`, p.Snapshot.Memory)
	field(`,"Facts":{"ConfigReadAt":`, p.Facts.ConfigReadAt)
	field(`,"Protected":`, p.Facts.Protected)
	field(`,"Cluster":`, p.Facts.Cluster)
	w.Text(`,"Repositories":{`)
	for i, name := range slices.Sorted(maps.Keys(p.Facts.Repositories)) {
		w.Comma(i)
		w.JSON(name)
		field(":", p.Facts.Repositories[name])
	}
	field(`},"Activity":`, p.Facts.Activity)
	field(`,"Skew":`, p.Facts.Skew)
	field(`,"PollInterval":`, p.Facts.PollInterval)
	field(`,"Settled":`, p.Facts.Settled)
	w.Text("}}\n")
}
