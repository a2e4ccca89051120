package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/applicationsets"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/internal/config"
)

// fixInput is the remedy for a wrong filter.
const fixInput = "fix spec.generators[].plugin.input.parameters of the ApplicationSet"

// getParams answers Argo CD. A 200 always has the complete list, because Argo CD deletes the Applications that it
// lacks.
func (a *API) getParams(c *gin.Context) {
	name, f, ok := a.readFilter(c)
	if !ok {
		return
	}
	p := a.published(c)
	if p == nil || !hasKnownValues(c, p, f) {
		return
	}
	isNew, err := a.Filters.Check(name, f, p)
	if err != nil {
		code := http.StatusServiceUnavailable // another replica may answer
		if _, waits := errors.AsType[*applicationsets.WaitingError](err); waits {
			code = http.StatusConflict
		}
		httpserver.Fail(c, code, "%s", err)
		return
	}
	if isNew {
		a.Queue.Add(pending.Work{Saves: true})
	}
	body, err := p.Body(f)
	if err != nil {
		_ = c.Error(err)
		return
	}
	a.Callers.Note(name, p.Number)
	writeGzip(c, body)
}

// readFilter returns the calling ApplicationSet and its filter. If the request is invalid, it answers 400, and ok is
// false.
func (a *API) readFilter(c *gin.Context) (name string, f answer.Filter, ok bool) {
	content, err := io.ReadAll(c.Request.Body)
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		httpserver.Fail(c, http.StatusBadRequest, "the body is larger than %d KiB", MaxRequestBody>>10)
		return "", nil, false
	}
	var r ParamsRequest
	if err == nil {
		err = json.Unmarshal(content, &r)
	}
	if err == nil && !bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		err = errors.New("expected a JSON object")
	}
	if err != nil {
		httpserver.Fail(
			c, http.StatusBadRequest, "the body isn't a request of Argo CD's plugin generator: %s",
			config.Printable(err.Error()),
		)
		return "", nil, false
	}
	a.Callers.Note(r.ApplicationSetName, 0)
	f, err = answer.ParseFilter(r.Input.Parameters)
	if err != nil {
		httpserver.Fail(c, http.StatusBadRequest, "%s; %s", err, fixInput)
		return "", nil, false
	}
	return r.ApplicationSetName, f, true
}

// hasKnownValues refuses a filter with an unknown value. Before the configuration was read, the value may be a new one;
// the answer is 503 then.
func hasKnownValues(c *gin.Context, p *answer.Published, f answer.Filter) bool {
	err := p.CheckFilter(f)
	switch {
	case err == nil:
		return true
	case p.Config == nil:
		httpserver.Fail(
			c, http.StatusServiceUnavailable, "%s; the configuration was never read, see /readyz?verbose", err,
		)
	default:
		httpserver.Fail(c, http.StatusBadRequest, "%s; %s", err, fixInput)
	}
	return false
}

// writeGzip writes a compressed body. Clients that don't accept gzip get it uncompressed.
func writeGzip(c *gin.Context, body []byte) {
	c.Header("Content-Type", "application/json; charset=utf-8")
	c.Header("Vary", "Accept-Encoding")
	if httpserver.AcceptsGzip(c.GetHeader("Accept-Encoding")) {
		c.Header("Content-Encoding", "gzip")
		c.Header("Content-Length", strconv.Itoa(len(body)))
		_, _ = c.Writer.Write(body) // the client may be gone
		return
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		_ = c.Error(err)
		return
	}
	_, _ = io.Copy(c.Writer, r) //nolint:gosec // G110: the generator has compressed it
}
