package githubtest

import (
	"maps"
	"slices"
	"sync"
)

// Request is a kind of request that was served, for counting.
type Request struct {
	Method, Path string // without query
	Status       int
}

// requestCounts counts the requests that were served.
type requestCounts struct {
	mu      sync.Mutex
	served  map[Request]int
	charged int
}

func newRequestCounts() *requestCounts { return &requestCounts{served: map[Request]int{}} }

func (c *requestCounts) record(r Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.served[r]++
}

func (c *requestCounts) recordCharge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.charged++
}

// Requests returns how often each kind of request was served.
func (c *requestCounts) Requests() map[Request]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.served)
}

// Count returns how many requests were answered with one of the statuses, or with any status if none is named.
func (c *requestCounts) Count(statuses ...int) int {
	n := 0
	for r, times := range c.Requests() {
		if len(statuses) == 0 || slices.Contains(statuses, r.Status) {
			n += times
		}
	}
	return n
}

// Charged returns how many requests counted against a quota.
func (c *requestCounts) Charged() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.charged
}

// ResetCounts sets the results of Requests, Count and Charged to zero. It doesn't renew quotas.
func (c *requestCounts) ResetCounts() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.served)
	c.charged = 0
}
