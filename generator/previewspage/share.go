package previewspage

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/history"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/generator/shares"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// sharedView is the page with a new link.
type sharedView struct {
	Person              person
	Name, Path, Address string
	Ends                time.Time
	clock
}

// share makes a link for guests and shows it.
func (s *Pages) share(c *gin.Context, v visitor, e *entry) {
	name := e.Name
	lifetime := duration(c.Request.PostFormValue("for"), actionShare)
	secret, err := s.Shares.Add(name, e.row.Owner, config.Shorten(config.Printable(callerOf(v)), maxFilterText), lifetime)
	if err != nil {
		status := http.StatusConflict
		if errors.Is(err, shares.ErrTooLong) {
			status = http.StatusBadRequest
		}
		s.message(c, status, notice{
			Person: s.personOf(v), Title: "Nothing was done", Text: sentence(err.Error()), Link: PathOf(name),
			LinkText: "Back to " + name,
		})
		return
	}
	s.note(c, name, callerOf(v), "made a link for guests")
	s.Actions.Queue.Add(pending.Work{Saves: true})
	s.render(c, http.StatusOK, "shared", sharedView{
		Person: s.personOf(v), Name: name, Path: PathOf(name), Address: s.URL.JoinPath(sharePath, secret).String(),
		Ends: s.Now().Add(lifetime), clock: clock{s.Now()},
	})
}

// revoke ends a link for guests.
func (s *Pages) revoke(c *gin.Context, v visitor, name string) error {
	if !s.Shares.Revoke(name, c.Request.PostFormValue("id")) {
		return &preview.RequestError{Unknown: true, Reason: "this link has ended", Remedy: "nothing needs to be done"}
	}
	s.note(c, name, callerOf(v), "revoked a link for guests")
	s.Actions.Queue.Add(pending.Work{Saves: true})
	return nil
}

// note logs what a person did about a link, and adds it to the preview's events.
func (s *Pages) note(c *gin.Context, name, caller, what string) {
	s.Logger.Info("link for guests", "env", name, "what", what, "caller", caller, "address", s.Sender(c.Request).String())
	s.History.Add(name, history.Event{At: s.Now(), What: what, Who: caller, From: via})
}

// guestView is the page of a guest. It has no text that people wrote about the preview.
type guestView struct {
	Name, Path, Address, Text string
	Phase                     preview.Phase
	CanWake                   bool
	Poll                      int // the seconds after which the page looks for a change
	Ends                      time.Time
	clock
}

// pollMoving and pollSettled are the seconds between two looks of a guest's page at a preview that changes by itself, and
// at another one.
const (
	pollMoving  = 3
	pollSettled = 15
)

// isMoving reports whether a live preview becomes ready or wakes without a person.
func (e *entry) isMoving() bool {
	return e != nil && e.IsLive() && !e.IsFailing() && e.Phase != preview.PhaseReady && e.Phase != preview.PhaseAsleep
}

// guest answers a person with a link for guests, who needn't sign in.
func (s *Pages) guest(c *gin.Context, p *answer.Published) {
	secret, action, isAction := strings.Cut(strings.TrimPrefix(c.Request.URL.Path, sharePath), "/")
	link, ok := s.Shares.Find(secret)
	switch {
	case !ok:
		s.message(c, http.StatusNotFound, notice{
			Title: "Not found", Text: "This link has ended, or it was revoked.", Remedy: "Ask the person who sent it for a new one.",
		})
	case !isAction && isRead(c.Request):
		s.showGuest(c, p, link)
	case action == preview.ActionWake && c.Request.Method == http.MethodPost && s.SignIn.IsOwnForm(c.Request):
		s.wakeForGuest(c, p, link)
	default:
		s.message(c, http.StatusNotFound, notice{Title: "Not found", Text: "This page doesn't exist."})
	}
}

func (s *Pages) showGuest(c *gin.Context, p *answer.Published, link shares.Share) {
	known, _ := s.Watch.Known()
	view := guestView{
		Name: link.Environment, Path: strings.TrimSuffix(c.Request.URL.Path, "/"), Ends: link.Ends, Phase: preview.PhaseRemoved,
		Text: "This preview doesn't exist any more.", clock: clock{s.Now()},
	}
	e := find(entriesOf(p, known, "", s.Now()), link.Environment)
	if e != nil && e.IsLive() {
		view.Phase, view.Text, view.Address = e.Phase, "", e.Address
		view.CanWake = e.row.State == preview.Asleep
		switch {
		case view.CanWake:
			view.Text, view.Address = "This preview is asleep. Its data is kept.", ""
		case e.IsFailing():
			view.Text = "This preview has a problem and may not work. Ask the person who sent you the link."
		case e.Phase != preview.PhaseReady:
			view.Text = "This preview starts and may not work yet. This page changes by itself when it is ready."
		}
	}
	view.Poll = pollSettled
	if e.isMoving() {
		view.Poll = pollMoving
	}
	s.render(c, http.StatusOK, "guest", view)
}

func (s *Pages) wakeForGuest(c *gin.Context, p *answer.Published, link shares.Share) {
	e := find(entriesOf(p, nil, "", s.Now()), link.Environment)
	if e == nil || e.row == nil || e.row.State != preview.Asleep { // it isn't asleep, so there is nothing to wake
		c.Redirect(http.StatusSeeOther, strings.TrimSuffix(c.Request.URL.Path, "/"+preview.ActionWake))
		return
	}
	_, err := s.Actions.Request(p, preview.Request{
		Environment: link.Environment, Action: preview.ActionWake, By: "a guest of " + link.By, At: s.Now().UTC(),
	}, actions.Origin{Via: "link for guests", Address: s.Sender(c.Request).String()})
	if err != nil {
		s.message(c, actions.StatusOf(err), notice{
			Title: "Nothing was done", Text: "This preview can't wake now.", Remedy: "Ask the person who sent you the link.",
		})
		return
	}
	c.Redirect(http.StatusSeeOther, strings.TrimSuffix(c.Request.URL.Path, "/"+preview.ActionWake))
}
