package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/httpserver"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

const (
	// maxRequestBody bounds the body of a request about an environment, in bytes.
	maxRequestBody = 4 << 10
	// maxCallerName bounds the caller's name, in characters.
	maxCallerName = 100
	unknownCaller = "an unknown user"
)

// postRequest takes a user's request that an environment wakes, sleeps, stays longer or starts new Pods.
func (a *API) postRequest(action, effect string) gin.HandlerFunc {
	return func(c *gin.Context) {
		p := a.published(c)
		if p == nil {
			return
		}
		r := preview.Request{Environment: c.Param("name"), Action: action, At: a.Now().UTC()}
		if err := readRequest(c.Request.Body, &r); err != nil {
			httpserver.Fail(c, http.StatusBadRequest, "%s", config.Printable(err.Error()))
			return
		}
		who := callerOf(c)
		if reason := who.refusal(p, r.Environment, r.At); reason != "" {
			httpserver.Fail(c, http.StatusForbidden, "%s", reason)
			return
		}
		r.By = cmp.Or(who.name, r.By)
		taken, err := a.Actions.Request(p, r, actions.Origin{Via: "API", Address: c.ClientIP()})
		if err != nil {
			httpserver.Fail(c, actions.StatusOf(err), "%s", config.Printable(err.Error()))
			return
		}
		accepted := Message{Message: r.Environment + " " + effect, Note: taken.Note}
		if !taken.Until.IsZero() {
			accepted.Until = &taken.Until
			if action == preview.ActionExtend {
				accepted.Message = r.Environment + " stays at least until " + taken.Until.UTC().Format("2006-01-02 15:04 UTC")
			}
		}
		c.JSON(http.StatusAccepted, accepted)
	}
}

// readRequest reads {"for": "48h", "caller": "alice"}. Both fields are optional, and so is the whole body.
func readRequest(body io.Reader, r *preview.Request) error {
	content, err := io.ReadAll(io.LimitReader(body, maxRequestBody+1))
	switch {
	case err != nil:
		return errors.New("the body can't be read")
	case len(content) > maxRequestBody:
		return fmt.Errorf("the body is larger than %d KiB", maxRequestBody>>10)
	case len(bytes.TrimSpace(content)) == 0:
		r.By = unknownCaller
		return nil
	}
	var fields EnvironmentRequest
	if !decodeObject(content, &fields) {
		return errors.New(`expected {"for": "48h", "caller": "alice"} in the body; both fields are optional`)
	}
	if fields.For != "" {
		if r.For, err = time.ParseDuration(fields.For); err != nil || r.For <= 0 {
			return fmt.Errorf(`for: %q isn't a duration; write it like "90m" or "48h"`, config.Printable(fields.For))
		}
	}
	r.By = cmp.Or(config.Shorten(config.Printable(fields.Caller), maxCallerName), unknownCaller)
	return nil
}

// decodeObject decodes exactly one JSON object without unknown fields.
func decodeObject(content []byte, v any) bool {
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	return d.Decode(v) == nil && errors.Is(d.Decode(new(any)), io.EOF) && bytes.HasPrefix(
		bytes.TrimSpace(content), []byte("{"),
	)
}
