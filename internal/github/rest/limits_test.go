package rest

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	gh "github.com/google/go-github/v62/github"

	"github.com/previewset/previewset/internal/githubtest"
)

// pauseText is part of every error during a pause.
const pauseText = "the next request is sent after 20"

func TestRateLimits(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault  githubtest.Fault
		isType func(error) bool
		text   string
	}{
		"quota used up": {githubtest.Fault{Kind: githubtest.RateLimited}, isA[*gh.RateLimitError], "quota of 5000 requests"},
		"secondary limit with status 403": {
			githubtest.Fault{Kind: githubtest.SecondaryLimit}, isA[*gh.AbuseRateLimitError], "slow down",
		},
		"secondary limit with status 429": {
			githubtest.Fault{Kind: githubtest.SecondaryLimit, Status: http.StatusTooManyRequests},
			isA[*gh.AbuseRateLimitError], "slow down",
		},
		"status 429 without a header": {
			githubtest.Fault{Status: http.StatusTooManyRequests}, isA[*gh.AbuseRateLimitError], "slow down",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, url := startGitHub(t)
			var token atomic.Value
			token.Store("one")
			c := newClient(t, url, Options{Token: func() (string, error) { return token.Load().(string), nil }})
			tc.fault.Match, tc.fault.Times = `pulls\?`, 1
			s.Inject(tc.fault)
			getPullsError(t, c, tc.text)
			sent := s.Count()
			if err := getPullsError(t, c, pauseText); !tc.isType(err) {
				t.Errorf("error %v has another type", err)
			}
			assertEqual(t, sent, s.Count())
			token.Store("two") // another token has another quota
			if err := getPulls(t, c); err != nil {
				t.Error(err)
			}
		})
	}
}

func isA[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	key, text := newAppKey(t)
	for name, fault := range map[string]githubtest.Fault{
		"secondary limit with status 403": {Kind: githubtest.SecondaryLimit},
		"secondary limit with status 429": {Kind: githubtest.SecondaryLimit, Status: http.StatusTooManyRequests},
		"quota used up":                   {Kind: githubtest.RateLimited},
		"GitHub is down":                  {Kind: githubtest.SecondaryLimit, Status: http.StatusServiceUnavailable},

		"App token: secondary limit": {Match: "access_tokens", Kind: githubtest.SecondaryLimit},
		"App token: quota used up":   {Match: "access_tokens", Kind: githubtest.RateLimited},
		"App token: GitHub is down": {
			Match: "access_tokens", Kind: githubtest.SecondaryLimit, Status: http.StatusServiceUnavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newGitHub()
				o := Options{Transport: githubtest.Transport{Server: s}}
				if fault.Match != "" {
					s.AllowApp(7, 8, &key.PublicKey, "acme/shop")
					o.App = newApp(text)
				}
				c := newClient(t, "http://github.test", o)
				fault.Times, fault.RetryAfter = 1, 7*time.Minute
				s.Inject(fault)
				getPullsError(t, c, pauseText)
				sent := s.Count()
				pause := time.Until(c.PausedUntil())
				if pause < 6*time.Minute || pause > 7*time.Minute {
					t.Errorf("pause %v", pause)
				}
				for range 6 {
					getPullsError(t, c, pauseText)
					time.Sleep(time.Minute)
				}
				assertEqual(t, sent, s.Count())
				time.Sleep(pause)
				if err := getPulls(t, c); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestRetryAfterIsAtMostAnHour(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{24 * time.Hour, 200 * 365 * 24 * time.Hour} {
		s := newGitHub()
		c := newClient(t, "http://github.test", Options{Transport: githubtest.Transport{Server: s}})
		s.Inject(githubtest.Fault{
			Kind: githubtest.SecondaryLimit, RetryAfter: after, Status: http.StatusServiceUnavailable, Times: 1,
		})
		getPullsError(t, c, pauseText)
		if pause := time.Until(c.PausedUntil()); pause < 59*time.Minute || pause > time.Hour {
			t.Errorf("pause %s for Retry-After %s", pause, after)
		}
	}
}
