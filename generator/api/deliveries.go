package api

import "sync"

const (
	// maxDeliveries bounds the remembered deliveries.
	maxDeliveries = 4096
	// maxDeliveryID bounds a delivery's ID in bytes; a longer one isn't remembered.
	maxDeliveryID = 128
)

// deliveries remembers the IDs of the last webhook deliveries, because GitHub can send one twice.
type deliveries struct {
	mu    sync.Mutex
	known map[string]bool
	order []string // a ring
	next  int
}

// note remembers a delivery. Known says that it was remembered before; a delivery without an ID never is.
func (d *deliveries) note(id string) (known bool) {
	if id == "" || len(id) > maxDeliveryID {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known[id] {
		return true
	}
	if d.known == nil {
		d.known = map[string]bool{}
	}
	if len(d.order) < maxDeliveries {
		d.order = append(d.order, id)
	} else {
		delete(d.known, d.order[d.next])
		d.order[d.next] = id
		d.next = (d.next + 1) % maxDeliveries
	}
	d.known[id] = true
	return false
}

func (d *deliveries) size() (bytes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id := range d.known {
		bytes += len(id)
	}
	return bytes
}
