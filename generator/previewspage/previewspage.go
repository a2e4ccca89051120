// Package previewspage serves the previews page: a list of all previews and a page for each one, for signed-in people. The
// pages read the published snapshot; what people do there becomes a request, as in the API.
//
// The pages work without JavaScript. With it, a small script replaces the changed parts when the generator tells of a
// change by server-sent events.
package previewspage

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/previewset/previewset/generator/actions"
	"github.com/previewset/previewset/generator/answer"
	"github.com/previewset/previewset/generator/eventstream"
	"github.com/previewset/previewset/generator/history"
	"github.com/previewset/previewset/generator/progress"
	"github.com/previewset/previewset/generator/shares"
	"github.com/previewset/previewset/generator/signin"
	"github.com/previewset/previewset/generator/status"
	"github.com/previewset/previewset/internal/config"
)

// Options are the parts that the pages need.
type Options struct {
	// URL is the address of the pages, without a path.
	URL *url.URL
	// SignIn recognises people.
	SignIn *signin.SignIn
	// Snapshots has the snapshot that is served now; nil before the first one.
	Snapshots interface{ Published() *answer.Published }
	// Status returns the state of the sources in the last refresh cycle.
	Status   func() *status.Status
	Actions  *actions.Actions
	History  *history.Log
	Shares   *shares.Shares
	Progress *progress.Reader
	Watch    *progress.Watch
	// Sender returns the address of a request's sender, for the log.
	Sender func(*http.Request) netip.Prefix
	Now    func() time.Time
	Logger *slog.Logger
}

// Pages answers requests to the host of the pages.
type Pages struct {
	Options
	streams eventstream.Streams
}

// New returns Pages.
func New(o Options) *Pages {
	return &Pages{Options: o}
}

// Answers reports whether a request is to the host of the pages.
func (s *Pages) Answers(r *http.Request) bool { return strings.EqualFold(r.Host, s.URL.Host) }

// PathOf returns the path of an environment's page.
func PathOf(environment string) string { return environmentPath + url.PathEscape(environment) }

const (
	environmentPath = "/previews/"
	sharePath       = "/share/"
	eventsPath      = "/events"
	changesPath     = "/changes"
	signedOutPath   = "/signed-out"
)

// visitor is a signed-in person with a role.
type visitor struct {
	signin.Person
	role config.Role
}

// may reports whether the person may do something with an environment that is their own or not.
func (v visitor) may(isOwn bool) bool {
	return v.role.Includes(config.RoleAdmin) || (isOwn && v.role.Includes(config.RoleDeveloper))
}

// Handle answers a request.
func (s *Pages) Handle(c *gin.Context) {
	setHeaders(c.Writer.Header())
	p := s.Snapshots.Published()
	switch {
	case p == nil || p.Config == nil: // a sign-in needs the groups of access.yaml
		s.message(c, http.StatusServiceUnavailable, notice{
			Title: "Not ready", Text: "The preview service has just started and hasn't read its configuration yet.",
			Remedy: "Reload this page in a moment.",
		})
	case s.hostProblem(p.Config) != "":
		s.message(c, http.StatusServiceUnavailable, notice{Title: "Not available", Text: s.hostProblem(p.Config)})
	case strings.HasPrefix(c.Request.URL.Path, sharePath):
		s.guest(c, p)
	case s.SignIn.OIDC == nil || !s.handleSignIn(c):
		s.handlePage(c, p)
	}
}

// handleSignIn answers requests about the sign-in itself.
func (s *Pages) handleSignIn(c *gin.Context) (handled bool) {
	var err error
	switch path := c.Request.URL.Path; {
	case path == signin.StartPath && isRead(c.Request):
		err = s.SignIn.Start(c.Writer, c.Request, c.Query("next"))
	case path == signin.CallbackPath && isRead(c.Request):
		var next string
		if next, err = s.SignIn.Finish(c.Writer, c.Request); err == nil {
			c.Redirect(http.StatusSeeOther, next)
		}
	case path == signedOutPath && isRead(c.Request):
		s.message(c, http.StatusOK, notice{Title: "You are signed out", Link: signin.StartPath, LinkText: "Sign in"})
	default:
		return false
	}
	if err != nil {
		s.refuseSignIn(c, err)
	}
	return true
}

func (s *Pages) refuseSignIn(c *gin.Context, err error) {
	failed, ok := errors.AsType[*signin.Error](err)
	if !ok {
		_ = c.Error(err)
		return
	}
	s.message(c, http.StatusForbidden, notice{
		Title: "Sign-in failed", Text: sentence(failed.Reason), Remedy: sentence(failed.Remedy),
		Link: signin.StartPath, LinkText: "Sign in",
	})
}

// handlePage answers requests of signed-in people.
func (s *Pages) handlePage(c *gin.Context, p *answer.Published) {
	person, ok := s.SignIn.Person(c.Request)
	s.SignIn.Proxy.RemoveHeaders(c.Request.Header)
	if !ok {
		s.askToSignIn(c)
		return
	}
	person.Login = p.Config.Access.LoginOf(person.Person)
	v := visitor{Person: person, role: p.Config.Access.RoleOf(person.Person)}
	if c.Request.URL.Path == signin.EndPath && c.Request.Method == http.MethodPost {
		s.signOut(c, v)
		return
	}
	if v.role == "" {
		s.refuseWithoutRole(c, v)
		return
	}
	s.route(c, p, v)
}

func (s *Pages) route(c *gin.Context, p *answer.Published, v visitor) {
	path := c.Request.URL.Path
	name, action, isAction := strings.Cut(strings.TrimPrefix(path, environmentPath), "/")
	isEnvironment := strings.HasPrefix(path, environmentPath) && name != ""
	switch {
	case path == "/" && isRead(c.Request):
		s.list(c, p, v)
	case path == changesPath && isRead(c.Request):
		s.changes(c, p, v)
	case path == eventsPath && isRead(c.Request):
		s.stream(c, v)
	case isEnvironment && !isAction && isRead(c.Request):
		s.detail(c, p, v, name)
	case isEnvironment && isAction && c.Request.Method == http.MethodPost:
		s.act(c, p, v, name, action)
	default:
		s.notFound(c, v, "This page doesn't exist.")
	}
}

// hostProblem says why a preview could have the pages' own host, and with it people's sessions; "" if none can.
func (s *Pages) hostProblem(c *config.Config) string {
	host, domain := strings.ToLower(s.URL.Hostname()), strings.ToLower(c.Policy.Domain)
	name, isBelow := strings.CutSuffix(host, "."+domain)
	if domain == "" || !isBelow || config.IsReservedName(name) {
		return ""
	}
	return "A preview could get the host " + host + ". Start the generator with --pages-url=https://previews." + domain +
		", or with a host outside of " + domain + "."
}

func (s *Pages) askToSignIn(c *gin.Context) {
	switch {
	case s.SignIn.OIDC == nil:
		s.message(c, http.StatusUnauthorized, notice{
			Title: "Not signed in", Text: "The proxy before this page didn't say who you are.",
			Remedy: "Open the page through the proxy that signs you in: " + s.URL.String(),
		})
	case c.Request.Method == http.MethodGet && c.Request.URL.Path != eventsPath:
		next := signin.LocalPath(c.Request.URL.RequestURI())
		c.Redirect(http.StatusSeeOther, signin.StartPath+"?next="+url.QueryEscape(next))
	default:
		s.message(c, http.StatusUnauthorized, notice{
			Title: "Not signed in", Text: "Your session has ended.", Link: signin.StartPath, LinkText: "Sign in",
		})
	}
}

func (s *Pages) signOut(c *gin.Context, v visitor) {
	if !s.SignIn.CheckForm(c.Request, v.Person) {
		s.refuseForm(c, v)
		return
	}
	s.SignIn.End(c.Writer)
	c.Redirect(http.StatusSeeOther, signedOutPath)
}

func (s *Pages) refuseWithoutRole(c *gin.Context, v visitor) {
	known := "e-mail address " + v.Email
	switch {
	case v.Login != "":
		known = "GitHub login " + v.Login
	case v.Email == "":
		known = "name at the identity provider, " + v.Subject
	}
	s.message(c, http.StatusForbidden, notice{
		Person: s.personOf(v), Title: "No access", Text: "You are signed in, but " + config.AccessFile + " gives you no role.",
		Remedy: "Ask the platform team to add you or one of your groups to " + config.AccessFile + ". Your " + known +
			". Then sign out and in again.",
	})
}

func (s *Pages) refuseForm(c *gin.Context, v visitor) {
	s.message(c, http.StatusForbidden, notice{
		Person: s.personOf(v), Title: "Nothing was done", Text: "The form didn't come from this page in your session.",
		Remedy: "Open the page again, and send the form from there.", Link: "/", LinkText: "All previews",
	})
}

func (s *Pages) notFound(c *gin.Context, v visitor, text string) {
	s.message(c, http.StatusNotFound, notice{
		Person: s.personOf(v), Title: "Not found", Text: text, Link: "/", LinkText: "All previews",
	})
}

func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }
