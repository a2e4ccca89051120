// Package signin finds out who opens the previews page. People sign in with OpenID Connect, or a trusted proxy names
// them in headers. A session is a sealed cookie: the generator keeps no list of sessions.
//
// The package doesn't decide what a person may do; see config.Access.
package signin

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/internal/config"
)

const (
	// sessionLifetime is how long a person stays signed in.
	sessionLifetime = 8 * time.Hour
	// startLifetime is how long a person may take to sign in at the identity provider.
	startLifetime = 10 * time.Minute
)

// Paths of the sign-in on the host of the previews page.
const (
	StartPath    = "/signin"
	CallbackPath = "/signin/callback"
	EndPath      = "/signout"
)

// Person is a signed-in person.
type Person struct {
	config.Person
	// Subject is the identity provider's lasting name of the person.
	Subject string
	// Name is the name to display.
	Name string
	// session is random for each sign-in; empty if a proxy names the person.
	session string
}

// Options are the settings of a SignIn.
type Options struct {
	// URL is the address of the previews page, without a path.
	URL *url.URL
	// Key seals cookies. If it is nil, a new random key is used, and all sessions end with the process.
	Key *secret.File
	// OIDC is the identity provider; nil if people come only through a proxy.
	OIDC *OIDC
	// Proxy is the proxy that names signed-in people.
	Proxy Proxy
	// KnowsGroup reports whether access.yaml names a group. A session keeps only these groups of a person.
	KnowsGroup func(group string) bool
	Now        func() time.Time
	Logger     *slog.Logger
}

// SignIn signs people in and recognises them. It is safe for concurrent use.
type SignIn struct {
	Options
	sealer   sealer
	provider provider
}

// New returns a SignIn.
func New(o Options) *SignIn {
	random := rand.Text()
	s := &SignIn{Options: o, sealer: sealer{key: func() string {
		if o.Key == nil {
			return random
		}
		return o.Key.Value()
	}}}
	if o.OIDC != nil {
		s.provider = provider{settings: o.OIDC, redirect: o.URL.JoinPath(CallbackPath).String(), now: o.Now}
	}
	return s
}

// Person returns the signed-in person of a request. The proxy's headers count before a session.
func (s *SignIn) Person(r *http.Request) (p Person, ok bool) {
	if p, ok = s.Proxy.Person(r.Header); ok {
		return p, true
	}
	if s.OIDC == nil {
		return Person{}, false
	}
	var from session
	if !s.readCookie(r, sessionCookie, &from) || !s.Now().Before(from.Ends) {
		return Person{}, false
	}
	return from.person(), true
}

// session is the content of the session's cookie. Roles aren't in it: access.yaml decides at each request.
type session struct {
	ID      string    `json:"id"`
	Subject string    `json:"sub"`
	Name    string    `json:"name,omitempty"`
	Email   string    `json:"email,omitempty"`
	Login   string    `json:"login,omitempty"`
	Groups  []string  `json:"groups,omitempty"`
	Ends    time.Time `json:"ends"`
}

func (s session) person() Person {
	return Person{
		Person:  config.Person{Email: s.Email, Login: s.Login, Groups: s.Groups},
		Subject: s.Subject, Name: s.Name, session: s.ID,
	}
}

// End signs a person out of the previews page. The identity provider's session stays.
func (s *SignIn) End(w http.ResponseWriter) { s.dropCookie(w, sessionCookie) }

// The cookies' names. Over https they get a prefix with which browsers refuse cookies that another host has set.
const (
	sessionCookie = "previewset"
	startCookie   = "previewset-signin"
	hostPrefix    = "__Host-"
)

func (s *SignIn) isSecure() bool { return s.URL.Scheme == "https" }

func (s *SignIn) cookie(name, value string, lifetime time.Duration) *http.Cookie {
	if s.isSecure() {
		name = hostPrefix + name
	}
	return &http.Cookie{ //nolint:gosec // G124: http is allowed on loopback only
		Name: name, Value: value, Path: "/", MaxAge: int(lifetime / time.Second), HttpOnly: true, Secure: s.isSecure(),
		SameSite: http.SameSiteLaxMode, // links from GitHub and the way back from the identity provider carry it
	}
}

func (s *SignIn) setCookie(w http.ResponseWriter, name string, content any, lifetime time.Duration) error {
	sealed, err := s.sealer.seal(s.URL.Host+" "+name, content)
	if err == nil {
		http.SetCookie(w, s.cookie(name, sealed, lifetime))
	}
	return err
}

func (s *SignIn) dropCookie(w http.ResponseWriter, name string) {
	c := s.cookie(name, "", 0) //nolint:gosec // G124: http is allowed on loopback only
	c.MaxAge = -1
	http.SetCookie(w, c)
}

// readCookie opens a cookie that setCookie has set.
func (s *SignIn) readCookie(r *http.Request, name string, content any) bool {
	c, err := r.Cookie(s.cookie(name, "", 0).Name)
	return err == nil && s.sealer.open(s.URL.Host+" "+name, c.Value, content) == nil
}

// LocalPath returns a path on the previews page, or "/" for anything that could lead to another host.
func LocalPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(path, "/") ||
		strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") || len(path) > maxPath {
		return "/"
	}
	return path
}

// maxPath bounds the path to which a person returns after the sign-in, in bytes.
const maxPath = 300
