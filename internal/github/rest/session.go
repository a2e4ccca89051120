package rest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v62/github"
)

const maxRedirects = 5

// session is go-github's client for one token or key. A new token or key gets a new session, because go-github
// refuses requests until the quota of the old token is renewed.
type session struct {
	secret string
	api    *gh.Client

	mu          sync.Mutex // guards pauseError and pausedUntil
	pauseError  error      // GitHub's answer that started the pause
	pausedUntil time.Time
}

// currentSession returns the session for the present token or key. It fails while the session is paused.
func (c *Client) currentSession() (*session, error) {
	secret, err := c.secret()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == nil || c.session.secret != secret {
		s, err := c.newSession(secret)
		if err != nil {
			return nil, err
		}
		c.session = s
	}
	return c.session, c.session.pauseErrorAt(time.Now())
}

// dropSession makes the next request open a new session. A GitHub App gets a new token with it.
func (c *Client) dropSession(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == s {
		c.session = nil
	}
}

// secret returns the token or the App's key; empty without credentials.
func (c *Client) secret() (string, error) {
	switch {
	case c.options.App != nil:
		key, err := c.options.App.Key()
		if err != nil {
			return "", fmt.Errorf("read the GitHub App's key: %w", err)
		}
		return string(key), nil
	case c.options.Token != nil:
		token, err := c.options.Token()
		if err != nil {
			return "", fmt.Errorf("read the GitHub token: %w", err)
		}
		if token = strings.TrimSpace(token); token == "" {
			return "", errors.New("the GitHub token is empty")
		}
		return token, nil
	}
	return "", nil
}

func (c *Client) newSession(secret string) (*session, error) {
	var next http.RoundTripper = c.transport
	switch {
	case c.options.App != nil:
		t, err := ghinstallation.New(c.transport, c.options.App.ID, c.options.App.Installation, []byte(secret))
		if err != nil {
			return nil, errors.New("the GitHub App's key isn't an RSA private key in PEM; " +
				"download one from the App's settings")
		}
		t.BaseURL = strings.TrimSuffix(c.base.String(), "/")
		next = t
	case secret != "":
		next = bearerTransport{token: secret, next: c.transport}
	}
	api := gh.NewClient(&http.Client{Transport: next, CheckRedirect: c.checkRedirect})
	api.BaseURL, api.UserAgent = c.base, c.options.UserAgent
	return &session{secret: secret, api: api}, nil
}

// checkRedirect refuses redirects to another host, which must not receive the token. GitHub redirects after a rename.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if !isSameOrigin(req.URL, c.base) {
		return fmt.Errorf("redirect to %s://%s: refused, it isn't the configured GitHub", req.URL.Scheme, req.URL.Host)
	}
	return nil
}

func isSameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

// pause makes all requests fail with err until the time. They aren't sent.
func (s *session) pause(err error, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pauseError, s.pausedUntil = err, until
}

func (s *session) pauseErrorAt(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pauseError != nil && now.Before(s.pausedUntil) {
		return s.pauseError
	}
	return nil
}

// bearerTransport adds the token.
type bearerTransport struct {
	token string
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b bearerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(req)
}
