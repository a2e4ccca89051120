package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v62/github"
)

// StatusOf returns the HTTP status of an error that GitHub answered with; 0 for other errors and nil.
func StatusOf(err error) int {
	var response *gh.ErrorResponse
	if errors.As(err, &response) && response.Response != nil {
		return response.Response.StatusCode
	}
	return 0
}

// handleError adds a remedy to an error. It pauses the session after a rate limit and drops it after a refused token.
func (c *Client) handleError(s *session, err error) error {
	err = typedError(err)
	var quota *gh.RateLimitError
	var secondary *gh.AbuseRateLimitError
	var tokenRequest *ghinstallation.HTTPError
	switch {
	case errors.As(err, &quota):
		// go-github pauses too, but it forgets the pause when another answer arrives.
		until := quota.Rate.Reset.Time
		err = fmt.Errorf("%w: the quota of %d requests per hour is used up; the next request is sent after %s",
			err, quota.Rate.Limit, FormatTime(until))
		s.pause(err, until)
		return err
	case errors.As(err, &secondary):
		until := time.Now().Add(waitOf(secondary))
		err = fmt.Errorf("%w: GitHub asks to slow down; the next request is sent after %s", err, FormatTime(until))
		s.pause(err, until)
		return err
	case errors.As(err, &tokenRequest):
		return tokenRequestError(err, tokenRequest)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: no complete answer within %s; the next read tries again", err, c.options.Timeout)
	case StatusOf(err) == http.StatusUnauthorized:
		c.dropSession(s)
		return fmt.Errorf("%w: GitHub rejects the credentials; check the token or the App's key", err)
	}
	return c.statusError(err)
}

func (c *Client) statusError(err error) error {
	switch status := StatusOf(err); {
	case status == http.StatusNotFound:
		return fmt.Errorf("%w: %s", err, c.notFoundCause(err))
	case status == http.StatusForbidden:
		return fmt.Errorf("%w: the token lacks a permission; it needs to read metadata, contents, pull requests, "+
			"issues, commit statuses and checks", err)
	case status >= http.StatusInternalServerError:
		return fmt.Errorf("%w: GitHub has a problem; the next read tries again", err)
	}
	return err
}

// tokenRequestError is the error of a request for an App's token. ghinstallation leaves the answer's body open.
func tokenRequestError(err error, e *ghinstallation.HTTPError) error {
	if e.Response == nil {
		return err
	}
	_ = e.Response.Body.Close()
	return fmt.Errorf("%w: check the App's ID, its installation ID and its key", err)
}

// FormatTime formats a time for messages: RFC 3339 in UTC.
func FormatTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
