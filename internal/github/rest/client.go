// Package rest sends requests to GitHub's REST API: credentials, conditional requests, quotas, waiting times,
// redirects and errors with a remedy.
//
// It must not know the content of an answer, except for errors and quotas. go-github sends the requests, follows
// redirects and decodes errors. ghinstallation creates and renews the tokens of a GitHub App.
package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Options name a GitHub and the credentials for it. The zero value reads https://api.github.com without credentials.
type Options struct {
	// BaseURL is the root of the API, https://api.github.com by default. It must not contain user info.
	BaseURL string
	// Token returns the token. It is called for every request, so that the token can change.
	Token func() (string, error)
	// App is used instead of Token.
	App *App
	// UserAgent is the User-Agent header; "previewset" by default.
	UserAgent string
	// Transport sends the requests; http.DefaultTransport by default.
	Transport http.RoundTripper
	// Timeout is the limit for one request including its answer; 15 s by default.
	Timeout time.Duration
	// Observe, if set, is called after every request, from several goroutines. Kind is one of pulls, pull, files,
	// events, reviews, permission, commit, statuses, status, deployments, comments, checks, ref, tag, compare, repository,
	// user and token. Status is 0 without an answer. fromCache is true for status 304. The context is the request's.
	Observe func(ctx context.Context, kind string, status int, fromCache bool, took time.Duration)
}

// App is an installation of a GitHub App.
type App struct {
	ID, Installation int64
	// Key returns the App's private key in PEM. It is called for every request, so that the key can change.
	Key func() ([]byte, error)
}

func (a *App) isComplete() bool { return a.Key != nil && a.ID > 0 && a.Installation > 0 }

// Client sends requests to one GitHub. It is safe for concurrent use.
type Client struct {
	base      *url.URL
	options   Options
	transport *transport

	mu      sync.Mutex // guards session
	session *session
}

// New returns a Client for the options. It sends no request.
func New(o Options) (*Client, error) {
	base, err := parseBaseURL(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if o.App != nil && (o.Token != nil || !o.App.isComplete()) {
		return nil, errors.New("GitHub App: set its ID, its installation ID and its key, and no token")
	}
	if o.UserAgent == "" {
		o.UserAgent = "previewset"
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Timeout <= 0 {
		o.Timeout = 15 * time.Second
	}
	return &Client{base: base, options: o, transport: &transport{next: o.Transport, observe: o.Observe}}, nil
}

func parseBaseURL(text string) (*url.URL, error) {
	if text == "" {
		text = "https://api.github.com"
	}
	u, err := url.Parse(text)
	switch {
	case err != nil: // the cause would disclose the user info
		return nil, errors.New("GitHub URL: invalid URL")
	case u.User != nil:
		return nil, fmt.Errorf("GitHub URL %s: user info isn't allowed; store the token in a file", u.Redacted())
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return nil, fmt.Errorf("GitHub URL %q: expected https:// or http:// and a host", text)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("GitHub URL %q: the root of the API has no query and no fragment; remove them", text)
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/"
	return u, nil
}

// App returns the ID of the GitHub App that sends the requests; 0 without one.
func (c *Client) App() int64 {
	if c.options.App == nil {
		return 0
	}
	return c.options.App.ID
}

// Rate returns the quota from the newest answer; zero before the first answer.
func (c *Client) Rate() Rate {
	c.transport.mu.Lock()
	defer c.transport.mu.Unlock()
	return c.transport.rate
}

// ClockSkew returns how far GitHub's clock is ahead of the local clock, in whole seconds. The result is false before
// the first dated answer. A later change of the local clock is included at once.
func (c *Client) ClockSkew() (time.Duration, bool) {
	c.transport.mu.Lock()
	defer c.transport.mu.Unlock()
	return c.transport.clock.skewAt(time.Now())
}

// PausedUntil returns the time before which GitHub refuses requests because of a quota or a secondary rate limit. The
// zero time means that there is no limit.
func (c *Client) PausedUntil() time.Time {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s == nil {
		return time.Time{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pausedUntil
}
