package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v62/github"
)

// answer is what is needed of a response besides its body.
type answer struct {
	unchanged bool // it is still what the ETag stands for; nothing was decoded
	etag      string
	next      bool // there are more pages
	// redirected means that GitHub sent us elsewhere first, as it does after a rename.
	redirected bool
}

// get asks for the path, conditionally where there is an ETag, and decodes the answer into v.
func (c *Client) get(ctx context.Context, path, etag string, v any) (answer, error) {
	s, err := c.current()
	if err != nil {
		return answer{}, err
	}
	if err = s.holding(); err != nil {
		return answer{}, err
	}
	req, err := s.api.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return answer{}, err
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	deadline, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	var body bytes.Buffer // go-github would decode the first value, and leave what comes behind it unseen
	resp, err := s.api.Do(deadline, req, &body)
	redirected := resp != nil && resp.Response != nil && resp.Request != nil && resp.Request.URL.Path != req.URL.Path
	switch {
	case etag != "" && statusOf(err) == http.StatusNotModified: // go-github has it as an error
		return answer{unchanged: true, etag: etag, redirected: redirected}, nil
	case ctx.Err() != nil:
		return answer{}, ctx.Err()
	case err != nil:
		return answer{}, c.explained(s, err)
	}
	if err := json.Unmarshal(body.Bytes(), v); err != nil {
		return answer{}, fmt.Errorf("GitHub's answer can't be read: %w; it is tried again at the next read", err)
	}
	return answer{etag: resp.Header.Get("ETag"), next: resp.NextPage != 0, redirected: redirected}, nil
}

// statusOf is the status that GitHub answered an error with, or 0.
func statusOf(err error) int {
	var response *gh.ErrorResponse
	if errors.As(err, &response) && response.Response != nil {
		return response.Response.StatusCode
	}
	return 0
}

// explained adds to an error who can do what about it.
func (c *Client) explained(s *session, err error) error {
	err = typed(err)
	var quota *gh.RateLimitError
	var slow *gh.AbuseRateLimitError
	var minting *ghinstallation.HTTPError
	switch {
	case errors.As(err, &quota):
		// go-github holds back too, but forgets it when another answer that was under way comes in.
		until := quota.Rate.Reset.Time
		err = fmt.Errorf("%w: the quota of %d requests an hour is used up; it is tried again after %s", err, quota.Rate.Limit, at(until))
		s.hold(err, until)
		return err
	case errors.As(err, &slow):
		until := retryAt(slow)
		err = fmt.Errorf("%w: GitHub asks to slow down; it is tried again after %s", err, at(until))
		s.hold(err, until)
		return err
	case errors.As(err, &minting):
		return explainedMinting(err, minting)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: no whole answer within %s; it is tried again at the next read", err, c.options.Timeout)
	case statusOf(err) == http.StatusUnauthorized:
		c.drop(s)
		return fmt.Errorf("%w: GitHub doesn't accept the credentials; check the token or the App's key", err)
	}
	return explainedStatus(err)
}

func explainedStatus(err error) error {
	switch status := statusOf(err); {
	case status == http.StatusNotFound:
		return fmt.Errorf("%w: it doesn't exist or the token may not read it", err)
	case status == http.StatusForbidden:
		return fmt.Errorf("%w: the token may not do this; it needs to read metadata, contents, pull requests, issues, commit statuses and checks", err)
	case status >= 500:
		return fmt.Errorf("%w: GitHub has a problem; it is tried again at the next read", err)
	}
	return err
}

// explainedMinting is for an App's token that couldn't be made. Ghinstallation leaves closing the answer to us.
func explainedMinting(err error, e *ghinstallation.HTTPError) error {
	if e.Response == nil {
		return err
	}
	_ = e.Response.Body.Close()
	return fmt.Errorf("%w: check the App's ID, its installation's ID and its key", err)
}

// typed gives the limits that go-github v62 doesn't recognise the types that it has for the others: those that come as 429,
// those that say nothing but Retry-After, and those that are met where an App gets its token.
func typed(err error) error {
	var minting *ghinstallation.HTTPError
	if errors.As(err, &minting) && minting.Response != nil {
		limit := typed(gh.CheckResponse(minting.Response))
		if errors.As(limit, new(*gh.RateLimitError)) || errors.As(limit, new(*gh.AbuseRateLimitError)) {
			_ = minting.Response.Body.Close()
			return limit
		}
		return err
	}
	var e *gh.ErrorResponse
	if !errors.As(err, &e) || e.Response == nil {
		return err
	}
	h, status := e.Response.Header, e.Response.StatusCode
	seconds, noRetryAfter := strconv.Atoi(h.Get("Retry-After"))
	switch {
	case status == http.StatusTooManyRequests && noRetryAfter != nil && h.Get("X-RateLimit-Remaining") == "0":
		limit, _ := strconv.Atoi(h.Get("X-RateLimit-Limit"))
		reset, _ := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
		return &gh.RateLimitError{Rate: gh.Rate{Limit: limit, Reset: gh.Timestamp{Time: time.Unix(reset, 0)}}, Response: e.Response, Message: e.Message}
	case status == http.StatusTooManyRequests, (status == http.StatusForbidden || status >= http.StatusInternalServerError) && noRetryAfter == nil:
		slow := &gh.AbuseRateLimitError{Response: e.Response, Message: e.Message}
		if noRetryAfter == nil {
			wait := time.Duration(seconds) * time.Second
			slow.RetryAfter = &wait
		}
		return slow
	}
	return err
}

// longestWait bounds what is waited at once: GitHub's own limits end within an hour, and what answers in its place may say anything.
const longestWait = time.Hour

// retryAt is when a secondary limit ends; GitHub wants a minute where it doesn't say.
func retryAt(e *gh.AbuseRateLimitError) time.Time {
	wait := time.Minute
	if e.RetryAfter != nil {
		wait = *e.RetryAfter
	}
	if wait < 0 || wait > longestWait { // more seconds than there are nanoseconds for are negative
		wait = longestWait
	}
	return time.Now().Add(wait)
}

func at(t time.Time) string { return t.UTC().Format(time.RFC3339) }
