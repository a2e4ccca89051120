// Package apiclient is the client of the generator's HTTP API. It decides nothing about environments.
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

const (
	serverTimeout = 30 * time.Second
	// maxAnswer is the largest accepted answer in bytes.
	maxAnswer = 256 << 20
)

// Client asks the generator's API.
type Client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// New returns a client without a token.
func New(base *url.URL, httpClient *http.Client) *Client {
	return &Client{base: base, http: httpClient}
}

func (c *Client) url(path ...string) *url.URL {
	return c.base.JoinPath(append([]string{"api", "v1"}, path...)...)
}

func (c *Client) get(ctx context.Context, answer any, query url.Values, path ...string) error {
	u := c.url(path...)
	u.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return err
	}
	return c.do(request, http.StatusOK, answer)
}

// accepted is the answer to a request that the generator accepts.
type accepted struct {
	Message string    `json:"message"`
	Until   time.Time `json:"until"`
	Note    string    `json:"note"`
}

func (c *Client) post(ctx context.Context, body any, path ...string) (answer accepted, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return answer, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url(path...).String(), bytes.NewReader(text))
	if err != nil {
		return answer, err
	}
	request.Header.Set("Content-Type", "application/json")
	return answer, c.do(request, http.StatusAccepted, &answer)
}

// do sends a request and decodes an answer with the expected status code.
func (c *Client) do(request *http.Request, wantCode int, answer any) error {
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
	if response.StatusCode != wantCode {
		return c.refused(response.StatusCode, body)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return c.unexpected("invalid JSON: " + err.Error())
	}
	return nil
}
