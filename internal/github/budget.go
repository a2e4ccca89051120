package github

import (
	"fmt"
	"time"

	"github.com/previewset/previewset/internal/github/rest"
)

// reserveDivisor divides the quota to get the reserve, a tenth. Reads after webhooks never use the reserve. Polling
// uses it last.
const reserveDivisor = 10

// Pause returns the time between a full poll and the next one. It is the interval, or longer if the quota wouldn't
// last until its reset. Each poll computes it again.
//
//	cost   = expected requests of one poll of all repositories. For each repository the cheaper one of its last two
//	         reads counts, without first reads, so that a start or a busy minute doesn't count as the normal case.
//	usable = remaining requests without the reserve, but at least half of the remaining requests, so that polling
//	         continues while any request remains.
//	pause  = cost ÷ usable × time until the reset, but at least the interval and at most that time.
//
// While GitHub refuses requests (quota used up, secondary rate limit, Retry-After) the pause lasts at least until the
// end of the refusal.
func (c *Client) Pause(interval time.Duration) time.Duration {
	now, rate := time.Now(), c.Rate()
	pause := interval
	if untilReset := rate.Reset.Sub(now); rate.Limit > 0 && untilReset > interval {
		usable := max(rate.Remaining-rate.Limit/reserveDivisor, rate.Remaining/2)
		pause = untilReset
		if usable > 0 {
			needed := time.Duration(float64(untilReset) * float64(c.cost()) / float64(usable))
			pause = min(untilReset, max(interval, needed))
		}
	}
	return max(pause, c.rest.PausedUntil().Sub(now))
}

// Hurry reports whether the quota allows an immediate read after a webhook. If it doesn't, only the reserve is left.
// Polling keeps it and finds the webhook's change too, so a flood of webhooks can't stop polling.
func (c *Client) Hurry() bool {
	rate, now := c.Rate(), time.Now()
	isEnough := rate.Limit == 0 || rate.Remaining > rate.Limit/reserveDivisor || !now.Before(rate.Reset)
	return isEnough && !now.Before(c.rest.PausedUntil())
}

// Describe describes the remaining quota for a person.
func (c *Client) Describe() string {
	rate := c.Rate()
	switch until := c.rest.PausedUntil(); {
	case time.Now().Before(until):
		return "GitHub accepts no requests until " + rest.FormatTime(until)
	case rate.Limit == 0:
		return "not known yet"
	}
	return fmt.Sprintf("%d of %d requests remain until %s", rate.Remaining, rate.Limit, rest.FormatTime(rate.Reset))
}

// addCost records the cost of a read.
func (c *Client) addCost(r *repository, cost int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.costs[0], r.costs[1] = r.costs[1], cost
}

// cost returns the expected requests of one poll of all repositories.
func (c *Client) cost() (sum int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.repositories {
		sum += min(r.costs[0], r.costs[1])
	}
	return sum
}
