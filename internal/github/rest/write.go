package rest

import (
	"context"
	"net/http"
)

// Write sends a request that changes something: a POST, PATCH or DELETE of a path relative to the API's root. In is the
// JSON body, nil for none. Out receives the answer, nil ignores it. Errors name a remedy; StatusOf returns their HTTP
// status.
func (c *Client) Write(ctx context.Context, method, path string, in, out any) error {
	s, err := c.currentSession()
	if err != nil {
		return err
	}
	req, err := s.api.NewRequest(method, path, in)
	if err != nil {
		return err
	}
	deadline, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	if _, err = s.api.Do(deadline, req, out); err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return c.handleError(s, err)
}

// IsRefused says whether the credentials may not do what a request wanted. GitHub answers 404 if they may not even know.
func IsRefused(err error) bool {
	status := StatusOf(err)
	return status == http.StatusForbidden || status == http.StatusNotFound
}
