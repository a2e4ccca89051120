package rest

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v62/github"
)

// maxWait is the longest pause after a secondary rate limit. GitHub's limits end within an hour. A proxy may send any
// Retry-After.
const maxWait = time.Hour

// defaultWait is GitHub's recommendation for a secondary rate limit without Retry-After.
const defaultWait = time.Minute

// typedError converts rate limits that go-github v62 doesn't recognize to its error types: status 429, answers with
// nothing but Retry-After, and limits in the answer to a request for an App's token.
func typedError(err error) error {
	var tokenRequest *ghinstallation.HTTPError
	if errors.As(err, &tokenRequest) && tokenRequest.Response != nil {
		limit := typedError(gh.CheckResponse(tokenRequest.Response))
		if errors.As(limit, new(*gh.RateLimitError)) || errors.As(limit, new(*gh.AbuseRateLimitError)) {
			_ = tokenRequest.Response.Body.Close()
			return limit
		}
		return err
	}
	var e *gh.ErrorResponse
	if !errors.As(err, &e) || e.Response == nil {
		return err
	}
	h, status := e.Response.Header, e.Response.StatusCode
	_, noNumber := strconv.Atoi(h.Get("Retry-After"))
	hasRetryAfter := noNumber == nil
	switch {
	case status == http.StatusTooManyRequests && !hasRetryAfter && h.Get("X-RateLimit-Remaining") == "0":
		return quotaError(e)
	case status == http.StatusTooManyRequests,
		hasRetryAfter && (status == http.StatusForbidden || status >= http.StatusInternalServerError):
		return secondaryLimitError(e)
	}
	return err
}

func quotaError(e *gh.ErrorResponse) error {
	rate, _ := parseRate(e.Response.Header)
	return &gh.RateLimitError{
		Rate:     gh.Rate{Limit: rate.Limit, Reset: gh.Timestamp{Time: rate.Reset}},
		Response: e.Response, Message: e.Message,
	}
}

func secondaryLimitError(e *gh.ErrorResponse) error {
	limit := &gh.AbuseRateLimitError{Response: e.Response, Message: e.Message}
	if seconds, err := strconv.Atoi(e.Response.Header.Get("Retry-After")); err == nil {
		wait := time.Duration(seconds) * time.Second
		limit.RetryAfter = &wait
	}
	return limit
}

// waitOf returns how long to wait after a secondary rate limit.
func waitOf(e *gh.AbuseRateLimitError) time.Duration {
	if e.RetryAfter == nil {
		return defaultWait
	}
	if wait := *e.RetryAfter; wait >= 0 && wait <= maxWait { // an overflow of the seconds is negative
		return wait
	}
	return maxWait
}
