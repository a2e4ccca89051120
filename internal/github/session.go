package github

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

// session is go-github's client for one token or key. With another one there is another session, because go-github keeps
// refusing requests until the quota of the old one is renewed.
type session struct {
	secret string
	api    *gh.Client

	mu    sync.Mutex // guards the two below
	held  error      // what GitHub said when it asked to slow down
	until time.Time
}

// current returns the session for the token or key as it is now.
func (c *Client) current() (*session, error) {
	secret, err := c.secret()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == nil || c.session.secret != secret {
		s, err := c.open(secret)
		if err != nil {
			return nil, err
		}
		c.session = s
	}
	return c.session, nil
}

// drop makes the next request start anew, with a fresh token of the App.
func (c *Client) drop(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == s {
		c.session = nil
	}
}

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

func (c *Client) open(secret string) (*session, error) {
	var transport http.RoundTripper = c.wire
	switch {
	case c.options.App != nil:
		t, err := ghinstallation.New(c.wire, c.options.App.ID, c.options.App.Installation, []byte(secret))
		if err != nil {
			return nil, errors.New("the GitHub App's key isn't an RSA private key in PEM; download one from the App's settings")
		}
		t.BaseURL = strings.TrimSuffix(c.base.String(), "/")
		transport = t
	case secret != "":
		transport = bearer{token: secret, next: c.wire}
	}
	api := gh.NewClient(&http.Client{Transport: transport, CheckRedirect: c.sameHost})
	api.BaseURL, api.UserAgent = c.base, c.options.UserAgent
	return &session{secret: secret, api: api}, nil
}

// sameHost refuses to follow GitHub's redirects (after a rename) to where the token doesn't belong.
func (c *Client) sameHost(req *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return errors.New("more than 5 redirects")
	}
	if !sameOrigin(req.URL, c.base) {
		return fmt.Errorf("redirect to %s://%s, which isn't the GitHub that was asked", req.URL.Scheme, req.URL.Host)
	}
	return nil
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

// hold makes requests fail with err, unsent, until the time.
func (s *session) hold(err error, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held, s.until = err, until
}

func (s *session) holding() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil && time.Now().Before(s.until) {
		return s.held
	}
	return nil
}
