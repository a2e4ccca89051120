package signin

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/previewset/previewset/generator/secret"
	"github.com/previewset/previewset/internal/config"
)

const (
	// providerTimeout bounds each request to the identity provider.
	providerTimeout = 10 * time.Second
	// discoveryRetry is the time between two attempts to read the provider's endpoints.
	discoveryRetry = 2 * time.Second
	// maxName bounds a person's name in characters, maxText other texts of the identity provider.
	maxName, maxText = 100, 254
	// maxGroups bounds the groups of a person in a session, maxGroupBytes their total length.
	maxGroups, maxGroupBytes = 50, 1500
)

// OIDC are the settings of an identity provider (https://openid.net/specs/openid-connect-core-1_0.html).
type OIDC struct {
	// Issuer is the provider's address, exactly as it names itself.
	Issuer   string
	ClientID string
	// ClientSecret is nil for a public client.
	ClientSecret *secret.File
	// Scopes are asked for; openid is always asked for.
	Scopes []string
	// GroupsClaim names the claim with a person's groups.
	GroupsClaim string
	// LoginClaim names the claim with the GitHub login; empty if there is none. The provider must not let people choose it.
	LoginClaim string
}

// start is the content of the cookie that a browser keeps while its user is at the identity provider.
type start struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Next     string    `json:"next"`
	Ends     time.Time `json:"ends"`
}

// provider knows the identity provider's endpoints and keys. It reads them at the first sign-in; after a failure it
// tries again, but not more often than every discoveryRetry.
type provider struct {
	settings *OIDC
	redirect string
	now      func() time.Time

	mu     sync.Mutex
	known  *oidc.Provider
	failed error // of the last discovery
	retry  time.Time
}

func (p *provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	if p.now().Before(p.retry) { // a client can ask often, and each request could wait for the provider's timeout
		return nil, p.failed
	}
	// The provider keeps the context for its keys, so the context must not end with the request.
	found, err := oidc.NewProvider(withClient(context.WithoutCancel(ctx)), p.settings.Issuer)
	if err != nil {
		p.failed = fmt.Errorf("read the identity provider %s: %w", p.settings.Issuer, err)
		p.retry = p.now().Add(discoveryRetry)
		return nil, p.failed
	}
	p.known = found
	return found, nil
}

// withClient makes requests to the identity provider end.
func withClient(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, &http.Client{Timeout: providerTimeout})
}

func (p *provider) oauth(found *oidc.Provider) *oauth2.Config {
	c := &oauth2.Config{
		ClientID: p.settings.ClientID, Endpoint: found.Endpoint(), RedirectURL: p.redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.settings.Scopes...),
	}
	if p.settings.ClientSecret != nil {
		c.ClientSecret = p.settings.ClientSecret.Value()
	} else {
		c.Endpoint.AuthStyle = oauth2.AuthStyleInParams // a public client has nothing to send in a header
	}
	return c
}

// Start sends a person to the identity provider. Next is the path to return to.
func (s *SignIn) Start(w http.ResponseWriter, r *http.Request, next string) error {
	if s.OIDC == nil {
		return &Error{
			Reason: "sign-in is off: the generator has no identity provider",
			Remedy: "ask the platform team to start the generator with --oidc-issuer",
		}
	}
	found, err := s.provider.discover(r.Context())
	if err != nil {
		return s.unreachable(err)
	}
	at := start{
		State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: LocalPath(next),
		Ends: s.Now().Add(startLifetime),
	}
	if err := s.setCookie(w, startCookie, at, startLifetime); err != nil {
		return err
	}
	to := s.provider.oauth(found).AuthCodeURL(at.State, oidc.Nonce(at.Nonce), oauth2.S256ChallengeOption(at.Verifier))
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// Finish ends a sign-in: it checks the identity provider's answer and sets the session's cookie. It returns the path to
// return to.
func (s *SignIn) Finish(w http.ResponseWriter, r *http.Request) (next string, err error) {
	var at start
	hasStarted := s.OIDC != nil && s.readCookie(r, startCookie, &at) && s.Now().Before(at.Ends)
	q := r.URL.Query()
	if !hasStarted || subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(at.State)) != 1 {
		return "", &Error{
			Reason: "this browser didn't start this sign-in, or it took longer than 10 minutes",
			Remedy: "sign in again",
		}
	}
	s.dropCookie(w, startCookie) // an answer counts once
	if refusal := q.Get("error"); refusal != "" {
		text := config.Shorten(config.Printable(refusal+" "+q.Get("error_description")), maxText)
		return "", &Error{Reason: "the identity provider refused: " + text, Remedy: "sign in again, or ask its administrators"}
	}
	claims, err := s.provider.claims(withClient(r.Context()), q.Get("code"), at, s.Now)
	if err != nil {
		return "", s.unreachable(err)
	}
	p, err := s.sessionOf(claims)
	if err != nil {
		return "", err
	}
	s.Logger.Info("signed in", "subject", p.Subject, "name", p.Name, "login", p.Login)
	return at.Next, s.setCookie(w, sessionCookie, p, sessionLifetime)
}

// claims exchanges a code for an ID token and returns its verified claims. Claims that only the userinfo endpoint has
// are added.
func (p *provider) claims(ctx context.Context, code string, at start, now func() time.Time) (claims, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	token, err := p.oauth(found).Exchange(ctx, code, oauth2.VerifierOption(at.Verifier))
	if err != nil {
		return nil, fmt.Errorf("exchange the code: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := found.VerifierContext(ctx, &oidc.Config{ClientID: p.settings.ClientID, Now: now}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("verify the ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(at.Nonce)) != 1 {
		return nil, errors.New("verify the ID token: it is for another sign-in (nonce)")
	}
	var c claims
	if err := id.Claims(&c); err != nil {
		return nil, fmt.Errorf("decode the ID token: %w", err)
	}
	wanted := []string{"email", p.settings.GroupsClaim, p.settings.LoginClaim}
	isMissing := func(name string) bool { return name != "" && c[name] == nil }
	if found.UserInfoEndpoint() == "" || !slices.ContainsFunc(wanted, isMissing) {
		return c, nil
	}
	return c, c.addUserInfo(ctx, found, token, id.Subject)
}

// claims are verified statements of the identity provider about a person.
type claims map[string]any

// addUserInfo adds the claims of the userinfo endpoint. Its answer counts only if it is about the same person.
func (c claims) addUserInfo(ctx context.Context, found *oidc.Provider, token *oauth2.Token, subject string) error {
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return fmt.Errorf("read userinfo: %w", err)
	}
	if info.Subject != subject {
		return errors.New("read userinfo: it is about another person (sub)")
	}
	more := claims{}
	if err := info.Claims(&more); err != nil {
		return fmt.Errorf("decode userinfo: %w", err)
	}
	if _, hasEmail := c["email"]; hasEmail { // an address and its verification belong together
		delete(more, "email")
		delete(more, "email_verified")
	} else {
		delete(c, "email_verified")
	}
	for name, value := range more {
		if _, has := c[name]; !has {
			c[name] = value
		}
	}
	return nil
}

func (c claims) text(name string) string {
	text, _ := c[name].(string)
	if len(text) > maxText || config.Printable(text) != text {
		return ""
	}
	return text
}

// sessionOf makes a session from claims.
func (s *SignIn) sessionOf(c claims) (session, error) {
	p := session{
		ID: rand.Text(), Subject: c.text("sub"), Login: c.text(s.OIDC.LoginClaim), Ends: s.Now().Add(sessionLifetime),
	}
	if p.Subject == "" {
		return session{}, &Error{Reason: "the identity provider didn't say who you are", Remedy: "ask its administrators"}
	}
	// Some providers send a text instead of true.
	if verified := c["email_verified"]; verified == true || verified == "true" {
		p.Email = c.text("email")
	}
	name, _ := c["name"].(string)
	p.Name = config.Shorten(config.Printable(cmp.Or(name, c.text("preferred_username"), p.Email, p.Subject)), maxName)
	groups, isList := c[s.OIDC.GroupsClaim].([]any)
	if one, isText := c[s.OIDC.GroupsClaim].(string); isText && !isList {
		groups = []any{one}
	}
	size := 0
	for _, g := range groups {
		group, _ := g.(string)
		if group == "" || slices.Contains(p.Groups, group) || !s.KnowsGroup(group) {
			continue
		}
		if size += len(group); len(p.Groups) == maxGroups || size > maxGroupBytes {
			s.Logger.Warn("a person has too many groups of access.yaml; the others don't count", "subject", p.Subject)
			break
		}
		p.Groups = append(p.Groups, group)
	}
	return p, nil
}

// Error says why a sign-in failed.
type Error struct{ Reason, Remedy string }

func (e *Error) Error() string { return e.Reason + "; " + e.Remedy }

// unreachable logs why the identity provider gave no valid answer. People aren't told: the text may hold secrets.
func (s *SignIn) unreachable(err error) error {
	s.Logger.Warn("sign-in failed", "error", config.Printable(err.Error()))
	return &Error{
		Reason: "the identity provider gave no valid answer", Remedy: "sign in again; the generator's log has the details",
	}
}
