// Package actions takes what people ask about environments: that one wakes, sleeps, stays longer or starts new Pods, or that
// a removal is confirmed. It checks each request against the snapshot that is served now, and adds it to the pending work. The API,
// the previews page, guests' links and the buttons at GitHub share it. It doesn't decide who may ask.
package actions

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/history"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// Origin says where a request comes from.
type Origin struct {
	// Via is the part of the generator that received it: the API or the previews page.
	Via string
	// Address is the sender's network address.
	Address string
}

// Accepted is the answer to a request.
type Accepted struct {
	// Until is the time until which the request keeps the environment or holds it awake; zero without such a time.
	Until time.Time
	// Note is what the person should know about the request; "" if there is nothing.
	Note string
}

// ErrNoConfig refuses a request while the configuration is unknown.
var ErrNoConfig = errors.New("requests need the configuration, which was never read; see /readyz?verbose")

// Actions takes requests. It is safe for concurrent use.
type Actions struct {
	Queue   *pending.Queue
	History *history.Log
	Logger  *slog.Logger
}

// past says what an action did.
var past = map[string]string{
	preview.ActionWake: "asked to wake", preview.ActionSleep: "asked to sleep", preview.ActionExtend: "extended",
	preview.ActionRedeploy: "asked to redeploy",
}

// Request checks a request against a snapshot and adds it to the pending work. Its errors are ErrNoConfig and
// *preview.RequestError.
func (a *Actions) Request(p *answer.Published, r preview.Request, from Origin) (Accepted, error) {
	if p.Config == nil {
		return Accepted{}, ErrNoConfig
	}
	if err := p.Snapshot.Check(p.Config, r); err != nil {
		return Accepted{}, err
	}
	a.Logger.Info("request received", "env", r.Environment, "action", r.Action, "for", r.For.String(), "caller", r.By,
		"address", from.Address, "via", from.Via)
	what := past[r.Action]
	if r.For > 0 {
		what += " for " + config.FormatDuration(r.For)
	}
	a.History.Add(r.Environment, history.Event{At: r.At, What: what, Who: r.By, From: from.Via})
	a.Queue.Request(r)
	return Accepted{
		Until: p.Snapshot.EndOf(p.Config, r).Truncate(time.Second), Note: p.Snapshot.NoteOn(p.Config, r),
	}, nil
}

// Confirm confirms the removal of environments that wait for it, and repositories that aren't read. The caller has
// checked the names.
func (a *Actions) Confirm(work pending.Work, caller string, at time.Time, from Origin) {
	a.Logger.Warn("removal confirmed", "names", work.Confirmed, "caller", caller, "address", from.Address,
		"via", from.Via)
	for _, name := range work.Confirmed {
		a.History.Add(name, history.Event{At: at, What: "removal confirmed", Who: caller, From: from.Via})
	}
	a.Queue.Add(work)
}

// StatusOf returns the HTTP status code for an error of Request.
func StatusOf(err error) int {
	e, ok := errors.AsType[*preview.RequestError](err)
	switch {
	case errors.Is(err, ErrNoConfig):
		return http.StatusServiceUnavailable
	case ok && e.Unknown:
		return http.StatusNotFound
	case ok && e.Invalid:
		return http.StatusBadRequest
	}
	return http.StatusConflict
}
