package applicationsets

import "sync"

// Callers remember which ApplicationSets have asked, and the number of the snapshot that each got last. A request tells
// only the ApplicationSet's name.
type Callers struct {
	mu      sync.Mutex
	numbers map[string]int
}

const (
	maxCallers   = 1000
	maxNameBytes = 253 // Kubernetes' limit for names
)

// Note notes that an ApplicationSet asked and got a snapshot; 0 is none.
func (c *Callers) Note(name string, number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.numbers == nil {
		c.numbers = map[string]int{}
	}
	if _, known := c.numbers[name]; known || (len(c.numbers) < maxCallers && len(name) <= maxNameBytes) {
		c.numbers[name] = max(c.numbers[name], number)
	}
}

// Count is the number of ApplicationSets that are remembered.
func (c *Callers) Count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.numbers)
}

// lastNumber is the number of the snapshot that an ApplicationSet got last; 0 if it got none.
func (c *Callers) lastNumber(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.numbers[name]
}

func (c *Callers) hasAsked(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.numbers[name]
	return known
}
