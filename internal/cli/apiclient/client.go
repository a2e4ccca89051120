// Package apiclient is the client of the service's HTTP API. It decides nothing about environments.
package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Bounds on what the service is waited for and read.
const (
	serverTimeout = 30 * time.Second
	maxAnswer     = 256 << 20
)

// NewAt returns a client without a token.
func NewAt(base *url.URL, with *http.Client) *Client { return &Client{base: base, http: with} }

// refuseRedirect keeps the token where it was meant to go; the service never redirects.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (c *Client) url(path ...string) *url.URL {
	return c.base.JoinPath(append([]string{"api", "v1"}, path...)...)
}

func (c *Client) get(ctx context.Context, into any, query url.Values, path ...string) error {
	u := c.url(path...)
	u.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return err
	}
	return c.do(request, http.StatusOK, into)
}

// post sends what somebody asks for; the service has noted it then.
func (c *Client) post(ctx context.Context, what any, path ...string) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url(path...).String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	var answer struct {
		Message string `json:"message"`
	}
	return c.do(request, http.StatusAccepted, &answer)
}

// do sends a request and decodes its answer, which must have the code that is wanted.
func (c *Client) do(request *http.Request, want int, into any) error {
	request.Header.Set("Accept", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.unreachable(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return c.unreachable(err)
	}
	if response.StatusCode != want {
		return c.refused(response.StatusCode, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return c.odd("something that isn't its JSON: " + err.Error())
	}
	return nil
}

// Client asks the service's API.
type Client struct {
	base  *url.URL
	token string
	http  *http.Client
}
