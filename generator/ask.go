package generator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/internal/preview"
)

const (
	// maxAsk bounds the body of a request about an environment, in bytes.
	maxAsk = 4 << 10
	// maxCaller bounds the name of who asks, in characters.
	maxCaller = 100
	// maxAsked bounds how many requests wait for the next answer: three for each environment that there can be.
	maxAsked = 15_000
)

// askKey tells requests apart of which one is enough.
type askKey struct{ environment, action string }

// asks are what is asked of environments until the refresher takes it.
type asks map[askKey]preview.Request

// add takes a request in: a burst is one, which is as late as its last and as long as its longest.
func (a *asks) add(r preview.Request) {
	if *a == nil {
		*a = asks{}
	}
	key := askKey{r.Environment, r.Action}
	before, known := (*a)[key]
	switch {
	case !known && len(*a) >= maxAsked:
		return
	case known && isLonger(before, r):
		before.At = later(before.At, r.At)
		r = before
	case known:
		r.At = later(before.At, r.At)
	}
	(*a)[key] = r
}

// isLonger says which of two like requests is longer. An extension of no length is as long as may be.
func isLonger(a, b preview.Request) bool {
	if a.Action == preview.ActionExtend && (a.For == 0 || b.For == 0) {
		return b.For != 0
	}
	return a.For > b.For
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// inOrder are the requests as they came.
func (a asks) inOrder() []preview.Request {
	all := make([]preview.Request, 0, len(a))
	for _, r := range a {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b preview.Request) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Action, b.Action))
	})
	return all
}

// request has the refresher heed what somebody asks of an environment, with the next answer, which is made at once.
func (g *Generator) request(r preview.Request) {
	s := scope{}
	s.asks.add(r)
	g.requests.add(s)
}

// heed notes in memory what was asked. The refresher calls it.
func (g *Generator) heed(a asks) {
	for _, r := range a.inOrder() {
		g.state.memory.Ask(r)
		g.state.unsaved = true
	}
}

// askFor takes somebody's wish that an environment wakes, sleeps or stays.
func (g *Generator) askFor(action, done string) gin.HandlerFunc {
	return func(c *gin.Context) {
		s := g.current(c)
		if s == nil {
			return
		}
		r := preview.Request{Environment: c.Param("name"), Action: action, At: g.opts.Now().UTC()}
		if err := readAsk(c.Request.Body, &r); err != nil {
			fail(c, http.StatusBadRequest, "%s", preview.Printable(err.Error()))
			return
		}
		if s.inputs.config == nil {
			fail(c, http.StatusServiceUnavailable, "the configuration can't be read, so nothing can be asked; see /readyz?verbose")
			return
		}
		if err := s.snapshot.Check(s.inputs.config, r); err != nil {
			fail(c, refusal(err), "%s", preview.Printable(err.Error()))
			return
		}
		g.opts.Logger.Info("asked", "env", r.Environment, "action", action, "for", r.For.String(), "caller", r.By, "address", c.ClientIP())
		g.request(r)
		c.JSON(http.StatusAccepted, gin.H{"message": r.Environment + " " + done})
	}
}

// refusal is the status of why a request can't be met.
func refusal(err error) int {
	e, ok := errors.AsType[*preview.RequestError](err)
	switch {
	case ok && e.Unknown:
		return http.StatusNotFound
	case ok && e.Invalid:
		return http.StatusBadRequest
	}
	return http.StatusConflict
}

// readAsk reads {"for": "48h", "caller": "alice"}; both may be missing, and so may all of it.
func readAsk(body io.Reader, r *preview.Request) error {
	content, err := io.ReadAll(io.LimitReader(body, maxAsk+1))
	switch {
	case err != nil:
		return errors.New("the body can't be read")
	case len(content) > maxAsk:
		return fmt.Errorf("the body is larger than %d KiB", maxAsk>>10)
	case len(bytes.TrimSpace(content)) == 0:
		r.By = "somebody"
		return nil
	}
	var asked struct {
		For    string `json:"for"`
		Caller string `json:"caller"`
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err = d.Decode(&asked); err != nil || d.Decode(new(any)) != io.EOF || !bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		return errors.New(`the body is not {"for": "48h", "caller": "alice"}; both may be left out`)
	}
	if asked.For != "" {
		if r.For, err = time.ParseDuration(asked.For); err != nil || r.For <= 0 {
			return fmt.Errorf(`%q is not a length of time; write it like "90m" or "48h"`, preview.Printable(asked.For))
		}
	}
	r.By = cmp.Or(shortened(preview.Printable(asked.Caller), maxCaller), "somebody")
	return nil
}

// shortened is as much of a text as fits into so many characters.
func shortened(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
