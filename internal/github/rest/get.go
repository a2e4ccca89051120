package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	gh "github.com/google/go-github/v62/github"
)

// Answer describes an answer without its body.
type Answer struct {
	Unchanged  bool // the content still has the ETag of the request; nothing was decoded
	ETag       string
	HasNext    bool // there is a next page
	Redirected bool // GitHub redirected the request, as it does after a rename
}

// Get reads a path relative to the API's root and decodes the JSON into v. With an ETag the request is conditional.
// Errors name a remedy; StatusOf returns their HTTP status.
func (c *Client) Get(ctx context.Context, path, etag string, v any) (Answer, error) {
	s, err := c.currentSession()
	if err != nil {
		return Answer{}, err
	}
	req, err := s.api.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return Answer{}, err
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	deadline, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	var body bytes.Buffer // go-github would decode the first JSON value and ignore the rest
	resp, err := s.api.Do(deadline, req, &body)
	switch {
	case etag != "" && StatusOf(err) == http.StatusNotModified: // go-github returns 304 as an error
		return Answer{Unchanged: true, ETag: etag, Redirected: isRedirected(req, resp)}, nil
	case ctx.Err() != nil:
		return Answer{}, ctx.Err()
	case err != nil:
		return Answer{}, c.handleError(s, err)
	}
	if err := json.Unmarshal(body.Bytes(), v); err != nil && isPage(resp.Header) { // such as a login page
		return Answer{}, fmt.Errorf("decode GitHub's answer: it is a web page; %s", c.addressRemedy())
	} else if err != nil {
		return Answer{}, fmt.Errorf("decode GitHub's answer: %w; the next read tries again", err)
	}
	return Answer{ETag: resp.Header.Get("ETag"), HasNext: resp.NextPage != 0, Redirected: isRedirected(req, resp)}, nil
}

func isRedirected(req *http.Request, resp *gh.Response) bool {
	return resp != nil && resp.Response != nil && resp.Request != nil && resp.Request.URL.Path != req.URL.Path
}
