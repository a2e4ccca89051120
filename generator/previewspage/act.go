package previewspage

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/pending"
	"github.com/previewset/previewset/internal/config"
	"github.com/previewset/previewset/internal/preview"
)

// The actions that only this page has: confirm the removal of an environment that waits for it, make a link for guests,
// and revoke one.
const (
	actionConfirm = "confirm"
	actionShare   = "share"
	actionRevoke  = "revoke"
)

// action is a button on a preview's page.
type action struct {
	Name, Text string
	// Durations are offered for the action; empty if it takes none.
	Durations []string
	// IsDangerous marks the action that deletes data.
	IsDangerous bool
}

// doneTexts are the sentences after an action. done adds to them.
var doneTexts = map[string]string{
	preview.ActionWake:     "You asked to wake this preview.",
	preview.ActionSleep:    "The preview goes to sleep. Its data is kept.",
	preview.ActionExtend:   "You extended this preview.",
	preview.ActionRedeploy: "You asked to start new Pods with the same commits.",
	actionConfirm:          "The removal is confirmed.",
	actionShare:            "The link for guests is made.",
	actionRevoke:           "The link is revoked.",
}

// doneText returns the sentences on the page after an action: the action, its result, and what limits the result.
func doneText(p *answer.Published, r preview.Request) string {
	text := doneTexts[r.Action]
	if text == "" || p.Config == nil {
		return text
	}
	if r.Action == preview.ActionExtend {
		text += " It stays at least until " + clock{}.UTC(p.Snapshot.EndOf(p.Config, r)) + "."
	}
	if note := sentence(p.Snapshot.NoteOn(p.Config, r)); note != "" {
		text += " " + note
	}
	return text
}

// offerTexts are the texts of the buttons for requests.
var offerTexts = map[string]string{
	preview.ActionWake: "Wake", preview.ActionSleep: "Put to sleep", preview.ActionExtend: "Extend",
	preview.ActionRedeploy: "Redeploy",
}

// actionsOf returns what a person may do with a preview.
func actionsOf(p *answer.Published, e *entry, v visitor) []action {
	var all []action
	if !v.may(e.IsOwn) {
		return nil
	}
	for _, o := range actions.Offers(p, e.Name, e.row, e.Decision) {
		all = append(all, action{Name: o.Action, Text: offerTexts[o.Action], Durations: o.For})
	}
	if e.row != nil {
		all = append(all, action{
			Name: actionShare, Text: "Share with guests", Durations: actions.Texts(actions.Durations),
		})
	}
	if v.role.Includes(config.RoleAdmin) && p.WaitsForConfirmation(e.Name) {
		all = append(all, action{Name: actionConfirm, Text: "Confirm the removal", IsDangerous: true})
	}
	return all
}

// act takes a form of a preview's page.
func (s *Pages) act(c *gin.Context, p *answer.Published, v visitor, name, chosen string) {
	if !s.SignIn.CheckForm(c.Request, v.Person) {
		s.refuseForm(c, v)
		return
	}
	known, _ := s.Watch.Known()
	e := find(entriesOf(p, known, v.Login, s.Now()), name)
	if e == nil {
		s.notFound(c, v, "No preview has this name, or it was removed.")
		return
	}
	if doneTexts[chosen] == "" || (chosen == actionShare && e.row == nil) {
		s.notFound(c, v, "This page doesn't exist.")
		return
	}
	isAllowed := v.may(e.IsOwn) && (chosen != actionConfirm || v.role.Includes(config.RoleAdmin))
	if !isAllowed {
		s.refuseAction(c, v, e, chosen)
		return
	}
	var err error
	length := duration(c.Request.PostFormValue("for"), chosen)
	from := actions.Origin{Via: via, Address: s.Sender(c.Request).String()}
	switch chosen {
	case actionShare:
		s.share(c, v, e)
		return
	case actionRevoke:
		err = s.revoke(c, v, name)
	case actionConfirm:
		if c.Request.PostFormValue("sure") == "" {
			s.render(c, http.StatusOK, "confirm", detailView{Person: s.personOf(v), Entry: e})
			return
		}
		if err = s.confirm(p, name, callerOf(v), from); err == nil {
			s.message(c, http.StatusOK, notice{
				Person: s.personOf(v), Title: name + " is being removed", Link: "/", LinkText: "All previews",
				Text: "Argo CD deletes its namespace with all data in it.",
			})
			return
		}
	default:
		_, err = s.Actions.Request(p, preview.Request{
			Environment: name, Action: chosen, For: length, By: callerOf(v), At: s.Now().UTC(),
		}, from)
	}
	if err != nil {
		s.message(c, actions.StatusOf(err), notice{
			Person: s.personOf(v), Title: "Nothing was done", Text: sentence(config.Printable(err.Error())), Link: PathOf(name),
			LinkText: "Back to " + name,
		})
		return
	}
	done := url.Values{"done": {chosen}}
	if length > 0 {
		done.Set("for", config.FormatDuration(length))
	}
	c.Redirect(http.StatusSeeOther, PathOf(name)+"?"+done.Encode())
}

// via names the page in the log and in events.
const via = "previews page"

// callerOf names a person in messages and the log: the GitHub login, because other people know it, or the name that the
// identity provider gives.
func callerOf(v visitor) string {
	if v.Login != "" || v.Email != "" || v.Name == v.Subject {
		return cmp.Or(v.Login, v.Email, v.Subject)
	}
	return v.Name + " (" + v.Subject + ")" // people choose their names themselves
}

// duration reads an offered duration of an action; 0 for an action without one. For an extension 0 means the longest
// one.
func duration(text, chosen string) time.Duration {
	d, err := time.ParseDuration(text)
	takesOne := chosen == preview.ActionExtend || chosen == actionShare
	if err != nil || !takesOne || !slices.Contains(actions.Durations, d) {
		return 0
	}
	return d
}

func (s *Pages) confirm(p *answer.Published, name, caller string, from actions.Origin) error {
	if !p.WaitsForConfirmation(name) {
		return &preview.RequestError{
			Reason: name + " doesn't wait for confirmation any more", Remedy: "nothing needs to be done",
		}
	}
	s.Actions.Confirm(pending.Work{Confirmed: []string{name}}, config.Printable(caller), s.Now(), from)
	return nil
}

func (s *Pages) refuseAction(c *gin.Context, v visitor, e *entry, chosen string) {
	text := "You may see this preview, but only its owner, the authors of its pull requests, holders of its slot and " +
		"admins may change it."
	remedy := "Ask " + cmp.Or(e.Owner, "the platform team") + ", or ask the platform team for a role in " +
		config.AccessFile + "."
	switch {
	case chosen == actionConfirm:
		text, remedy = "Only admins confirm removals.", "Ask an admin, or the platform team for that role."
	case e.IsOwn:
		text = "This preview is yours, but only people with the role developer may change their previews."
		remedy = "Ask the platform team for that role in " + config.AccessFile + "."
	case v.Login == "":
		remedy = "The generator doesn't know your GitHub login. Ask the platform team to add it under people in " +
			config.AccessFile + "."
	}
	s.message(c, http.StatusForbidden, notice{
		Person: s.personOf(v), Title: "Nothing was done", Text: text, Remedy: remedy, Link: PathOf(e.Name),
		LinkText: "Back to " + e.Name,
	})
}
