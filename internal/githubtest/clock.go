package githubtest

import (
	"sync"
	"time"
)

// clock tells the time of the simulated GitHub.
type clock struct {
	mu   sync.Mutex
	read func() time.Time
}

func (c *clock) set(read func() time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = read
}

// now returns the time in UTC to a second, as GitHub shows times.
func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read().UTC().Truncate(time.Second)
}
