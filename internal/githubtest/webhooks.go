package githubtest

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Delivery is one webhook request that was sent, or lost.
type Delivery struct {
	ID     int64
	GUID   string // X-GitHub-Delivery; redelivery keeps it
	Event  string
	Body   []byte
	Lost   bool
	Status int // the receiver's answer; 0 if there was none

	hook hook
}

// hook is a subscription to webhooks.
type hook struct {
	id         int64
	repository int64 // 0 means every repository
	url        string
	secret     string // "" means unsigned
	events     []string
}

// hookQueue sends one delivery after the other, in the background. It never locks the state.
type hookQueue struct {
	client *http.Client
	mu     sync.Mutex
	idle   *sync.Cond // signals that the queue is empty
	hooks  []hook
	queue  []*Delivery
	busy   bool
	lose   int // how many of the next deliveries get lost
	sent   []*Delivery
	lastID int64
}

// maxDeliveries is how many past deliveries are kept.
const maxDeliveries = 1000

func newHookQueue() *hookQueue {
	h := &hookQueue{client: &http.Client{Timeout: 10 * time.Second}}
	h.idle = sync.NewCond(&h.mu)
	return h
}

// AddHook sends events of all repositories to the URL; all events if none is named. An empty secret means no
// signature.
func (h *hookQueue) AddHook(url, secret string, events ...string) {
	h.subscribe(hook{url: url, secret: secret, events: events})
}

// LoseDeliveries loses the next n deliveries. Redeliver can send them again.
func (h *hookQueue) LoseDeliveries(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lose = n
}

// Deliveries waits until the queue is empty, and returns the sent and lost deliveries, the oldest first.
func (h *hookQueue) Deliveries() []Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.busy {
		h.idle.Wait()
	}
	out := make([]Delivery, 0, len(h.sent))
	for _, d := range h.sent {
		out = append(out, *d)
	}
	return out
}

// Redeliver sends a delivery again, with the same GUID. It returns false if there is no such delivery.
func (h *hookQueue) Redeliver(id int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.sent, func(d *Delivery) bool { return d.ID == id })
	if i < 0 {
		return false
	}
	d := h.sent[i]
	h.enqueue(&Delivery{GUID: d.GUID, Event: d.Event, Body: d.Body, hook: d.hook})
	return true
}

func (h *hookQueue) subscribe(k hook) hook {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lastID++
	k.id = h.lastID
	h.hooks = append(h.hooks, k)
	return k
}

func (h *hookQueue) unsubscribe(repository, id int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hooks = slices.DeleteFunc(h.hooks, func(k hook) bool { return k.repository == repository && k.id == id })
}

// ofRepository returns the hooks that belong to one repository.
func (h *hookQueue) ofRepository(id int64) []hook {
	h.mu.Lock()
	defer h.mu.Unlock()
	var own []hook
	for _, k := range h.hooks {
		if k.repository == id {
			own = append(own, k)
		}
	}
	return own
}

// subscribed returns the hooks that are subscribed to an event of a repository.
func (h *hookQueue) subscribed(repository int64, event string) []hook {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []hook
	for _, k := range h.hooks {
		everything := len(k.events) == 0 || slices.Contains(k.events, "*")
		if (k.repository == 0 || k.repository == repository) && (everything || slices.Contains(k.events, event)) {
			out = append(out, k)
		}
	}
	return out
}

// deliveriesOf returns the past deliveries of a hook, the newest first.
func (h *hookQueue) deliveriesOf(hook int64) []Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []Delivery
	for _, d := range slices.Backward(h.sent) {
		if d.hook.id == hook {
			out = append(out, *d)
		}
	}
	return out
}

func (h *hookQueue) deliver(d *Delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.enqueue(d)
}

// enqueue adds a delivery; the caller holds the lock.
func (h *hookQueue) enqueue(d *Delivery) {
	h.lastID++
	d.ID = h.lastID
	h.queue = append(h.queue, d)
	if !h.busy {
		h.busy = true
		go h.sendAll()
	}
}

// sendAll sends deliveries until the queue is empty.
func (h *hookQueue) sendAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.queue) > 0 {
		d := h.queue[0]
		h.queue = h.queue[1:]
		if h.lose > 0 {
			h.lose--
			d.Lost = true
		} else {
			h.mu.Unlock()
			status := h.post(d)
			h.mu.Lock()
			d.Status = status
		}
		h.sent = append(h.sent, d)
		h.sent = h.sent[max(0, len(h.sent)-maxDeliveries):]
	}
	h.busy = false
	h.idle.Broadcast()
}

// post sends one delivery and returns the receiver's status, or 0.
func (h *hookQueue) post(d *Delivery) int {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, d.hook.url, bytes.NewReader(d.Body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "GitHub-Hookshot/044aadd")
	req.Header.Set("X-GitHub-Event", d.Event)
	req.Header.Set("X-GitHub-Delivery", d.GUID)
	req.Header.Set("X-GitHub-Hook-ID", strconv.FormatInt(d.hook.id, 10))
	if d.hook.secret != "" {
		req.Header.Set("X-Hub-Signature-256", hookSignature(d.hook.secret, d.Body))
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
