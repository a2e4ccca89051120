package github

import (
	"fmt"
	"time"
)

// reserved is the part of the quota that polling leaves alone as long as it can, and webhooks' reads always: a tenth.
const reserved = 10

// Pause returns how long to wait after a full poll before the next one: the interval, or longer where the quota wouldn't
// last until it is renewed. Every poll looks again, so nothing that is waited for is final.
//
//	cost   = what polling all repositories once is charged: of each the cheaper of its last two reads, without first
//	         reads. A start, a new token or a busy minute is dear once, and isn't taken for the rule.
//	usable = what remains, without the reserve of a tenth of the quota; but at least half of what remains, so that
//	         polling never stands still while there is anything.
//	pause  = cost ÷ usable × time until the quota is renewed, but at least the interval, and at most that time.
//
// While GitHub holds us back (quota used up, secondary limit, Retry-After) it is at least until then.
func (c *Client) Pause(interval time.Duration) time.Duration {
	now, rate := time.Now(), c.Rate()
	pause := interval
	if left := rate.Reset.Sub(now); rate.Limit > 0 && left > interval {
		usable := max(rate.Remaining-rate.Limit/reserved, rate.Remaining/2)
		pause = left
		if usable > 0 {
			pause = min(left, max(interval, time.Duration(float64(left)*float64(c.cost())/float64(usable))))
		}
	}
	return max(pause, c.heldUntil().Sub(now))
}

// Hurry says whether the quota lets a webhook's read happen at once. Where not, only the reserve is left and is kept for
// polling, which finds what the webhook told of too: a flood of webhooks must not stop it.
func (c *Client) Hurry() bool {
	rate, now := c.Rate(), time.Now()
	enough := rate.Limit == 0 || rate.Remaining > rate.Limit/reserved || !now.Before(rate.Reset)
	return enough && !now.Before(c.heldUntil())
}

// Describe says for a person what is left of the quota.
func (c *Client) Describe() string {
	rate := c.Rate()
	switch until := c.heldUntil(); {
	case time.Now().Before(until):
		return "GitHub asks to wait until " + at(until)
	case rate.Limit == 0:
		return "not known yet"
	}
	return fmt.Sprintf("%d of %d requests are left until %s", rate.Remaining, rate.Limit, at(rate.Reset))
}

func (c *Client) charge(e *entry, cost int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.costs[0], e.costs[1] = e.costs[1], cost
}

func (c *Client) cost() (sum int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entries {
		sum += min(e.costs[0], e.costs[1])
	}
	return sum
}

// heldUntil is when GitHub wants to be asked again.
func (c *Client) heldUntil() time.Time {
	c.mu.Lock()
	s := c.session
	c.mu.Unlock()
	if s == nil {
		return time.Time{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.until
}
